import { allOf, derived, question, type Question } from '../clickhouse/question.js';
import type { StoredObject } from '../store/object.js';
import type { Identity } from './identity.js';
import {
  chunksFrom,
  holdsOf,
  lastRecorded,
  latestBuildOf,
  latestEvents,
  newestGeneration,
  openOf,
  passedOf,
  standingOf,
  withReproduced,
  type ChunkRow,
  type HoldRow,
  type PassedRow,
  type PublishRow,
} from './latest.js';
import type {
  ArchiveRecord,
  BuildRecord,
  CurrentPublish,
  HoldRecord,
  OpenIntent,
  PublishEvent,
  PublishRecord,
  RecordedChunk,
  ReproducedRecord,
} from './records.js';
import { counted, numbers, PUBLISH_COUNTS, type Wire } from './records.js';
import * as sql from './statements.js';

/** What is published of some days, and the unfinished publishes. */
export interface Standing {
  /** As {@link Ledger.currentPublishes} gives it. */
  current: CurrentPublish[];
  /** As {@link Ledger.openIntents} gives it. */
  open: OpenIntent[];
}

/** A publish with its latest event, without hashes, and without what its table was made from. */
export type BriefPublish = Pick<
  PublishEvent,
  'day' | 'table' | 'generation' | 'position' | 'rows' | 'code' | 'data' | 'archive' | 'last'
>;

/** What is published of some days, and the unfinished publishes, for those who need not know how it came about. */
export interface Published {
  current: BriefPublish[];
  open: BriefPublish[];
}

/**
 * What a build asks the ledger, each question by itself, so that a step asks all of its own in one request. Questions that read the
 * same records of the same days read them once.
 */
