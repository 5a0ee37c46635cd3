import type { LineCount } from '../../src/raw/lines.js';
import type { StoredObject } from '../../src/store/object.js';
import type { FateCount } from './statements.js';

/** The lines of an object that have a fate, by their numbers. */
interface Numbered {
  lines: number;
  last: number;
  numbers: bigint;
}

/**
 * Returns the lines of each object by the numbers that the reader gave them. They are 1, 2, … in each object, so the last number is the
 * count of its lines: lines that are missing before it, or are there twice, show in the count and the sum of the numbers. Lines missing
 * at the end show in `readRows`, the reader's own count of all. One thing does not show: a last line that becomes the next line of another
 * object. It is neither lost nor counted twice.
 *
 * @returns undefined if a number is missing or there twice, or `readRows` says otherwise: then the raw objects must be counted
 */
export function countByNumbers(
  objects: readonly StoredObject[],
  fates: readonly FateCount[],
  readRows: number | undefined,
): LineCount[] | undefined {
  const all = numbered(fates);
  const total = [...all.values()].reduce((sum, { lines }) => sum + lines, 0);
  if (total !== readRows || misnumbered(fates).length > 0) return undefined;
  const etags = new Map(objects.map(({ key, etag }) => [key, etag]));
  return [...all].map(([object, { lines }]) => ({ object, lines, etag: etags.get(object) ?? '' }));
}

/** Returns a sentence for each object in which a number is missing or there twice. */
export const misnumbered = (fates: readonly FateCount[]): string[] =>
  [...numbered(fates)]
    .filter(([, { lines, last, numbers }]) => lines !== last || numbers * 2n !== BigInt(last) * BigInt(last + 1))
    .map(([object, { lines, last }]) => `${object}: ${lines} lines have the numbers up to ${last}`);

function numbered(fates: readonly FateCount[]): Map<string, Numbered> {
  const objects = new Map<string, Numbered>();
  for (const { object, lines, last, numbers } of fates) {
    const one = objects.get(object) ?? { lines: 0, last: 0, numbers: 0n };
    objects.set(object, { lines: one.lines + lines, last: Math.max(one.last, last), numbers: one.numbers + numbers });
  }
  return objects;
}
