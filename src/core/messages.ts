import { z } from 'zod';
import { isDay } from './day.js';

/**
 * Every shape that leaves a process: through Temporal, into the store, into the ledger. Payloads through Temporal hold keys,
 * counts and names of tables; nothing in them grows with objects or rows.
 */

export const day = z.string().refine(isDay, 'expected a date that exists, written YYYY-MM-DD');
const count = z.int().nonnegative();
const fingerprint = z.string().regex(/^[0-9a-f]{32}$/);

// ---- what is read from the store -----------------------------------------------------------------------------------------

/** One object of a source's folder, as a listing shows it. `etag` without quotes, `size` in bytes. */
export const storedObject = z.strictObject({ key: z.string(), etag: z.string(), size: count });
export type StoredObject = z.infer<typeof storedObject>;

/** A set of objects of one folder, normalized together. `id` is a hash of the sorted (key, ETag) pairs. */
export const chunk = z.strictObject({
  id: fingerprint,
  folder: day,
  objects: z.array(storedObject).min(1),
  /** True when the ledger holds its manifest already under the plan's normalizer. */
  recorded: z.boolean(),
});
export type Chunk = z.infer<typeof chunk>;

/** What became of one object's raw lines: lines = rows + rejected + skipped + blank. */
export const objectAccount = z.strictObject({
  object: z.string(),
  lines: count,
  rows: count,
  rejected: count,
  skipped: count,
  blank: count,
});
export type ObjectAccount = z.infer<typeof objectAccount>;

/** The commit of a normalized chunk: the first one put for a (chunk, normalizer) wins, and everybody uses it. */
export const manifest = z.strictObject({
  format: z.literal(1),
  project: z.string(),
  source: z.string(),
  folder: day,
  chunk: fingerprint,
  normalizer: fingerprint,
  objects: z.array(storedObject),
  /** Key of the Parquet object that holds every line's fate; undefined when no line was left to write. */
  parquet: z.string(),
  rowsByDay: z.record(day, count),
  accounts: z.array(objectAccount),
});
export type Manifest = z.infer<typeof manifest>;

// ---- the plan: one object in the store for each build ----------------------------------------------------------------------

/** A column as the engine names it. */
export const column = z.strictObject({
  name: z.string(),
  type: z.string(),
  /** '', 'DEFAULT', 'MATERIALIZED' or 'ALIAS'. */
  defaultKind: z.string(),
});
export type Column = z.infer<typeof column>;

/** All that shapes a row of a source, frozen when the build was planned. */
export const plannedSource = z.strictObject({
  name: z.string(),
  bucket: z.string(),
  format: z.enum(['ndjson', 'parquet']),
  /** The contract: columns of `raw_<source>`, without `_source`. */
  contract: z.array(column),
  /** The normalizing SELECT, as the user wrote it. */
  select: z.string(),
  /** What that SELECT gives, by the engine. */
  selected: z.array(column),
  /** CHECK constraints of the normalized table: a row that breaks one is rejected with its name. */
  constraints: z.array(z.strictObject({ name: z.string(), expression: z.string() })),
  arrival: z.strictObject({ before: count, after: count }),
  normalizer: fingerprint,
  dedupeBy: z.array(z.string()),
  /** A share (0.01) or a number of lines of folder D. */
  maxRejects: z.strictObject({ share: z.number().optional(), lines: count.optional() }),
  chunks: z.array(chunk),
});
export type PlannedSource = z.infer<typeof plannedSource>;

/** A table of the build. `code` and `data` are the two halves of its fingerprint: what made it, and from what. */
export const plannedTable = z.strictObject({
  name: z.string(),
  kind: z.enum(['normalized', 'aggregate']),
  columns: z.array(column),
  /** Empty for a normalized table: its SELECT belongs to its source. */
  select: z.string(),
  /** What that SELECT gives, by the engine. */
  selected: z.array(column),
  /** Tables it reads; for a normalized table, none. */
  inputs: z.array(z.string()),
  /** 0 for normalized tables; a model stands one level above the highest of its inputs. */
  level: count,
  unique: z.array(z.string()),
  /** Earlier days of its inputs that it reads. */
  lookback: count,
  /** Earlier days of itself that its readers need beside the built one, and how many of them must not be missing. */
  keep: z.strictObject({ days: count, strict: count }),
  code: fingerprint,
});
export type PlannedTable = z.infer<typeof plannedTable>;

