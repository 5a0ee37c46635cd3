import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { chunkIdOf, retriedChunkId } from '../../src/ledger/fingerprints.js';
import type { RecordedChunk } from '../../src/ledger/records.js';
import { assertCover, coverFolder, cut } from '../../src/plan/cover.js';
import type { StoredObject } from '../../src/store/object.js';

const FOLDER = '2026-11-05';
const NORMALIZER = 'n'.repeat(32);
const LIMITS = { targetBytes: 100, maxObjects: 3 };

const object = (key: string, etag = 'v1', size = 10): StoredObject => ({ key, etag, size });
const recorded = (objects: StoredObject[], normalizers = [NORMALIZER]): RecordedChunk => ({
  id: chunkIdOf(objects),
  objects,
  rowsByDay: new Map(normalizers.map((normalizer) => [normalizer, { [FOLDER]: 1 }])),
});
const cover = (listed: StoredObject[], known: RecordedChunk[] = []) =>
  coverFolder(FOLDER, listed, known, LIMITS, NORMALIZER);
const keysOf = (chunks: { objects: readonly StoredObject[] }[]) =>
  chunks.map(({ objects }) => objects.map(({ key }) => key).join());

describe('cut', () => {
  test('groups in key order, up to the bytes and the objects that a chunk may have', () => {
    expect(
      keysOf(
        cut(
          ['d', 'b', 'a', 'c'].map((key) => object(key)),
          LIMITS,
        ).map((objects) => ({ objects })),
      ),
    ).toEqual(['a,b,c', 'd']);
    expect(
      cut([object('a', 'v1', 60), object('b', 'v1', 40), object('c', 'v1', 1)], LIMITS).map((one) => one.length),
    ).toEqual([2, 1]);
  });

  test('an object above the target is a chunk of its own', () => {
    expect(cut([object('a'), object('b', 'v1', 500), object('c')], LIMITS).map((one) => one.length)).toEqual([1, 1, 1]);
  });
});

describe('coverFolder', () => {
  test('takes recorded chunks whose objects are all listed unchanged, and cuts new chunks of the rest', () => {
    const [a, b, c] = [object('a'), object('b'), object('c')];
    const chunks = cover([a, b, c], [recorded([a, b])]);
    expect(chunks.map(({ id, recorded: known }) => [id, known])).toEqual([
      [chunkIdOf([a, b]), true],
      [chunkIdOf([c]), false],
    ]);
  });

  test('skips a recorded chunk if one of its objects is rewritten or gone', () => {
    const [a, b] = [object('a'), object('b')];
    expect(keysOf(cover([object('a', 'v2'), b], [recorded([a, b])]))).toEqual(['a,b']);
    expect(cover([object('a', 'v2'), b], [recorded([a, b])])[0]?.recorded).toBe(false);
    expect(keysOf(cover([b], [recorded([a, b])]))).toEqual(['b']);
  });

  test('a reprocessed chunk replaces the one with the same objects, the newest of several', () => {
    const [a, b] = [object('a'), object('b')];
    const again = (retry: string) => ({ ...recorded([a]), id: retriedChunkId([a], retry) });
    const known = [recorded([a]), recorded([b]), again('first'), again('second')];
    expect(cover([a, b], known).map(({ id, recorded: made }) => [id, made])).toEqual([
      [retriedChunkId([a], 'second'), true],
      [chunkIdOf([b]), true],
    ]);
    expect(cover([object('a', 'v2'), b], known).map(({ id }) => id)).toEqual([
      chunkIdOf([b]),
      chunkIdOf([object('a', 'v2')]),
    ]);
  });

  test('of two overlapping chunks the first recorded one counts', () => {
    const [a, b, c] = [object('a'), object('b'), object('c')];
    expect(keysOf(cover([a, b, c], [recorded([a, b]), recorded([b, c]), recorded([c])]))).toEqual(['a,b', 'c']);
  });

  test('a chunk of another normalizer is kept together, to be normalized again', () => {
    const [a, b] = [object('a'), object('b')];
    expect(cover([a, b], [recorded([a, b], ['other'])])).toMatchObject([{ id: chunkIdOf([a, b]), recorded: false }]);
  });

  test('covers any listing exactly, whatever was recorded before', () => {
    const objects = fc.uniqueArray(
      fc.record({
        key: fc.string({ minLength: 1, maxLength: 2 }),
        etag: fc.constantFrom('v1', 'v2'),
        size: fc.nat(150),
      }),
      { selector: ({ key }) => key, maxLength: 12 },
    );
    const history = fc.array(
      objects.filter((one) => one.length > 0),
      { maxLength: 6 },
    );
    fc.assert(
      fc.property(objects, history, (listed, past) => {
        const chunks = cover(
          listed,
          past.map((one) => recorded(one)),
        );
        assertCover(listed, chunks);
        expect(chunks.flatMap((chunk) => chunk.objects).length).toBe(listed.length);
        // Covering again what was just recorded gives the same chunks: nothing is left to do.
        const again = cover(
          listed,
          chunks.map(({ objects: of }) => recorded(of)),
        );
        expect(again.map(({ id }) => id)).toEqual(chunks.map(({ id }) => id));
        expect(again.every((chunk) => chunk.recorded)).toBe(true);
      }),
    );
  });
});

describe('assertCover', () => {
  const [a, b] = [object('a'), object('b')];
  const chunk = (...objects: StoredObject[]) => ({ id: chunkIdOf(objects), folder: FOLDER, objects, recorded: false });

  test.each([
    ['is missing', [a, b], [chunk(a)]],
    ['comes twice', [a], [chunk(a), chunk(a)]],
    ['was never listed', [a], [chunk(a), chunk(b)]],
    ['is another version', [a], [chunk(object('a', 'v2'))]],
  ])('throws where an object %s', (_, listed, chunks) => {
    expect(() => {
      assertCover(listed, chunks);
    }).toThrow(RangeError);
  });
});
