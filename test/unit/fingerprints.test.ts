import { expect, test } from 'vitest';
import {
  chunkIdOf,
  dataOfChunks,
  dataOfInputs,
  fingerprintOf,
  tableFingerprint,
} from '../../src/ledger/fingerprints.js';
import { namedFunctions } from '../../src/project/sql/functions.js';

const a = { key: 'a', etag: '1', size: 1 };
const b = { key: 'b', etag: '2', size: 2 };

test('a fingerprint is 32 hex digits that the order of keys does not change, but the order of a list does', () => {
  expect(fingerprintOf({ x: 1, y: { p: [1, 2], q: null } })).toMatch(/^[0-9a-f]{32}$/);
  expect(fingerprintOf({ x: 1, y: 2 })).toBe(fingerprintOf({ y: 2, x: 1 }));
  expect(fingerprintOf({ x: 1, y: undefined })).toBe(fingerprintOf({ x: 1 }));
  expect(fingerprintOf([1, 2])).not.toBe(fingerprintOf([2, 1]));
  expect(fingerprintOf('1')).not.toBe(fingerprintOf(1));
});

test('a fingerprint stays what it was: ledgers of earlier versions hold it', () => {
  expect(fingerprintOf({ text: 'größe', list: [1, 'a', null] })).toMatchInlineSnapshot(
    `"a412cbe63caa5a29c619bfd09efc26a2"`,
  );
  expect(chunkIdOf([a, b])).toMatchInlineSnapshot(`"5f13efef7cdd95e7a0171a4cc6ef6439"`);
  expect(tableFingerprint('c'.repeat(32), 'd'.repeat(32))).toMatchInlineSnapshot(`"798ab67f05d5940e9f2b78b0359ea6a3"`);
});

test('a chunk is known by keys and versions, whatever the order of the listing and the sizes', () => {
  expect(chunkIdOf([a, b])).toBe(chunkIdOf([b, a]));
  expect(chunkIdOf([a])).toBe(chunkIdOf([{ ...a, size: 9 }]));
  expect(chunkIdOf([a])).not.toBe(chunkIdOf([{ ...a, etag: '2' }]));
  expect(chunkIdOf([a])).not.toBe(chunkIdOf([{ ...a, key: 'b' }]));
  // Nothing can be moved between a key and its version.
  expect(chunkIdOf([{ key: 'ab', etag: 'c', size: 1 }])).not.toBe(chunkIdOf([{ key: 'a', etag: 'bc', size: 1 }]));
});

test('data is the set of chunks, or the fingerprint of each input', () => {
  expect(dataOfChunks(['x', 'y'])).toBe(dataOfChunks(['y', 'x']));
  expect(dataOfChunks([])).not.toBe(dataOfChunks(['x']));
  expect(dataOfInputs({ events: 'x', other: 'y' })).toBe(dataOfInputs({ other: 'y', events: 'x' }));
  expect(dataOfInputs({ events: 'x', other: 'y' })).not.toBe(dataOfInputs({ events: 'y', other: 'x' }));
});

test('a table changes with its code and with its data', () => {
  const fingerprints = [['c', 'd'], ['c', 'e'], ['e', 'd'], ['d', 'c']].map(([code = '', data = '']) => tableFingerprint(code, data)); // prettier-ignore
  expect(new Set(fingerprints).size).toBe(4);
});

test('a SELECT is as it was, unless it names a function of users: in code, not in texts, and through others', () => {
  const definitions = {
    tax: 'CREATE FUNCTION tax AS x -> (x * 2)',
    net: 'CREATE FUNCTION net AS x -> (tax(x) + 1)',
    constructor: 'CREATE FUNCTION constructor AS x -> x',
  };
  const { tax, net } = definitions;
  expect(namedFunctions("SELECT 'net(1)', x.tax_rate, toString(1) -- net(x)\nFROM t", definitions)).toBeUndefined();
  expect(namedFunctions('SELECT tax(x)', {})).toBeUndefined();
  // Columns and tables that are called like functions, perhaps of others, are none.
  const columns = 'SELECT tax, sum(net) AS tax, t.net, if(net > 1, 2, tax), net AS net FROM tax AS net ORDER BY net';
  expect(namedFunctions(columns, definitions)).toBeUndefined();
  const applied = ['SELECT * APPLY net', 'SELECT * APPLY(net)', 'SELECT * apply ("net")'];
  for (const select of ['SELECT net(x)', 'SELECT arrayMap(net /* ! */ , [x])', 'SELECT "net" (x)', ...applied])
    expect(namedFunctions(select, definitions)).toEqual([net, tax]);
});
