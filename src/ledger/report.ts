import type { ClickHouse } from '../clickhouse/client.js';
import { isMissingTable } from '../clickhouse/errors.js';
import type { Command } from '../shared/commands.js';
import { EVER } from '../shared/day.js';
import { counted, inGroups, type Wire } from './ledger.js';
import * as sql from './report-statements.js';
import type { LedgerDay } from './staleness.js';
import type { PastBuild, PastChunk } from './throughput.js';

/** A table's day as readers have it. */
export interface PublishedTable {
  day: string;
  table: string;
  generation: number;
  rows: number;
  code: string;
  data: string;
  /** When the swap was seen to have succeeded, in UTC. */
  at: string;
}

/** Where the plan of a build lies, `s3://<bucket>/<key>`, and its generation. */
export interface PlanRecord {
  plan: string;
  generation: number;
}

/** A chunk as one normalizer made it. */
export interface NormalizedChunk {
  folder: string;
  id: string;
  normalizer: string;
}

/** What people ask the ledger; what builds ask it is `openLedger`. */
export type LedgerReport = ReturnType<typeof openLedgerReport>;

export function openLedgerReport(clickhouse: ClickHouse, project: string) {
  const rows = async <Row>(statement: Parameters<ClickHouse['rows']>[0]) =>
    await clickhouse.rows<Row>(statement, { what: 'read the ledger' });

  return {
    /** What readers have of the days `first` to `last`, by table. */
    async publishedTables(first: string, last: string): Promise<PublishedTable[]> {
      const found = await rows<Wire<PublishedTable>>(sql.publishedTables(project, first, last));
      return found.map((row) => counted<PublishedTable>(row, 'generation', 'rows'));
    },

    /** What readers have and what it was made from, whatever chunks that took. */
    publishedInputs: (first: string, last: string) => rows<LedgerDay>(sql.publishedInputs(project, first, last)),

    /** What the reason of a build names to run next; nothing in a ledger of an earlier version. */
    async nextCommands(day: string, generation: number): Promise<Command[]> {
      try {
        const [found] = await rows<{ commands: Command[] }>(sql.nextCommands(project, day, generation));
        return found?.commands ?? [];
      } catch (error) {
        if (isMissingTable(error)) return [];
        throw error;
      }
    },

    /** Chunks that came to be recorded after a day was planned, have rows for it, and are not in what is published of it. */
    unusedChunks: (first: string, last: string) =>
      rows<{ day: string; table: string }>(sql.unusedChunks(project, first, last)),

    /** The first and the last day, up to `until`, of which a build is recorded; undefined where there is none. */
    async knownDays(until: string = EVER[1]): Promise<{ first: string; last: string } | undefined> {
      const [known] = await rows<{ first: string; last: string; records: string }>(sql.knownDays(project, until));
      return known && Number(known.records) > 0 ? { first: known.first, last: known.last } : undefined;
    },

    /** The newest builds that were published. */
    async pastBuilds(most: number): Promise<PastBuild[]> {
      const found = await rows<{ day: string; begun: string; ended: string }>(sql.pastBuilds(project, most));
      return found.map(({ day, begun, ended }) => ({ day, from: Number(begun), to: Number(ended) }));
    },

    /** Chunks that were normalized from a moment on, in milliseconds since 1970. */
    async chunksSince(moment: number): Promise<PastChunk[]> {
      if (!Number.isFinite(moment)) return [];
      const found = await rows<{ folder: string; made: string; bytes: string }>(sql.chunksSince(project, moment));
      return found.map(({ folder, made, bytes }) => ({ folder, at: Number(made), bytes: Number(bytes) }));
    },

    /** Plans by day: of the newest build, and of the newest build that ended well. */
    async plans(first: string, last: string) {
      type Row = { day: string; newest: [string, number]; whole: [string, number] };
      const found = await rows<Row>(sql.plans(project, first, last));
      return new Map(found.map(({ day, newest, whole }) => [day, { newest: planOf(newest), whole: planOf(whole) }]));
    },

    /** For each object of the folders, the chunk and normalizer that were recorded last. */
    newestChunks: (source: string, first: string, last: string) =>
      rows<NormalizedChunk>(sql.newestChunks(project, source, first, last)),

    /** Rejected lines of the chunks by fault, the most frequent first. */
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

const planOf = ([plan, generation]: [string, number]): PlanRecord | null => (plan === '' ? null : { plan, generation });
