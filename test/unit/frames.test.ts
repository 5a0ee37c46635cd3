import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { frameKind, walkFrames, type FrameKind } from '../../activities/normalize/frames.js';

const bytes = (hex: string) => Buffer.from(hex, 'hex');

/** Two lines, as the reference tools write them. */
const WRITTEN: readonly [what: string, kind: FrameKind, object: Buffer][] = [
  ['zstd', 'zst', bytes('28b52ffd2416b100007b226964223a2261227d0a7b226964223a2262227d0a3c95456b')],
  ['zstd --no-check, from a pipe', 'zst', bytes('28b52ffd0058b100007b226964223a2261227d0a7b226964223a2262227d0a')],
  ['lz4', 'lz4', bytes('04224d186440a7160000807b226964223a2261227d0a7b226964223a2262227d0a00000000fc23865f')],
  [
    'lz4 -BX --content-size',
    'lz4',
    bytes('04224d187c401600000000000000b7160000807b226964223a2261227d0a7b226964223a2262227d0afc23865f00000000fc23865f'),
  ],
  ['lz4 --no-frame-crc', 'lz4', bytes('04224d18604082160000807b226964223a2261227d0a7b226964223a2262227d0a00000000')],
];

/** A frame of blocks of any kind; a walk does not look at what is in them. */
function zstdFrame(of: { descriptor: number; blocks: readonly (readonly [type: number, size: number])[] }): Buffer {
  const { descriptor, blocks } = of;
  const single = (descriptor & 0x20) !== 0;
  const header =
    (single ? 0 : 1) + ([0, 1, 2, 4][descriptor & 3] ?? 0) + ([single ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0);
  const written = blocks.map(([type, size], index) => {
    const value = size * 8 + type * 2 + (index === blocks.length - 1 ? 1 : 0);
    const head = Buffer.from([value & 255, (value >> 8) & 255, value >> 16]);
    return Buffer.concat([head, Buffer.alloc(type === 1 ? 1 : size, 0xfd)]);
  });
  const check = Buffer.alloc((descriptor & 4) === 0 ? 0 : 4, 0xfd);
  return Buffer.concat([bytes('28b52ffd'), Buffer.from([descriptor]), Buffer.alloc(header, 0xfd), ...written, check]);
}

const anyFrame = fc
  .record({
    descriptor: fc.integer({ min: 0, max: 255 }).map((bits) => bits & ~8),
    blocks: fc.array(fc.tuple(fc.constantFrom(0, 1, 2), fc.integer({ min: 0, max: 300 })), {
      minLength: 1,
      maxLength: 4,
    }),
  })
  .map(zstdFrame);

const walked = (kind: FrameKind, ...parts: readonly Uint8Array[]) => {
  const walk = walkFrames(kind);
  for (const part of parts) walk.push(part);
  return walk.end();
};

describe.each(WRITTEN)('what %s writes', (_, kind, object) => {
  test('is whole, alone, after another one and after a skippable frame', () => {
    expect(walked(kind, object)).toBeUndefined();
    expect(walked(kind, object, object)).toBeUndefined();
    expect(walked(kind, bytes('502a4d1803000000010203'), object)).toBeUndefined();
  });

  test('is truncated wherever it ends earlier, also as the second of two', () => {
    for (let length = 1; length < object.length; length++) {
      expect(walked(kind, object.subarray(0, length))).toBe(
        `truncated after ${length} bytes, inside its only frame: the end of the frame is missing`,
      );
      expect(walked(kind, object, object.subarray(0, length))).toContain('inside its last frame');
    }
  });
});

test('a whole frame is whole in whatever pieces it arrives, and never when its last byte is missing', () => {
  fc.assert(
    fc.property(fc.array(anyFrame, { minLength: 1, maxLength: 3 }), fc.integer({ min: 1, max: 50 }), (frames, size) => {
      const object = Buffer.concat(frames);
      const pieces = Array.from({ length: Math.ceil(object.length / size) }, (_, at) =>
        object.subarray(at * size, (at + 1) * size),
      );
      expect(walked('zst', ...pieces)).toBeUndefined();
      expect(walked('zst', object.subarray(0, -1))).toContain('truncated');
    }),
  );
});

test.each<[what: string, kind: FrameKind, object: Buffer, reason: string]>([
  ['text', 'zst', Buffer.from('{"id":"a"}\n'), 'not zstd: expected the start of a frame at byte 0'],
  ['gzip', 'lz4', bytes('1f8b0800'), 'not LZ4: expected the start of a frame at byte 0'],
  [
    'a block of the reserved kind',
    'zst',
    bytes('28b52ffd0058070000'),
    'not zstd: expected the start of a block at byte 6',
  ],
  [
    'garbage after a frame',
    'zst',
    Buffer.concat([bytes('28b52ffd0058010000'), Buffer.from('more')]),
    'not zstd: expected the start of a frame at byte 9',
  ],
])('%s is recognized', (_, kind, object, reason) => {
  expect(walked(kind, object)).toBe(reason);
});

test('an empty object has no frame that could be truncated', () => {
  expect(walked('zst')).toBeUndefined();
});

test('the ending of a key says which objects have frames to walk', () => {
  expect(['a.json.zst', 'a.ZST', 'a.zstd', 'a.ZSTD', 'a.lz4', 'a.json', 'a.zst/b.json', 'zst'].map(frameKind)).toEqual([
    'zst',
    'zst',
    'zst',
    'zst',
    'lz4',
    undefined,
    undefined,
    'zst',
  ]);
});
