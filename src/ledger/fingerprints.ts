import { createHash } from 'node:crypto';
import type { StoredObject } from '../store/object.js';

/**
 * Raise only when the same input would now give other rows, so that upgrading Daybook alone rebuilds nothing.
 */
export const NORMALIZER_VERSION = 3;

/** 32 hex digits over a JSON value. Object keys are sorted, so that the order in which code fills them never matters. */
export const fingerprintOf = (value: unknown): string =>
  createHash('sha256')
    .update(JSON.stringify(sorted(value)))
    .digest('hex')
    .slice(0, 32);

/** Identity of a set of objects: what they are called and what is in them, whatever order a listing gave. */
export const chunkIdOf = (objects: readonly StoredObject[]): string =>
  fingerprintOf(objects.map(({ key, etag }) => [key, etag]).sort(([a = ''], [b = '']) => (a < b ? -1 : 1)));

/**
 * Identity of the same objects normalized once more because something beside them changed, such as a dictionary; `retry` names
 * the occasion. Another identity makes stale what was built from the first.
 */
export const retriedChunkId = (objects: readonly StoredObject[], retry: string): string =>
  fingerprintOf({ objects: chunkIdOf(objects), retry });

/** Identity of a table's day: what made it, and from what. */
export const tableFingerprint = (code: string, data: string): string => fingerprintOf({ code, data });

/** Data half of a normalized table's day: the chunks that have rows for it. */
export const dataOfChunks = (chunkIds: readonly string[]): string => fingerprintOf({ chunks: [...chunkIds].sort() });

/** Data half of a model's day: the data of each input. */
export const dataOfInputs = (inputs: Readonly<Record<string, string>>): string => fingerprintOf({ inputs });

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => [key, sorted(item)]),
  );
}