export const plannedTest = z.strictObject({
  name: z.string(),
  sql: z.string(),
  severity: z.enum(['error', 'warn']),
  /** Failing rows with which it still passes: a number, or a share of the day's rows in the largest of its inputs. */
  tolerate: z.strictObject({ share: z.number().optional(), rows: count.optional() }),
  /** Tables it reads. */
  inputs: z.array(z.string()),
  lookback: count,
});
export type PlannedTest = z.infer<typeof plannedTest>;

export const plan = z.strictObject({
  format: z.literal(1),
  project: z.string(),
  zone: z.string(),
  database: z.string(),
  day,
  /** The first day that should exist; undefined where the project does not say. */
  start: day.optional(),
  generation: count,
  force: z.boolean(),
  /** Where manifests and Parquet objects are written: a bucket and a prefix that ends in `/`. */
  normalized: z.strictObject({ bucket: z.string(), prefix: z.string() }),
  /** Threads (0: the engine's choice) and bytes of memory that one statement may use. */
  limits: z.strictObject({ threads: count, memory: count }),
  sources: z.array(plannedSource),
  tables: z.array(plannedTable),
  tests: z.array(plannedTest),
});
export type Plan = z.infer<typeof plan>;

// ---- inputs and results of the activities ------------------------------------------------------------------------------------

/** Milliseconds. They travel in the first activity's result, so that a test can shorten them without touching a workflow. */
export const timings = z.strictObject({
  heartbeat: count,
  startToClose: count,
  retryFirst: count,
  retryMost: count,
  giveUpAfter: count,
});
export type Timings = z.infer<typeof timings>;

/** Where a build stands: enough for any worker to find everything else. */
export interface BuildRef {
  day: string;
  generation: number;
  /** Key of the plan object in the normalized zone. */
  plan: string;
}

export interface RecoverInput {
  day: string;
}
export interface RecoverResult {
  project: string;
  zone: string;
  timings: Timings;
  /** Chunks normalized at once, models refreshed at once. */
  normalizeSlots: number;
  refreshConcurrency: number;
  /** A publish that a crash had left open, and how it was ended. */
  mended: { generation: number; how: 'finished' | 'undone'; tables: number } | null;
  ms: number;
}

export interface SurveyInput {
  /** Given by hand; else the day before `nominal`. */
  day: string | null;
  /** The schedule's own time of this run, as an ISO instant. */
  nominal: string;
}
export interface SurveyResult {
  project: string;
  day: string;
  /** Late days in ascending order: published ones are looked at again, holes are closed. */
  late: string[];
  ms: number;
}

export interface AttendInput {
  /** Id of a workflow that was found running. */
  workflowId: string;
}
export interface AttendResult {
  outcome: Outcome;
  ms: number;
}

export interface WaitInput {
  day: string;
}
export interface WaitResult {
  ready: boolean;
  /** One sentence for each source that is not ready; empty when all are. */
  missing: string[];
  /** How long to sleep before asking again. */
  againInMs: number;
  ms: number;
}

export interface ListInput {
  day: string;
  force: boolean;
}
export interface ListResult {
  outcome: 'build' | 'unchanged' | 'skipped';
  build: BuildRef;
  objects: number;
  bytes: number;
  chunks: number;
  /** Indexes into the plan's chunks that have no recorded manifest are `0 … todo-1` after the plan's own ordering. */
  todo: number;
  /** Sizes in bytes of the first {@link SIZES_SHOWN} chunks to do, for their summaries. */
  sizes: number[];
  tables: { name: string; kind: 'normalized' | 'aggregate'; inputs: string[]; level: number; lookback: number }[];
  tests: number;
  /** Why the day is built, or why it is left alone; sentences for people. */
  reasons: string[];
  /** Things a person should know although nothing failed: vanished objects, tables stale by code. */
  notes: string[];
  ms: number;
}
export const SIZES_SHOWN = 256;

