/**
 * Checks that a compressed object ends with a complete frame. ClickHouse reads a truncated zstd or LZ4 object without an error and
 * returns the lines up to the cut, so the frames are walked here: headers give the length of each block, and blocks are skipped.
 * Nothing is decompressed or kept.
 */
export interface FrameWalk {
  /** Takes the object's next bytes. */
  push(bytes: Uint8Array): void;
  /** Returns, after the last byte, what is wrong with the object, or undefined. */
  end(): string | undefined;
}

/** Extensions, in lower case, of the formats that ClickHouse reads without noticing a missing end (tested). */
const KINDS: Readonly<Record<string, FrameKind>> = { zst: 'zst', zstd: 'zst', lz4: 'lz4' };

/** Returns the frame format of objects that need a {@link FrameWalk}; ClickHouse notices truncation of all other formats. */
export const frameKind = (key: string): FrameKind | undefined =>
  KINDS[key.slice(key.lastIndexOf('.') + 1).toLowerCase()];

export type FrameKind = 'zst' | 'lz4';

/** Bytes to skip, or to read. */
type Move = { skip: number } | { take: number };
type Walk = Generator<Move, void, Uint8Array>;

/** Begins a walk over the frames of one object. */
export function walkFrames(kind: FrameKind): FrameWalk {
  const state = { inFrame: false, whole: 0 };
  const walk = frames(kind, state);
  let wanted = next(walk, new Uint8Array(0));
  let taken = new Uint8Array(0);
  let read = 0;
  let wrong: string | undefined;

  const push = (bytes: Uint8Array) => {
    let at = 0;
    while (at < bytes.length && wanted && wrong === undefined) {
      const missing = 'skip' in wanted ? wanted.skip : wanted.take - taken.length;
      const part = bytes.subarray(at, at + missing);
      at += part.length;
      read += part.length;
      if ('skip' in wanted) wanted = { skip: missing - part.length };
      else taken = concat(taken, part);
      if (part.length < missing) return;
      try {
        wanted = next(walk, taken);
      } catch (thrown) {
        if (!(thrown instanceof RangeError)) throw thrown;
        wrong = `${thrown.message} at byte ${read - taken.length}`;
      }
      taken = new Uint8Array(0);
    }
  };
  const end = () => {
    if (wrong !== undefined) return wrong;
    if (!state.inFrame && taken.length === 0) return undefined;
    return `truncated after ${read} bytes, inside its ${state.whole === 0 ? 'only' : 'last'} frame: the end of the frame is missing`;
  };
  return { push, end };
}

const next = (walk: Walk, given: Uint8Array): Move | undefined => {
  const { value } = walk.next(given);
  return value ?? undefined;
};

interface State {
  inFrame: boolean;
  /** Frames that have ended. */
  whole: number;
}

/** Walks frame after frame until the object ends; both formats have skippable frames. */
function* frames(kind: FrameKind, state: State): Walk {
  for (;;) {
    const magic = littleEndian(yield { take: 4 });
    state.inFrame = true;
    if (magic >= SKIPPABLE && magic < SKIPPABLE + 16) yield* skip(littleEndian(yield { take: 4 }));
    else if (kind === 'zst' && magic === ZSTD) yield* zstdFrame();
    else if (kind === 'lz4' && magic === LZ4) yield* lz4Frame();
    else throw new RangeError(`not ${kind === 'zst' ? 'zstd' : 'LZ4'}: expected the start of a frame`);
    state.inFrame = false;
    state.whole++;
  }
}

const SKIPPABLE = 0x184d2a50;
const ZSTD = 0xfd2fb528;
const LZ4 = 0x184d2204;

/** RFC 8878, section 3.1.1. */
function* zstdFrame(): Walk {
  const descriptor = littleEndian(yield { take: 1 });
  const single = (descriptor & 0x20) !== 0;
  const window = single ? 0 : 1;
  const dictionary = [0, 1, 2, 4][descriptor & 3] ?? 0;
  const size = [single ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0;
  yield* skip(window + dictionary + size);
  for (let last = false; !last;) {
    const header = littleEndian(yield { take: 3 });
    const type = (header >> 1) & 3;
    if (type === RESERVED) throw new RangeError('not zstd: expected the start of a block');
    last = (header & 1) === 1;
    yield* skip(type === REPEATED ? 1 : header >> 3);
  }
  yield* skip((descriptor & 4) === 0 ? 0 : 4);
}

const REPEATED = 1;
const RESERVED = 3;

/** The LZ4 frame format, version 1.6. */
function* lz4Frame(): Walk {
  const flags = littleEndian(yield { take: 1 });
  const set = (bit: number) => (flags >> bit) & 1;
  // The block descriptor, the content's size, the dictionary, the header's checksum.
  yield* skip(1 + 8 * set(3) + 4 * set(0) + 1);
  for (;;) {
    const size = littleEndian(yield { take: 4 });
    if (size === 0) break;
    yield* skip((size & 0x7fffffff) + 4 * set(4));
  }
  yield* skip(4 * set(2));
}

function* skip(bytes: number): Walk {
  if (bytes > 0) yield { skip: bytes };
}

/** Little-endian, unsigned. */
const littleEndian = (bytes: Uint8Array): number => bytes.reduceRight((sum, byte) => sum * 256 + byte, 0);

function concat(first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}
