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

/** The longest lookback with which any reader reads `table`: so many of its earlier days must stand beside the built one. */
export const longestLookback = (table: string, readers: readonly Reader[]): number =>
  Math.max(0, ...readers.filter(({ inputs }) => inputs.includes(table)).map(({ lookback }) => lookback));
