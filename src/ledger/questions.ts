import { question, type Question } from '../clickhouse/question.js';
import type { StoredObject } from '../store/object.js';
import type { Identity } from './identity.js';
import type {
  ArchiveRecord,
  BuildRecord,
  HoldRecord,
  OpenIntent,
  PublishEvent,
  CurrentPublish,
  RecordedChunk,
} from './records.js';
import { counted, CURRENT_COUNTS, numbers, PUBLISH_COUNTS, type Wire } from './records.js';
import * as sql from './statements.js';

/** What is published of some days, and the unfinished publishes. */
export interface Standing {
  /** As {@link Ledger.currentPublishes} gives it. */
  current: CurrentPublish[];
  /** As {@link Ledger.openIntents} gives it. */
  open: OpenIntent[];
}

/** What a build asks the ledger, each question by itself, so that a step asks all of its own in one request. */
export const ledgerQuestions = (project: string) => ({
  /** The highest format that any record was written with. */
  format: (): Question<number> =>
    question(sql.ledgerFormat(), ([row]: readonly { format: number | string }[]) => Number(row?.format ?? 0)),

  /** The project that the name belongs to; undefined if none is recorded. */
  owner: (): Question<Identity | undefined> => question(sql.owner(project), ([row]: readonly Identity[]) => row),

  lastGeneration: (day: string): Question<number> =>
    question(sql.lastGeneration(project, day), ([row]: readonly { generation: number | string }[]) =>
      Number(row?.generation ?? 0),
    ),

  standing: (first: string, last = first): Question<Standing> =>
    question(sql.standingPublishes(project, first, last), (rows: readonly Wire<Found>[]) => {
      const found = rows.map((row) => counted<Found>(row, ...CURRENT_COUNTS));
      return { current: found.filter(({ last }) => last === 'done'), open: found.filter(isOpen).sort(inSwapOrder) };
    }),

  publishesOf: (day: string, generation: number): Question<PublishEvent[]> =>
    question(sql.publishesOf(project, day, generation), (rows: readonly Wire<PublishEvent>[]) =>
      rows.map((row) => counted<PublishEvent>(row, ...PUBLISH_COUNTS)),
    ),

  /** The record that holds a day; undefined where none does. */
  hold: (day: string): Question<HoldRecord | undefined> =>
    question(sql.holds(project, day, day), ([row]: readonly HoldRecord[]) => row),

  /** The last event of the newest build of a day; undefined where none was ever begun. */
  latestBuild: (day: string): Question<BuildRecord | undefined> =>
    question(sql.latestBuilds(project, day, day), ([row]: readonly BuildRecord[]) => row),

  /** The archives that publishes of some days name, by table name. */
  archives: (first: string, last = first): Question<Map<string, ArchiveRecord>> =>
    question(
      sql.archives(project, first, last),
      (rows: readonly Wire<ArchiveRecord>[]) =>
        new Map(rows.map((row) => [row.archive, counted<ArchiveRecord>(row, 'generation')])),
    ),

  /** Chunks of folders `first` to `last` in order of first record, each with what every normalizer made of it. */
  chunksOf: (source: string, first: string, last: string): Question<(RecordedChunk & { folder: string })[]> =>
    question(sql.chunksOf(project, source, first, last), chunksFrom),

  /** The same for the folders of several sources, by source. */
  chunksOfWindows: (
    windows: readonly { source: string; first: string; last: string }[],
  ): Question<Map<string, (RecordedChunk & { folder: string })[]>> =>
    question(sql.chunksOfWindows(project, windows), bySource(windows)),

  /** The same without their objects. */
  rowsOfWindows: (
    windows: readonly { source: string; first: string; last: string }[],
  ): Question<Map<string, Omit<RecordedChunk, 'objects'>[]>> =>
    question(sql.chunksOfWindows(project, windows, { objects: false }), bySource(windows)),
});

type Found = CurrentPublish & PublishEvent;

const isOpen = (event: Found): event is Found & OpenIntent => event.last === 'intent' || event.last === 'rollback';

const inSwapOrder = (a: OpenIntent, b: OpenIntent) =>
  a.day < b.day ? -1 : a.day > b.day ? 1 : a.generation - b.generation || a.position - b.position;

interface ChunkRow {
  folder: string;
  chunk: string;
  normalizer: string;
  objects: Wire<StoredObject>[];
  rows_by_day: Record<string, string>;
}

const bySource = (windows: readonly { source: string }[]) => (rows: readonly (ChunkRow & { source: string })[]) =>
  new Map(windows.map(({ source }) => [source, chunksFrom(rows.filter((row) => row.source === source))]));

function chunksFrom(rows: readonly ChunkRow[]): (RecordedChunk & { folder: string })[] {
  const found = new Map<
    string,
    { folder: string; id: string; objects: StoredObject[]; rowsByDay: Map<string, Record<string, number>> }
  >();
  for (const row of rows) {
    const id = `${row.folder}/${row.chunk}`;
    const chunk = found.get(id) ?? {
      folder: row.folder,
      id: row.chunk,
      objects: row.objects.map((object) => counted<StoredObject>(object, 'size')),
      rowsByDay: new Map(),
    };
    chunk.rowsByDay.set(row.normalizer, numbers(row.rows_by_day));
    found.set(id, chunk);
  }
  return [...found.values()];
}
