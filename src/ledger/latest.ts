import { COMPARISON } from '../shared/build.js';
import { tableDay } from '../shared/names.js';
import type {
  BuildRecord,
  CurrentPublish,
  HoldRecord,
  OpenIntent,
  PublishEvent,
  PublishRecord,
  RecordedChunk,
  ReproducedRecord,
} from './records.js';

/*
 * The ledger only grows: what holds is what was recorded last. These functions take it from the records of a day or of a few; the
 * statements of reads.sql that cover many days do the same, and must give the same.
 */

/** A record with the moment that it was written, in UTC as the engine prints it, which sorts by time. */
type Recorded<Row> = Row & { at: string };

/** A record of a publish, one of several of its generation. */
export type PublishRow<Of = PublishRecord> = Recorded<Of> & { event: PublishEvent['last'] };

/** What names a publish of a table's day. */
type Named = Pick<PublishRecord, 'day' | 'table' | 'generation'>;

/** In the order in which events of a generation follow each other, whatever the clocks say. */
const EVENTS: readonly PublishEvent['last'][] = ['intent', 'done', 'rollback', 'undone'];

const rank = (event: PublishEvent['last']): number => EVENTS.indexOf(event);

const ascending = <Value extends string | number>(a: Value, b: Value): number => (a < b ? -1 : a > b ? 1 : 0);

const publishName = ({ day, table, generation }: Named): string => `${tableDay(table, day)}/${generation}`;

/**
 * Returns each publish as it was recorded first, with its latest event; by day, table and generation. If two attempts wrote an intent,
 * the archive of the first one was made before any swap.
 */
export function latestEvents<Of extends Named>(rows: readonly PublishRow<Of>[]): (Of & Pick<PublishEvent, 'last'>)[] {
  const found = new Map<string, { first: PublishRow<Of>; last: PublishEvent['last'] }>();
  for (const row of rows) {
    const name = publishName(row);
    const { first, last } = found.get(name) ?? { first: row, last: row.event };
    const isEarlier = (ascending(row.at, first.at) || rank(row.event) - rank(first.event)) < 0;
    found.set(name, { first: isEarlier ? row : first, last: rank(row.event) > rank(last) ? row.event : last });
  }
  return [...found.values()].map(({ first, last }) => ({ ...recordOf(first), last })).sort(byTableDay);
}

/** What was recorded, without what belongs to that one event: it is recorded again with later events. */
const recordOf = <Of>(row: PublishRow<Of>): Of =>
  Object.fromEntries(Object.entries(row).filter(([field]) => field !== 'event' && field !== 'at')) as Of;

const byTableDay = (a: Named, b: Named): number =>
  ascending(a.day, b.day) || ascending(a.table, b.table) || a.generation - b.generation;

/** Selects unfinished publishes and rollbacks, in the order of their swaps. */
export const openOf = <Of extends Pick<PublishEvent, 'day' | 'generation' | 'position' | 'last'>>(
  events: readonly Of[],
): (Of & Pick<OpenIntent, 'last'>)[] =>
  events
    .filter((event): event is Of & Pick<OpenIntent, 'last'> => event.last === 'intent' || event.last === 'rollback')
    .sort((a, b) => ascending(a.day, b.day) || a.generation - b.generation || a.position - b.position);

/** Selects what readers have: for each table's day, the newest generation that is done and not undone. */
export function standingOf<Of extends Named & Pick<PublishEvent, 'last'>>(events: readonly Of[]): Of[] {
  const newest = new Map<string, Of>();
  for (const event of events) {
    const name = tableDay(event.table, event.day);
    if (event.last === 'done' && event.generation >= (newest.get(name)?.generation ?? 0)) newest.set(name, event);
  }
  return [...newest.values()].sort(byTableDay);
}

/**
 * Adds to what readers have what the newest build that gave the same rows was made of: such a build publishes nothing. What depends on
 * a publish still knows it by what it was made of first.
 */
export function withReproduced(
  standing: readonly PublishRecord[],
  rows: readonly Recorded<ReproducedRecord>[],
): CurrentPublish[] {
  const newest = new Map<string, Recorded<ReproducedRecord>>();
  for (const row of rows) {
    const known = newest.get(publishName(row));
    if (!known || (row.build - known.build || ascending(row.at, known.at)) > 0) newest.set(publishName(row), row);
  }
  return standing.map((record) => {
    const { build, code, data, inputs, chunks } = newest.get(publishName(record)) ?? {
      ...record,
      build: record.generation,
    };
    const first = { first_code: record.code, first_data: record.data };
    return { ...record, made_by: build, ...first, code, data, inputs, chunks };
  });
}

