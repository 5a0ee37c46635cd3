import { chunkIdOf } from '../ledger/fingerprints.js';
import type { RecordedChunk } from '../ledger/records.js';
import { objectName, type StoredObject } from '../store/object.js';
import type { Chunk, PlannedSource } from './plan.js';

/**
 * Returns the rows by day that a normalizer made of a chunk; those of the newest normalizer if that one never did, or none is given.
 * Undefined for a chunk that was never normalized.
 */
export const rowsOf = (
  { rowsByDay }: Pick<RecordedChunk, 'rowsByDay'>,
  normalizer?: string,
): Readonly<Record<string, number>> | undefined =>
  (normalizer === undefined ? undefined : rowsByDay.get(normalizer)) ?? [...rowsByDay.values()].at(-1);

/** Limits of a new chunk: bytes (compressed, as listed) and objects. */
export interface ChunkLimits {
  targetBytes: number;
  maxObjects: number;
}

/**
 * Assigns every listed object of a folder to exactly one chunk. Recorded chunks come first, in order of first record, each if all of
 * its objects are still listed unchanged and none is covered yet; the other objects become new chunks in key order. Reprocessed chunks
 * come before those that they replace, the newest first. {@link assertCover} checks the result before anything is loaded.
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

/** True for a chunk that replaces one with the same objects; see `retriedChunkId`. */
const isRetried = ({ id, objects }: RecordedChunk) => id !== chunkIdOf(objects);

/**
 * Bytes of the URL-encoded keys of one chunk. One statement contains them all and must stay below the 1 MB that proxies allow: the keys
 * of 1,000 objects take a fifth of this, but S3 allows keys of 1,024 bytes, which can be three times as long when encoded.
 */
const KEY_BYTES = 256 * 1024;

/** Groups objects in key order; an object above the target size becomes its own chunk. */
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
    for (const object of objects) seen.set(objectName(object), (seen.get(objectName(object)) ?? 0) + 1);
  const expected = new Set(listed.map(objectName));
  const wrong = [
    ...[...expected].filter((name) => seen.get(name) !== 1),
    ...[...seen.keys()].filter((name) => !expected.has(name)),
  ];
  if (wrong.length > 0)
    throw new RangeError(`chunks do not cover the listing exactly; first wrong object: ${wrong[0] ?? ''}`);
}

/** Lists the chunks that a build must normalize: those without a manifest, of sources that are not up to date. */
export const chunksToDo = <Source extends PlannedSource>({
  sources,
}: {
  sources: readonly Source[];
}): { source: Source; chunk: Source['chunks'][number] }[] =>
  sources
    .filter(({ fresh }) => !fresh)
    .flatMap((source) => source.chunks.filter(({ recorded }) => !recorded).map((chunk) => ({ source, chunk })));
