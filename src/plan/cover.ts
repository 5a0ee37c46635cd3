import { chunkIdOf } from '../ledger/fingerprints.js';
import type { RecordedChunk } from '../ledger/ledger.js';
import type { StoredObject } from '../store/object.js';
import type { Chunk, Plan, PlannedSource } from './plan.js';

/**
 * Rows by day that a normalizer made of a chunk; what the newest one made of it where that one never did, or none is named.
 * Undefined for a chunk that was never normalized.
 */
export const rowsOf = (
  { rowsByDay }: Pick<RecordedChunk, 'rowsByDay'>,
  normalizer?: string,
): Readonly<Record<string, number>> | undefined =>
  (normalizer === undefined ? undefined : rowsByDay.get(normalizer)) ?? [...rowsByDay.values()].at(-1);

/** How new chunks are cut: at most so many bytes (compressed, as listed) and so many objects. */
export interface ChunkLimits {
  targetBytes: number;
  maxObjects: number;
}

/**
 * Exact cover of one folder's listing: recorded chunks in order of first record, each if all of its objects are still listed
 * unchanged and none is covered yet; the rest is cut anew in key order. Chunks that were fed again come before those that they
 * took the place of, the newest first. Every listed object ends in exactly one chunk, which
 * {@link assertCover} proves again before anything is loaded.
 */
export function coverFolder(
  folder: string,
  listed: readonly StoredObject[],
  recorded: readonly RecordedChunk[],
  limits: ChunkLimits,
  normalizer: string,
): Chunk[] {
  const etags = new Map(listed.map(({ key, etag }) => [key, etag]));
  const uncovered = new Map(listed.map((object) => [object.key, object]));
  const chunks: Chunk[] = [];
  for (const { id, objects, rowsByDay } of [...recorded.filter(isRetried).reverse(), ...recorded]) {
    if (!objects.every(({ key, etag }) => etags.get(key) === etag && uncovered.has(key))) continue;
    for (const { key } of objects) uncovered.delete(key);
    chunks.push({ id, folder, objects: [...objects], recorded: rowsByDay.has(normalizer) });
  }
  for (const objects of cut([...uncovered.values()], limits))
    chunks.push({ id: chunkIdOf(objects), folder, objects, recorded: false });
  return chunks;
}

/** True of a chunk that took the place of one with the same objects; see `retriedChunkId`. */
const isRetried = ({ id, objects }: RecordedChunk) => id !== chunkIdOf(objects);

/**
 * Bytes of the keys of one chunk, as an address spells them. One statement names them all, and must stay below the 1 MB that proxies
 * let through: the keys of 500 objects take a tenth of this, but S3 allows each of them 1,024 bytes, three times as long in an address.
 */
const KEY_BYTES = 256 * 1024;

/** Groups objects in key order; a single object above the target is a chunk of its own. */
export function cut(objects: readonly StoredObject[], { targetBytes, maxObjects }: ChunkLimits): StoredObject[][] {
  const groups: StoredObject[][] = [];
  let [bytes, keyBytes] = [0, 0];
  for (const object of [...objects].sort((a, b) => (a.key < b.key ? -1 : 1))) {
    bytes += object.size;
    keyBytes += encodeURIComponent(object.key).length;
    const group = groups.at(-1);
    if (group && bytes <= targetBytes && group.length < maxObjects && keyBytes <= KEY_BYTES) group.push(object);
    else {
      groups.push([object]);
      bytes = object.size;
      keyBytes = encodeURIComponent(object.key).length;
    }
  }
  return groups;
}

/** Throws unless every listed object is in exactly one chunk and no chunk holds anything else. */
export function assertCover(listed: readonly StoredObject[], chunks: readonly Chunk[]): void {
  const seen = new Map<string, number>();
  for (const { objects } of chunks)
    for (const object of objects) seen.set(nameOf(object), (seen.get(nameOf(object)) ?? 0) + 1);
  const expected = new Set(listed.map(nameOf));
  const wrong = [
    ...[...expected].filter((name) => seen.get(name) !== 1),
    ...[...seen.keys()].filter((name) => !expected.has(name)),
  ];
  if (wrong.length > 0)
    throw new RangeError(`chunks do not cover the listing exactly; first wrong object: ${wrong[0] ?? ''}`);
}

/** The chunks that a build must normalize: those without a manifest, of sources whose day is not published as it is. */
export const chunksToDo = ({ sources }: Pick<Plan, 'sources'>): { source: PlannedSource; chunk: Chunk }[] =>
  sources
    .filter(({ fresh }) => !fresh)
    .flatMap((source) => source.chunks.filter(({ recorded }) => !recorded).map((chunk) => ({ source, chunk })));

const nameOf = ({ key, etag }: StoredObject) => `${key} (${etag})`;