export const ledgerQuestions = (project: string) => {
  const builds = (day: string): Question<BuildRecord[]> =>
    question(sql.buildRows(project, day), (rows: readonly Wire<BuildRecord>[]) =>
      rows.map((row) => counted<BuildRecord>(row, 'generation')),
    );

  /** Every publish of some days, by day, table and generation. */
  const publishes = (first: string, last = first): Question<PublishEvent[]> =>
    question(sql.publishRows(project, first, last), (rows: readonly Wire<PublishRow>[]) =>
      latestEvents<PublishRecord>(rows.map((row) => counted<PublishRow>(row, ...PUBLISH_COUNTS))),
    );

  /** The same in brief. */
  const publishesInBrief = (first: string, last = first): Question<BriefPublish[]> =>
    question(sql.publishEvents(project, first, last), (rows: readonly Wire<PublishRow<BriefPublish>>[]) =>
      latestEvents<Omit<BriefPublish, 'last'>>(
        rows.map((row) => counted<PublishRow<BriefPublish>>(row, 'generation', 'position', 'rows')),
      ),
    );

  const chunksOfWindows = (windows: readonly Window[], which: { objects?: boolean } = {}) =>
    question(sql.chunkRows(project, windows, which), (rows: readonly ChunkWire[]) => {
      const found = rows.map(chunkRow);
      return new Map(windows.map(({ source }) => [source, chunksFrom(found.filter((row) => row.source === source))]));
    });

  /** The held days, ascending. */
  const holds = (first: string, last: string): Question<HoldRecord[]> =>
    question(sql.holdRows(project, first, last), (rows: readonly HoldRow[]) => holdsOf(rows));

  return {
    /** The highest format that any record was written with. */
    format: (): Question<number> =>
      question(sql.ledgerFormat(), ([row]: readonly { format: number | string }[]) => Number(row?.format ?? 0)),

    /** The project that the name belongs to; undefined if none is recorded. */
    owner: (): Question<Identity | undefined> =>
      question(sql.ownerRows(project), (rows: readonly (Identity & { at: string })[]) => {
        const last = lastRecorded(rows);
        return last && { id: last.id, database: last.database, bucket: last.bucket };
      }),

    /** Every event of every build of a day. */
    builds,

    publishes,

    publishesInBrief,

    /** @param of publishes of the day, if they are asked anyway; those of other days do not count */
    lastGeneration: (
      day: string,
      of: Question<readonly Pick<PublishEvent, 'day' | 'generation'>[]> = publishesInBrief(day),
    ): Question<number> =>
      derived(allOf({ builds: builds(day), of }), (found) =>
        newestGeneration([...found.builds, ...found.of.filter((publish) => publish.day === day)]),
      ),

    standing: (first: string, last = first): Question<Standing> => {
      const reproduced = question(sql.reproducedRows(project, first, last), (rows: readonly Wire<ReproducedRow>[]) =>
        rows.map((row) => counted<ReproducedRow>(row, 'generation', 'build')),
      );
      return derived(allOf({ events: publishes(first, last), reproduced }), (found) => ({
        current: withReproduced(standingOf(found.events), found.reproduced),
        open: openOf(found.events),
      }));
    },

    published: (first: string, last = first): Question<Published> =>
      derived(publishesInBrief(first, last), (events) => ({ current: standingOf(events), open: openOf(events) })),

    holds,

    /** The record that holds a day; undefined where none does. */
    hold: (day: string): Question<HoldRecord | undefined> => derived(holds(day, day), ([held]) => held),

    /** The last event of the newest build of a day; undefined where none was ever begun. */
    latestBuild: (day: string): Question<BuildRecord | undefined> => derived(builds(day), latestBuildOf),

    /** The archives that publishes of some days name, by table name. */
    archives: (first: string, last = first): Question<Map<string, ArchiveRecord>> =>
      derived(
        publishesInBrief(first, last),
        (events) =>
          new Map(
            events
              .filter(({ archive }) => archive !== '')
              .map(({ day, table, generation, archive, last: event }) => [
                archive,
                { day, table, generation, archive, last: event },
              ]),
          ),
      ),

    /**
     * The tests that a published day has passed, by their fingerprints.
     *
     * @param newest generation of what is published
     * @param builds every event of the day's builds
     */
    passed: (
      day: string,
      newest: number,
      builds: readonly Pick<BuildRecord, 'generation' | 'event'>[],
    ): Question<Set<string>> =>
      question(sql.passedRows(project, day), (rows: readonly Wire<PassedRow>[]) =>
        passedOf(
          rows.map((row) => counted<PassedRow>(row, 'generation')),
          newest,
          builds,
        ),
      ),

    /** Chunks of folders `first` to `last` in order of first record, each with what every normalizer made of it. */
    chunksOf: (source: string, first: string, last: string): Question<(RecordedChunk & { folder: string })[]> =>
      derived(chunksOfWindows([{ source, first, last }]), (found) => found.get(source) ?? []),

    /** The same for the folders of several sources, by source. */
    chunksOfWindows: (windows: readonly Window[]): Question<Map<string, (RecordedChunk & { folder: string })[]>> =>
      chunksOfWindows(windows),

    /** The same without their objects. */
    rowsOfWindows: (windows: readonly Window[]): Question<Map<string, Omit<RecordedChunk, 'objects'>[]>> =>
      chunksOfWindows(windows, { objects: false }),
  };
};

/** Folders of a source. */
interface Window {
  source: string;
  first: string;
  last: string;
}

type ReproducedRow = ReproducedRecord & { at: string };

/** Selects all tables of one publish, upstream first. */
export const ofGeneration = <Of extends Pick<PublishEvent, 'generation' | 'position'>>(
  events: readonly Of[],
  generation: number,
): Of[] => events.filter((event) => event.generation === generation).sort((a, b) => a.position - b.position);

type ChunkWire = Omit<ChunkRow, 'objects' | 'rows_by_day'> & {
  objects: Wire<StoredObject>[];
  rows_by_day: Record<string, string>;
};

const chunkRow = ({ objects, rows_by_day: rowsByDay, ...row }: ChunkWire): ChunkRow => ({
  ...row,
  objects: objects.map((object) => counted<StoredObject>(object, 'size')),
  rows_by_day: numbers(rowsByDay),
});