/** In the order of the ledger's type, which decides between events of one millisecond. */
const BUILD_EVENTS: readonly BuildRecord['event'][] = [
  'planned',
  'published',
  'unchanged',
  'skipped',
  'failed',
  'cancelled',
  'held',
  'rolled-back',
  'different',
];

/**
 * Returns the last event of the newest build of a day; undefined if it has none. A comparison publishes nothing, so it is none: the day
 * stays what it was.
 */
export const latestBuildOf = (rows: readonly BuildRecord[]): BuildRecord | undefined =>
  rows
    .filter(({ step }) => step !== COMPARISON)
    .reduce<BuildRecord | undefined>((last, row) => (last && !isLater(row, last) ? last : row), undefined);

const isLater = (a: BuildRecord, b: BuildRecord): boolean =>
  (a.generation - b.generation ||
    ascending(a.at, b.at) ||
    BUILD_EVENTS.indexOf(a.event) - BUILD_EVENTS.indexOf(b.event)) > 0;

/** A record that holds a day, or releases it. */
export type HoldRow = Recorded<Pick<HoldRecord, 'day' | 'reason'>> & { event: 'held' | 'released' };

/** Returns the days that are held, since when and why. A day that was held and released in one millisecond is not. */
export function holdsOf(rows: readonly HoldRow[]): HoldRecord[] {
  const last = new Map<string, HoldRow>();
  for (const row of rows) {
    const known = last.get(row.day);
    if (!known || (ascending(row.at, known.at) || ascending(row.event, known.event)) > 0) last.set(row.day, row);
  }
  return [...last.values()]
    .filter(({ event }) => event === 'held')
    .map(({ day, at: since, reason }) => ({ day, since, reason }))
    .sort((a, b) => ascending(a.day, b.day));
}

/** A record of a chunk, as one normalizer made it. */
export type ChunkRow = Recorded<Pick<RecordedChunk, 'objects'>> & {
  source: string;
  folder: string;
  chunk: string;
  normalizer: string;
  rows_by_day: Record<string, number>;
};

/** Returns the chunks of one source in order of first record by folder, each with what every normalizer made of it. */
export function chunksFrom(rows: readonly ChunkRow[]): (RecordedChunk & { folder: string })[] {
  const found = new Map<
    string,
    Pick<RecordedChunk, 'id' | 'objects'> & { folder: string; rowsByDay: Map<string, Record<string, number>> }
  >();
  const inOrder = [...rows].sort(
    (a, b) => ascending(a.folder, b.folder) || ascending(a.at, b.at) || ascending(a.chunk, b.chunk),
  );
  for (const { folder, chunk: id, normalizer, objects, rows_by_day: rowsByDay } of inOrder) {
    const name = `${folder}/${id}`;
    const chunk = found.get(name) ?? { folder, id, objects, rowsByDay: new Map<string, Record<string, number>>() };
    if (!chunk.rowsByDay.has(normalizer)) chunk.rowsByDay.set(normalizer, rowsByDay);
    found.set(name, chunk);
  }
  return [...found.values()];
}

/** Returns the highest generation of any build or publish of a day; 0 if there is none. */
export const newestGeneration = (rows: readonly { generation: number }[]): number =>
  rows.reduce((newest, { generation }) => Math.max(newest, generation), 0);

/** Returns the project that a name belongs to: the one that was recorded last. */
export const lastRecorded = <Of>(rows: readonly Recorded<Of>[]): Recorded<Of> | undefined =>
  rows.reduce<Recorded<Of> | undefined>((last, row) => (last && last.at >= row.at ? last : row), undefined);

/** A record of the tests that a build passed, by their fingerprints. */
export interface PassedRow {
  generation: number;
  tests: readonly string[];
}

/**
 * Returns the tests that a published day passed as readers have it: those of its newest publish, and of later builds without one.
 *
 * @param newest generation of that publish
 */
export function passedOf(
  rows: readonly PassedRow[],
  newest: number,
  builds: readonly Pick<BuildRecord, 'generation' | 'event'>[],
): Set<string> {
  const unchanged = unchangedGenerations(builds);
  const count = rows.filter(
    ({ generation }) => generation === newest || (generation > newest && unchanged.has(generation)),
  );
  return new Set(count.flatMap(({ tests }) => tests));
}

/**
 * The generations whose builds ended with the rows that readers had. A run that finds nothing to do is recorded under the newest
 * generation, which may be that of a build that failed: what that one has found is not about these rows.
 */
export function unchangedGenerations(builds: readonly Pick<BuildRecord, 'generation' | 'event'>[]): Set<number> {
  const endedAs = (...events: readonly BuildRecord['event'][]) =>
    builds.filter(({ event }) => events.includes(event)).map(({ generation }) => generation);
  const broken = new Set(endedAs('failed', 'cancelled'));
  return new Set(endedAs('unchanged').filter((generation) => !broken.has(generation)));
}
