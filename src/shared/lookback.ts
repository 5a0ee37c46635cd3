import { addDays, daysBetween, type Day } from './day.js';
import { tableDay } from './names.js';

/** What a model reads. A model with a lookback may read its own earlier days, never the day that it builds. */
export interface Reader {
  name: string;
  inputs: readonly string[];
  /** Earlier days of its inputs that it reads. */
  lookback: number;
}

/** Fingerprints of a table in a build's stage. */
export interface StagedTable {
  /** Of the day that is built. */
  fingerprint: string;
  /** Of its earlier days, by day. */
  earlier: Readonly<Record<Day, string>>;
}

/** Returns the `count` days before `day`, oldest first. */
export const earlierDays = (day: Day, count: number): Day[] =>
  count === 0 ? [] : daysBetween(addDays(day, -count), addDays(day, -1));

/**
 * Returns the fingerprints of what a model's day is made from, by name: `events` for the day itself, `events@2026-11-04` for an earlier
 * one. A missing day is '', so that the model becomes stale when it is published.
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
      read[tableDay(input, earlier)] = fingerprintOf(input, earlier) ?? '';
  }
  return read;
}

/** Returns what a model reads of the other tables in the stage of a build of `day`, with their fingerprints; see {@link inputsRead}. */
export const stagedInputs = (
  model: Reader,
  day: Day,
  staged: ReadonlyMap<string, StagedTable>,
): Record<string, string> =>
  inputsRead({ ...model, inputs: model.inputs.filter((input) => input !== model.name) }, day, (table, earlier) =>
    earlier === day ? staged.get(table)?.fingerprint : staged.get(table)?.earlier[earlier],
  );

/**
 * Returns the reads of `before` with the current fingerprints. A model that now reads more or less was edited: that is a change of its
 * code, not of its data.
 */
export const asReadBefore = (
  before: Readonly<Record<string, string>>,
  now: Readonly<Record<string, string>>,
): Record<string, string> =>
  Object.fromEntries(Object.entries(before).map(([read, fingerprint]) => [read, now[read] ?? fingerprint]));

/**
 * Lists the reads with another fingerprint than before: `events of 2026-11-04`, or `events` for the day itself. Only reads in both count.
 */
export const changedSince = (
  before: Readonly<Record<string, string>>,
  now: Readonly<Record<string, string>>,
): string[] =>
  Object.keys(now)
    .filter((read) => read in before && before[read] !== now[read])
    .map((read) => read.replace('@', ' of '));

/** Selects the days of `of` that are within a lookback of `count` days before `day`. */
export const lookedBackOn = (day: Day, count: number, of: readonly Day[]): Day[] =>
  of.filter((one) => one < day && one >= addDays(day, -count));

/** Returns the longest lookback of any reader of `table`: this many of its earlier days must be in the stage. */
export const longestLookback = (table: string, readers: readonly Reader[]): number =>
  Math.max(0, ...readers.filter(({ inputs }) => inputs.includes(table)).map(({ lookback }) => lookback));
