import { expect, test } from 'vitest';
import { dataObjects, vanishedObjects } from '../../src/core/listing.js';

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

test('an object has vanished when its key is gone, not when it was rewritten', () => {
  const published = [object('a'), object('b'), object('c')];
  expect(vanishedObjects([object('a'), object('b', 7, '2')], published)).toEqual([object('c')]);
  expect(vanishedObjects([], [])).toEqual([]);
});
