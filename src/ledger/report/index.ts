import type { ClickHouse } from '../../clickhouse/client.js';
import { unlessMissing } from '../../clickhouse/errors.js';
import type { Command } from '../../shared/commands.js';
import { inGroups } from '../chunk-groups.js';
import { counted, type Wire } from '../records.js';
import type { LedgerDay } from '../staleness.js';
import * as sql from './statements.js';
import type { PastBuild, PastChunk } from './throughput.js';

/** A table's day as readers have it. */
export interface PublishedState {
  day: string;
  table: string;
  generation: number;
  rows: number;
  code: string;
  data: string;
  /** When the publish was verified, in UTC. */
  at: string;
}

/** The URL of a build's plan, `s3://<bucket>/<key>`, and its generation. */
export interface PlanRecord {
  plan: string;
  generation: number;
}

/** A day with a recorded build. */
export interface RecordedDay {
  day: string;
  /** True if it was ever published. */
  done: boolean;
}

/** A chunk as one normalizer made it. */
export interface NormalizedChunk {
  folder: string;
  id: string;
  normalizer: string;
}

/** People's queries to the ledger; those of builds are in `openLedger`. */
export type LedgerReport = ReturnType<typeof openLedgerReport>;

/** Opens the ledger of a project for queries of people. */
export function openLedgerReport(clickhouse: ClickHouse, project: string) {
  const rows = async <Row>(statement: Parameters<ClickHouse['rows']>[0]) =>
    await clickhouse.rows<Row>(statement, { what: 'read the ledger' });

  return {
    /** Returns what readers have of the days `first` to `last`, by table. */
    async publishedTables(first: string, last: string): Promise<PublishedState[]> {
      const found = await rows<Wire<PublishedState>>(sql.publishedTables(project, first, last));
      return found.map((row) => counted<PublishedState>(row, 'generation', 'rows'));
    },

    /** Returns what readers have and what it was made from, without chunks. */
    publishedInputs: (first: string, last: string) => rows<LedgerDay>(sql.publishedInputs(project, first, last)),

    /** Returns what the reason of a build says to run next; nothing if the ledger was created by an older version. */
    async nextCommands(day: string, generation: number): Promise<Command[]> {
      const [found] = await unlessMissing(
        rows<{ commands: Command[] }>(sql.nextCommands(project, day, generation)),
        [],
      );
      return found?.commands ?? [];
    },

    /** Returns tables' days with rows in a chunk that was recorded after the day was planned and is not part of it. */
    unusedChunks: (first: string, last: string) =>
      rows<{ day: string; table: string }>(sql.unusedChunks(project, first, last)),

    /** Returns the first and the last day that was published; undefined if there is none. */
    async knownDays(): Promise<{ first: string; last: string } | undefined> {
      const [known] = await rows<{ first: string; last: string; records: string }>(sql.knownDays(project));
      return known && Number(known.records) > 0 ? { first: known.first, last: known.last } : undefined;
    },

    /** Returns the days with a recorded build up to `until`, in ascending order. */
    recordedDays: (until: string) => rows<RecordedDay>(sql.recordedDays(project, until)),

    /** Returns the newest published builds. */
    async pastBuilds(most: number): Promise<PastBuild[]> {
      const found = await rows<{ day: string; begun: string; ended: string }>(sql.pastBuilds(project, most));
      return found.map(({ day, begun, ended }) => ({ day, from: Number(begun), to: Number(ended) }));
    },

    /** Returns the chunks that were normalized since a moment, in milliseconds since 1970. */
    async chunksSince(moment: number): Promise<PastChunk[]> {
      if (!Number.isFinite(moment)) return [];
      const found = await rows<{ folder: string; made: string; bytes: string }>(sql.chunksSince(project, moment));
      return found.map(({ folder, made, bytes }) => ({ folder, at: Number(made), bytes: Number(bytes) }));
    },

    /** Returns plans by day: of the newest build, and of the newest successful one. */
    async plans(first: string, last: string) {
      type Row = { day: string; newest: [string, number]; whole: [string, number] };
      const found = await rows<Row>(sql.plans(project, first, last));
      return new Map(
        found.map(({ day, newest, whole }) => [day, { newest: planRecord(newest), whole: planRecord(whole) }]),
      );
    },

    /** Returns, for each object of the folders, the chunk and normalizer that were recorded last. */
    newestChunks: (source: string, first: string, last: string) =>
      rows<NormalizedChunk>(sql.newestChunks(project, source, first, last)),

    /** Counts the rejected lines of the chunks by error, the most frequent first. */
    async rejectReasons(
      source: string,
      folder: string,
      chunks: readonly NormalizedChunk[],
    ): Promise<{ reason: string; lines: number }[]> {
      const found = await inGroups(chunks, (names) =>
        rows<Wire<{ reason: string; lines: number }>>(sql.rejectReasons(project, source, folder, names)),
      );
      const lines = new Map<string, number>();
      for (const one of found) lines.set(one.reason, (lines.get(one.reason) ?? 0) + Number(one.lines));
      return [...lines].map(([reason, count]) => ({ reason, lines: count })).sort((a, b) => b.lines - a.lines);
    },
  };
}

const planRecord = ([plan, generation]: [string, number]): PlanRecord | null =>
  plan === '' ? null : { plan, generation };
