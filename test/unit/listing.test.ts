import { expect, test } from 'vitest';
import { dataObjects, vanishedObjects } from '../../src/plan/listing.js';

const PREFIX = 'raw/_feed/dt=2026-11-05/';
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
    dataObjects([...listed.map((name) => object(name)), object('empty.json', 0)], PREFIX).map(({ key }) => key),
  ).toEqual(['a.json', 'sub/b.json', 'c_d.e.json'].map((name) => PREFIX + name));
});

test('a name that begins inside the prefix is always data; names after it may be hidden', () => {
  const prefix = 'raw/_events-2026-11-05';
  const named = ['.json.gz', '_0001.json', '-b.json', '/a.json', '/_SUCCESS', '_parts/.a.json.crc', '_SUCCESS'];
  const listed = named.map((name) => ({ key: prefix + name, size: 5, etag: '1' }));
  const data = (marker?: string) => dataObjects(listed, prefix, marker).map(({ key }) => key.slice(prefix.length));
  expect(data()).toEqual(['.json.gz', '_0001.json', '-b.json', '/a.json', '_SUCCESS']);
  expect(data('_SUCCESS')).toEqual(['.json.gz', '_0001.json', '-b.json', '/a.json']);
});

test('a marker is not data, whatever its name', () => {
  expect(dataObjects([object('a.json'), object('done.txt')], PREFIX, 'done.txt')).toEqual([object('a.json')]);
});

test('an object has vanished when its key is gone, not when it was rewritten', () => {
  const published = [object('a'), object('b'), object('c')];
  expect(vanishedObjects([object('a'), object('b', 7, '2')], published)).toEqual([object('c')]);
  expect(vanishedObjects([], [])).toEqual([]);
});
