import { expect, test } from 'vitest';
import { dataObjects, vanishedObjects } from '../../src/plan/listing.js';

const PREFIX = 'raw/_feed/dt=2026-11-05/';
const RULES = { prefix: PREFIX, include: [], exclude: [] };
const object = (name: string, size = 5, etag = '1') => ({ key: PREFIX + name, size, etag });

test('empty objects, markers and hidden names are not data; the prefix itself may be called anything', () => {
  const listed = [
    'a.json',
    '_SUCCESS',
    '.a.json.crc',
    '_temporary/0/part.json',
    'sub/.part.json',
    'sub/b.json',
    'c_d.e.json',
  ];
  expect(
    dataObjects([...listed.map((name) => object(name)), object('empty.json', 0)], RULES).map(({ key }) => key),
  ).toEqual(['a.json', 'sub/b.json', 'c_d.e.json'].map((name) => PREFIX + name));
});

test('a name that begins inside the prefix is always data; names after it may be hidden', () => {
  const prefix = 'raw/_events-2026-11-05';
  const named = ['.json.gz', '_0001.json', '-b.json', '/a.json', '/_SUCCESS', '_parts/.a.json.crc', '_SUCCESS'];
  const listed = named.map((name) => ({ key: prefix + name, size: 5, etag: '1' }));
  const data = (marker?: string) =>
    dataObjects(listed, { ...RULES, prefix, ...(marker === undefined ? {} : { marker: prefix + marker }) }).map(
      ({ key }) => key.slice(prefix.length),
    );
  expect(data()).toEqual(['.json.gz', '_0001.json', '-b.json', '/a.json', '_SUCCESS']);
  expect(data('_SUCCESS')).toEqual(['.json.gz', '_0001.json', '-b.json', '/a.json']);
});

test('a marker is no data, whatever it is called', () => {
  expect(dataObjects([object('a.json'), object('done.txt')], { ...RULES, marker: `${PREFIX}done.txt` })).toEqual([
    object('a.json'),
  ]);
});

test('what a writer has not finished is no data, unless a pattern asks for it', () => {
  const unfinished = [
    ...['a.json.tmp', 'b.json._COPYING_', 'c.json.crc', 'part-0-1.inprogress.7f', 'd.json.partial', 'e.json~'],
    'hour=00/f.json.tmp',
  ];
  const data = (rules = {}) =>
    dataObjects(
      [...unfinished, 'tmp.json', 'a.tmp/b.json'].map((name) => object(name)),
      { ...RULES, ...rules },
    ).map(({ key }) => key.slice(PREFIX.length));
  expect(data()).toEqual(['tmp.json', 'a.tmp/b.json']);
  expect(data({ include: ['*.tmp'] })).toEqual(['a.json.tmp', 'hour=00/f.json.tmp']);
});

test.each([
  [['*.json'], [], ['a.json', 'hour=00/b.json', 'hour=01/x/c.json']],
  [['hour=*/*.json'], [], ['hour=00/b.json']],
  [['hour=*/**'], [], ['hour=00/b.json', 'hour=00/b.csv', 'hour=01/x/c.json']],
  [['**/c.json', '?.csv'], [], ['hour=00/b.csv', 'hour=01/x/c.json']],
  [[], ['hour=*/**'], ['a.json', 'a+(1).txt']],
  [['*.json', '*.csv'], ['b.*'], ['a.json', 'hour=01/x/c.json']],
  [['a+(1).txt'], [], ['a+(1).txt']],
])('of the names that match %j, those that match %j are left out', (include, exclude, expected) => {
  const names = ['a.json', 'hour=00/b.json', 'hour=00/b.csv', 'hour=01/x/c.json', 'a+(1).txt'];
  const found = dataObjects(
    names.map((name) => object(name)),
    { ...RULES, include, exclude },
  );
  expect(found.map(({ key }) => key.slice(PREFIX.length))).toEqual(expected);
});

test('an object has vanished when its key is gone, not when it was rewritten', () => {
  const published = [object('a'), object('b'), object('c')];
  expect(vanishedObjects([object('a'), object('b', 7, '2')], published)).toEqual([object('c')]);
  expect(vanishedObjects([], [])).toEqual([]);
});
