import { createHash } from 'node:crypto';
import type { StoredObject } from '../store/object.js';

/**
 * Raise it only if the same input would now give other rows, so that an upgrade of Daybook alone rebuilds nothing.
 */
export const NORMALIZER_VERSION = 6;

/** Hashes a JSON value to 32 hex digits. Object keys are sorted first, so their order does not matter. */
export const fingerprintOf = (value: unknown): string =>
  createHash('sha256')
    .update(JSON.stringify(sorted(value)))
    .digest('hex')
    .slice(0, 32);

/** Returns the id of a set of objects, from their keys and ETags in any order. */
export const chunkIdOf = (objects: readonly StoredObject[]): string =>
  fingerprintOf(objects.map(({ key, etag }) => [key, etag]).sort(([a = ''], [b = '']) => (a < b ? -1 : 1)));

/**
 * Returns the id of the same objects normalized again because something else changed, such as a dictionary; `retry` names the
 * occasion. The new id makes stale what was built from the old one.
 */
export const retriedChunkId = (objects: readonly StoredObject[], retry: string): string =>
  fingerprintOf({ objects: chunkIdOf(objects), retry });

/** Returns the fingerprint of a table's day: what made it, and from what. */
export const tableFingerprint = (code: string, data: string): string => fingerprintOf({ code, data });

/** Returns the fingerprint by which others know what is published of a table's day; a rebuild with the same rows keeps it. */
export const publishedFingerprint = (of: { first_code: string; first_data: string }): string =>
  tableFingerprint(of.first_code, of.first_data);

/** Returns the data half of a normalized table's day: the chunks with rows for it. */
export const dataOfChunks = (chunkIds: readonly string[]): string => fingerprintOf({ chunks: [...chunkIds].sort() });

/** Returns the data half of a model's day: the fingerprint of each input. */
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
