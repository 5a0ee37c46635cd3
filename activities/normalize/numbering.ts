import type { LineCount } from '../../src/raw/lines.js';
import { plural } from '../../src/shared/format.js';
import type { StoredObject } from '../../src/store/object.js';
import type { FateCount } from './statements.js';

/** The lines of an object that have a fate, by their numbers. */
type Numbered = Pick<FateCount, 'lines' | 'strays' | 'last' | 'numbers' | 'squares'>;

/**
 * Returns the lines of each object by the numbers that the reader gave them. They are 1, 2, … in each object, so the last number is the
 * count of its lines: lines that are missing before it, or are there twice, show in the count and in the sums of the numbers and their
 * squares. Lines missing at the end show in `readRows`, the reader's own count of all. A line with the object or the number of another
 * shows by its token, which the last step of the statement compares: it has the number 0.
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

/** Returns a sentence for each object with a line that the SELECT changed, or in which a number is missing or there twice. */
export const misnumbered = (fates: readonly FateCount[]): string[] =>
  [...numbered(fates)].flatMap(([object, { lines, strays, last, numbers, squares }]) => {
    if (strays > 0) return [`${object}: the SELECT changed _source in ${plural(strays, 'line')}; it must pass it on`];
    const n = BigInt(last);
    const complete = lines === last && numbers * 2n === n * (n + 1n) && squares * 6n === n * (n + 1n) * (2n * n + 1n);
    return complete ? [] : [`${object}: the numbers of its ${plural(lines, 'line')} are not 1 to ${lines}, each once`];
  });

function numbered(fates: readonly FateCount[]): Map<string, Numbered> {
  const objects = new Map<string, Numbered>();
  for (const { object, lines, strays, last, numbers, squares } of fates) {
    const one = objects.get(object) ?? { lines: 0, strays: 0, last: 0, numbers: 0n, squares: 0n };
    objects.set(object, {
      lines: one.lines + lines,
      strays: one.strays + strays,
      last: Math.max(one.last, last),
      numbers: one.numbers + numbers,
      squares: one.squares + squares,
    });
  }
  return objects;
}