export interface NormalizeInput {
  build: BuildRef;
  /** Position among the chunks that the plan leaves to do. */
  chunk: number;
}
export interface NormalizeResult {
  source: string;
  lines: number;
  rows: number;
  rejected: number;
  skipped: number;
  blank: number;
  /** True when a manifest stood already, so that nothing was read. */
  reused: boolean;
  ms: number;
}

/** What a table's day was made of, and whether it differs from what readers have. */
export interface BuiltTable {
  table: string;
  rows: number;
  /** Fingerprint of code and data together; equal to the ledger's when `changed` is false. */
  fingerprint: string;
  data: string;
  changed: boolean;
  /** Fingerprints of its earlier days that stand in the stage for those who look back on them, by day. */
  earlier: Record<string, string>;
  /** What it was made from, by name; see `inputsRead`. Empty for a normalized table, whose chunks are in the plan. */
  inputs: Record<string, string>;
  ms: number;
}

export interface LoadInput {
  build: BuildRef;
  table: string;
}
export interface LoadResult extends BuiltTable {
  /** The folder account of folder D. */
  lines: number;
  rejected: number;
  skipped: number;
  blank: number;
  duplicates: number;
  chunks: number;
}

export interface RefreshInput {
  build: BuildRef;
  table: string;
  /** Fingerprints of the inputs as they stand in this build's stage, by name; the model's own earlier days it adds itself. */
  inputs: Record<string, string>;
}
export type RefreshResult = BuiltTable;

export interface TestInput {
  build: BuildRef;
}
export interface TestResult {
  passed: number;
  warned: { test: string; rows: number }[];
  ms: number;
}

export interface PublishInput {
  build: BuildRef;
  /** The changed tables, upstream first. */
  tables: { table: string; fingerprint: string; data: string; inputs: Record<string, string> }[];
}
export interface PublishResult {
  tables: { table: string; rows: number }[];
  /** From the first swap to the last. */
  burstMs: number;
  /** Later published days with models that look back on the day: stale until they are built again. */
  touched: string[];
  ms: number;
}

export interface SweepInput {
  day: string;
  build: BuildRef | null;
}
export interface SweepResult {
  stages: number;
  archives: number;
  objects: number;
  ms: number;
}

/** The end of a build, for the ledger: what `daybook status` shows without asking Temporal. */
export interface ConcludeInput {
  day: string;
  build: BuildRef | null;
  outcome: Outcome;
  step: string;
  reason: string;
}

// ---- inputs and results of the workflows -----------------------------------------------------------------------------------

export type Outcome = 'published' | 'unchanged' | 'skipped' | 'failed' | 'cancelled';

export interface DayInput {
  day: string;
  /** Rebuild every table of the day although nothing changed. */
  force?: boolean;
  /** Set by the nightly schedule: wait for the sources until their deadline. */
  wait?: boolean;
}

export interface DayResult {
  day: string;
  outcome: 'published' | 'unchanged' | 'skipped';
  generation: number;
  listed: { objects: number; bytes: number; chunks: number };
  normalized: { chunks: number; lines: number; rows: number; rejected: number; skipped: number; blank: number };
  loaded: { table: string; rows: number; duplicates: number; rejected: number; changed: boolean }[];
  refreshed: { table: string; rows: number; changed: boolean }[];
  tested: { passed: number; warned: { test: string; rows: number }[] };
  published: { table: string; rows: number }[];
  /** What each step did, in words, and how long it took in milliseconds; in the order of the night. */
  steps: StepTold[];
  notes: string[];
}

export interface NightlyInput {
  /** Left out by the schedule: the day before its nominal time, in the project's zone. */
  day?: string;
}
export interface NightlyResult {
  day: string;
  days: { day: string; outcome: Outcome; reason: string }[];
}

/** One line of the night's story. */
export interface StepTold {
  step: string;
  what: string;
  ms: number;
}

/** What a person sees of a running day; the answer to the query `progress`. */
export interface DayProgress {
  day: string;
  /** The step that is running, with its own count: `normalize`, 3 of 12 done. */
  step: string;
  done: number;
  total: number;
  told: StepTold[];
}
