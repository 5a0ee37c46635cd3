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

/** An object that no row was taken from, and why: it can't be read to its end, or is not what its source holds. */
export const quarantinedObject = z.strictObject({ object: z.string(), reason: z.string() });
export type QuarantinedObject = z.infer<typeof quarantinedObject>;

/** The commit of a normalized chunk: the first one put for a (chunk, normalizer) wins, and everybody uses it. */
export const manifest = z.strictObject({
  format: z.literal(1),
  project: z.string(),
  source: z.string(),
  folder: day,
  chunk: fingerprint,
  normalizer: fingerprint,
  objects: z.array(storedObject),
  /** Key of the Parquet object that holds every line's fate; empty where no object was left to read. */
  parquet: z.string(),
  rowsByDay: z.record(day, count),
  accounts: z.array(objectAccount),
  /** Objects that were left out, where the source allows it; their accounts are all zero. */
  quarantined: z.array(quarantinedObject),
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
  onBadObject: z.enum(['fail', 'quarantine']),
  onEmpty: z.enum(['fail', 'publish', 'skip']),
  /** Its table's day is what readers have already: it is copied from live, and none of its chunks is needed. */
  fresh: z.boolean(),
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
  /** Somebody forced this one day: a hold of it does not stand in the way, and is released. A range takes no hold away. */
  overHold: z.boolean(),
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
  /** Where the plan object lies, `s3://<bucket>/<key>`; '' where nothing is built. */
  plan: string;
}

export interface RecoverInput {
  day: string;
  /** Id of the workflow that builds the day, which must be the day's own; left out where nothing is built. */
  workflowId?: string;
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
  /** Newest published generation of the day, after that; 0 where nothing of it is published. */
  published: number;
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
  /** True where the day is before the project's first one, so that it is not run. */
  early?: boolean;
  /** Earlier days that are run first, in ascending order: late ones, whose folders are listed again, and stale ones. */
  late: string[];
  /** True where the day is yesterday by the clock, so that its sources may still be arriving. */
  wait: boolean;
  /** Earlier days of which a day wants none missing. */
  looksBack: number;
  /** Those of the days that had failed before, or were late and not published. */
  bad: string[];
  /** True where the project names a webhook. */
  alerts: boolean;
  ms: number;
}

export interface AuditInput {
  /** The day of the night. */
  day: string;
  /** Days that failed tonight: they have had their own words. */
  failed: string[];
}
export interface AuditResult {
  /** What the night has left to people, each with a command. */
  notes: string[];
  ms: number;
}

/** Something that a person should hear of although nobody looks. */
export interface AlertInput {
  kind: 'failed' | 'deadline' | 'warning' | 'recovered';
  /** The day; '' where it is not known yet. */
  day: string;
  /** The step that failed, or ''. */
  step: string;
  reason: string;
  /** Commands to type next. */
  next: string[];
}
export interface AlertResult {
  /** False where the project names no webhook. */
  sent: boolean;
  ms: number;
}

export interface OutlineInput {
  /** Both inclusive. */
  start: string;
  end: string;
  /** `failed`: days whose last build failed, was cancelled or was cut off. `published`: days that readers have. */
  which: 'all' | 'failed' | 'published';
}
export interface OutlineResult {
  project: string;
  /** Ascending. */
  days: string[];
  /** Earlier days that any model reads: as many later ones may be stale once a day is published. */
  looksBack: number;
  /** Days after which a backfill begins its history anew. */
  daysPerRun: number;
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
  /** How often was looked before, by this run. */
  looks: number;
  /** ISO instant since which the day waits; null where it does not: what is not complete has had its time. */
  since: string | null;
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
  /** Build also what differs by code alone. */
  code?: boolean;
  /** See {@link DayInput}. */
  retry?: string;
  /** See {@link DayInput}. */
  replaceFolder?: boolean;
  keepVanished?: boolean;
  allowEmpty?: boolean;
}
export interface ListResult {
  outcome: 'build' | 'unchanged' | 'skipped' | 'held';
  build: BuildRef;
  objects: number;
  bytes: number;
  chunks: number;
  /** Chunks to normalize, `0 … todo-1` in the plan's own ordering; see `chunksToDo`. */
  todo: number;
  /** Sizes in bytes of the first {@link SIZES_SHOWN} chunks to do, for their summaries. */
  sizes: number[];
  tables: {
    name: string;
    kind: 'normalized' | 'aggregate';
    inputs: string[];
    level: number;
    lookback: number;
    /** Earlier days of itself that its readers need in the stage. */
    keep: number;
  }[];
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
  /** Objects that were left out because they are bad. */
  quarantined: number;
  /** True when a manifest stood already, so that nothing was read. */
  reused: boolean;
  ms: number;
}

/** What a table's day was made of, and whether it differs from what readers have. */
export interface BuiltTable {
  table: string;
  rows: number;
  /** Order-free hash of the day's rows as they were built, in decimal digits. */
  hash: string;
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
  /** Leave the earlier days out: they may not be done yet, and are copied when they are; see {@link LookBackInput}. */
  alone?: boolean;
}
export interface LoadResult extends BuiltTable {
  /** The folder account of folder D. */
  lines: number;
  rejected: number;
  skipped: number;
  blank: number;
  duplicates: number;
  chunks: number;
  /** Objects that are missing in the folders that may hold rows of the day. */
  quarantined: number;
  /** Things a person should know although nothing failed. */
  notes: string[];
}

/** Copies the earlier days of a loaded table into the stage, once the days before this one are done. */
export interface LookBackInput {
  build: BuildRef;
  table: string;
}
export interface LookBackResult {
  /** As in {@link BuiltTable}. */
  earlier: Record<string, string>;
  ms: number;
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
  /** The changed tables, upstream first; `rows` and `hash` are what the stage must hold. */
  tables: Pick<BuiltTable, 'table' | 'rows' | 'hash' | 'fingerprint' | 'data' | 'inputs'>[];
}
/** Later published days with models that look back on a day that was published: stale until they are built again. */
export interface Touched {
  first: string;
  last: string;
  /** How many; those between that read nothing of it are not counted. */
  days: number;
}

export interface PublishResult {
  tables: { table: string; rows: number }[];
  /** From the first swap to the last. */
  burstMs: number;
  touched: Touched | null;
  ms: number;
}

export interface PlanRollbackInput {
  day: string;
}
/** The publish that is taken back, pinned in the history so that no retry takes back another one. */
export interface PlanRollbackResult {
  /** The rollback's own generation: builds that were planned before it must not publish any more. */
  build: BuildRef;
  undoes: number;
  tables: string[];
  ms: number;
}

export interface RollbackInput {
  build: BuildRef;
  undoes: number;
  /** Why, for those who meet the held day. */
  reason: string;
}
export interface RollbackResult {
  /** What readers have now; `generation` 0 where the table had never been published before. */
  tables: { table: string; rows: number; generation: number }[];
  touched: Touched | null;
  ms: number;
}

export interface CompareInput {
  build: BuildRef;
}
export interface CompareResult {
  tables: ComparedTable[];
  ms: number;
}
/** What readers have of a table's day, and what a rebuild made of it. */
export interface ComparedTable {
  table: string;
  equal: boolean;
  liveRows: number;
  rebuiltRows: number;
  /** True where its SQL or its table was edited since the day was published, so that it may well differ. */
  edited: boolean;
}

export interface VerifyInput {
  first: string;
  last: string;
}
export interface VerifyResult {
  days: number;
  /** Tables' days that were compared with the ledger. */
  tables: number;
  /** The first {@link DIFFERENCES_SHOWN} of them, by day. */
  differences: Difference[];
  /** How many there are in all. */
  found: number;
  ms: number;
}
export const DIFFERENCES_SHOWN = 50;

/** A table's day that readers have otherwise than it was published. */
export interface Difference {
  /** `rows`: other rows than were published. `unknown`: rows that nobody published. `open`: a publish that has not ended. */
  kind: 'rows' | 'unknown' | 'open';
  table: string;
  day: string;
  /** What the live table has, and what the ledger says. */
  found: number;
  expected: number;
  /** One sentence: found, expected, and the command that mends it. */
  what: string;
}

export interface SweepInput {
  /** The day that has ended well, whose own stages go whatever their age; null where only old things go. */
  day: string | null;
  /** The newest of its generations whose stage goes: a sweep that was forgotten must not end a newer build. */
  generation?: number;
}
export interface SweepResult {
  stages: number;
  archives: number;
  /** Bytes of the archives that stay; rows that the live table still has count too, although they take no space twice. */
  archivedBytes: number;
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

/** How a day ended well. `held`: left as it is on request. `different`: a comparison found rows that a rebuild would not make. */
export type GoodOutcome = 'published' | 'unchanged' | 'skipped' | 'held' | 'rolled-back' | 'different';
export type Outcome = GoodOutcome | 'failed' | 'cancelled';

export interface DayInput {
  day: string;
  /** Rebuild every table of the day although nothing changed. */
  force?: boolean;
  /** Set by the nightly schedule: wait for the sources until their deadline. */
  wait?: boolean;
  /** Since when it waits, an ISO instant; set by the workflow itself when its history is begun anew. */
  waiting?: string;
  /** Set by the nightly schedule for a late day that is not good yet: look once whether its sources are complete. */
  complete?: boolean;
  /** Take the newest publish of the day back instead of building it, and hold the day. */
  rollback?: boolean;
  /** Why the day is rolled back and held, for those who meet it later. */
  reason?: string;
  /** Build the day aside and compare it with what readers have; publish nothing. */
  compare?: boolean;
  /** Build also tables that differ by code alone, as a backfill does. */
  code?: boolean;
  /** Feed the chunks of folder D that hold rejects or quarantined objects again; any word that names the occasion. */
  retry?: string;
  /** Where objects of the published day are gone: what is listed now is the truth, and their rows go. */
  replaceFolder?: boolean;
  /** Where objects of the published day are gone and new ones came: the old rows stay beside the new ones. */
  keepVanished?: boolean;
  /** A folder without objects is an empty day, whatever the source's `onEmpty` says. */
  allowEmpty?: boolean;
  /** Set by a backfill: normalize and load at once, then wait for the signal `open` before models are refreshed. */
  gated?: boolean;
}

export interface DayResult {
  day: string;
  outcome: GoodOutcome;
  generation: number;
  listed: { objects: number; bytes: number; chunks: number };
  normalized: {
    chunks: number;
    lines: number;
    rows: number;
    rejected: number;
    skipped: number;
    blank: number;
    quarantined: number;
  };
  loaded: { table: string; rows: number; duplicates: number; rejected: number; changed: boolean }[];
  refreshed: { table: string; rows: number; changed: boolean }[];
  tested: { passed: number; warned: { test: string; rows: number }[] };
  published: { table: string; rows: number }[];
  touched: Touched | null;
  /** A publish that a crash had left open was ended first, so that the day may differ from what it was. */
  mended: boolean;
  /** Where the day was built aside to be compared: each table of it. */
  compared?: ComparedTable[];
  /** What each step did, in words, and how long it took in milliseconds; in the order of the night. */
  steps: StepTold[];
  notes: string[];
}

/** How a day failed; kept beside the message of its failure, which is of the type `DayFailed`. */
export interface DayFailure {
  step: string;
  /** The type of what failed the step, one of src/errors.ts; '' where it was no failure of ours. */
  type: string;
  reason: string;
}

/** How a day ended that another workflow ran. */
export interface DayEnded {
  day: string;
  outcome: Outcome;
  /** Of a failed or cancelled day: why, and the command to type next; else ''. */
  reason: string;
  failure: DayFailure | null;
  /** What the day answered; null where it failed or was cancelled. */
  result: DayResult | null;
}

export interface NightlyInput {
  /** Left out by the schedule: the day before its nominal time, in the project's zone. */
  day?: string;
}
/** A night with a failed day answers nothing: it fails, and keeps this beside its message. */
export interface NightlyResult {
  day: string;
  days: { day: string; outcome: Outcome; reason: string }[];
  /** What a person should know although nothing failed, each with the day that it is about or a command. */
  notes: string[];
  /** Where readers have other rows than were published, each with the command that mends it. */
  differences: string[];
}

export interface BackfillInput {
  /** Both inclusive. */
  start: string;
  end: string;
  /** Rebuild every table of every day; the same as `reprocess: 'all'`. */
  force?: boolean;
  /** Days under way at once; 4 where nobody says. The signal `concurrency` changes it. */
  concurrency?: number;
  /** `none`: look at every day and build what is stale, by data or by code. `failed`: only days whose last build failed. */
  reprocess?: 'none' | 'failed' | 'all';
  /** The first failed day ends the backfill; by default it does not stop the others. */
  failFast?: boolean;
  /** Of each day that would fail as `FolderRewritten`: see {@link DayInput}. Days whose folders were only thinned keep their rows. */
  replaceFolder?: boolean;
  keepVanished?: boolean;
  /** Of each day whose folder never held objects: see {@link DayInput}. */
  allowEmpty?: boolean;
  /** How far it is; set by the workflow itself when its history is begun anew. */
  state?: BackfillState;
}

export interface BackfillState {
  /** Whether the days of the range are run, or later ones that look back on them. */
  phase: 'range' | 'later';
  /** The first day that is not done. */
  next: string;
  /** Days known so far; grows by the later ones. */
  total: number;
  counts: Record<Outcome, number>;
  /** Rows loaded of the days that were published. */
  rows: number;
  /** The first of them; `counts` knows how many there are. */
  failed: FailedDay[];
  paused: boolean;
  concurrency: number;
  /** Days after the range that may have become stale. */
  later: { first: string; last: string } | null;
  /** ISO instant of the very first start. */
  since: string;
  /** Milliseconds in which it was paused and nothing ran. */
  idle: number;
}

/** A day that is neither published nor left alone. */
export interface FailedDay {
  day: string;
  outcome: Outcome;
  step: string;
  /** The type of what failed the step, one of src/errors.ts; left out where it is not known. */
  type?: string;
  reason: string;
}

/** The answer to a backfill's query `progress`. */
export interface BackfillProgress {
  start: string;
  end: string;
  phase: BackfillState['phase'];
  total: number;
  done: number;
  counts: Record<Outcome, number>;
  rows: number;
  /** Days under way, oldest first; models of the first one are being built, the others may be waiting for it. */
  running: string[];
  failed: FailedDay[];
  paused: boolean;
  concurrency: number;
  since: string;
  idle: number;
}

export interface BackfillResult {
  start: string;
  end: string;
  /** `failed` where any day did. */
  outcome: 'published' | 'unchanged' | 'failed';
  counts: Record<Outcome, number>;
  rows: number;
  failed: FailedDay[];
  /** Days of the range that were not run, after a failed one ended the backfill. */
  notRun: number;
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
  /** What the day waits for, one sentence for each source; empty when it waits for nothing. */
  missing: string[];
  told: StepTold[];
}
