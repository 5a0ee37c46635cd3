import { addDays, daysBetween, type Day } from './day.js';

/** A model as far as its reading goes. A model that looks back may read itself: its earlier days, never the day that it builds. */
export interface Reader {
  name: string;
  inputs: readonly string[];
  /** Earlier days of its inputs that it reads. */
  lookback: number;
}

/** `count` days before `day`, oldest first. */
export const earlierDays = (day: Day, count: number): Day[] =>
  count === 0 ? [] : daysBetween(addDays(day, -count), addDays(day, -1));

/**
 * What a model's day is made from, by name: `events` for the day itself, `events@2026-11-04` for an earlier one. A day that is
 * not there is '', so that its coming makes the model stale.
 */
export function inputsRead(
  reader: Reader,
  day: Day,
  fingerprintOf: (table: string, day: Day) => string | undefined,
): Record<string, string> {
  const read: Record<string, string> = {};
  for (const input of reader.inputs) {
    if (input !== reader.name) read[input] = fingerprintOf(input, day) ?? '';
    for (const earlier of earlierDays(day, reader.lookback))
      read[`${input}@${earlier}`] = fingerprintOf(input, earlier) ?? '';
  }
  return read;
}

/**
 * The same reads as `before`, with what stands there now. A model that came to read more or less was edited: its code tells that,
 * and nobody's data changed.
 */
export const asReadBefore = (
  before: Readonly<Record<string, string>>,
  now: Readonly<Record<string, string>>,
): Record<string, string> =>
  Object.fromEntries(Object.entries(before).map(([read, fingerprint]) => [read, now[read] ?? fingerprint]));

/**
 * What a model would read otherwise than it did, in words: `events of 2026-11-04`, `events` of the day itself. Only what both know
 * counts.
 */
export const changedSince = (
  before: Readonly<Record<string, string>>,
  now: Readonly<Record<string, string>>,
): string[] =>
  Object.keys(now)
    .filter((read) => read in before && before[read] !== now[read])
    .map((read) => read.replace('@', ' of '));

/** Those of the days `of` that are within a lookback of `count` days before `day`. */
export const lookedBackOn = (day: Day, count: number, of: readonly Day[]): Day[] =>
  of.filter((one) => one < day && one >= addDays(day, -count));

/** The longest lookback with which any reader reads `table`: so many of its earlier days must stand beside the built one. */
export const longestLookback = (table: string, readers: readonly Reader[]): number =>
  Math.max(0, ...readers.filter(({ inputs }) => inputs.includes(table)).map(({ lookback }) => lookback));
