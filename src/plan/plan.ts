import { z } from 'zod';
import type { Column } from '../clickhouse/column.js';
import { keptColumn } from '../conversions/kept-column.js';
import type { StoredObject } from '../store/object.js';
import { day, count, fingerprint } from './fields.js';
import { storedObject } from './manifest.js';

/** A set of objects of one folder, normalized together. `id` is a hash of the sorted (key, ETag) pairs. */
const plannedChunk = z.strictObject({
  id: fingerprint,
  folder: day,
  /** Absent in a plan of many objects: see `writePlan`. */
  objects: z.array(storedObject).min(1).optional(),
  /** True if it was normalized before, with the plan's normalizer. */
  recorded: z.boolean(),
});

/** A chunk as it was made, with its objects. */
export type Chunk = z.infer<typeof plannedChunk> & { objects: StoredObject[] };

/** The line of its file on which a SELECT begins; absent in plans of earlier versions. */
const line = count.optional();

/** Everything that determines a source's rows, fixed when the build was planned. */
export const plannedSource = z.strictObject({
  name: z.string(),
  bucket: z.string(),
  format: z.enum(['ndjson', 'parquet']),
  /** The contract: columns of `raw_<source>`, without `_source`. */
  contract: z.array(keptColumn),
  /** The normalizing SELECT, as the user wrote it. */
  select: z.string(),
  line,
  /** What that SELECT returns, by ClickHouse. */
  selected: z.array(keptColumn),
  /** CHECK constraints of the normalized table: a row that breaks one is rejected with its name. */
  constraints: z.array(z.strictObject({ name: z.string(), expression: z.string() })),
  arrival: z.strictObject({ before: count, after: count }),
  normalizer: fingerprint,
  dedupeBy: z.union([
    z.array(z.string()),
    z.strictObject({ key: z.array(z.string()), keep: z.enum(['first', 'last']), by: z.string() }),
  ]),
  /** A share (such as 0.01) or a number of the lines of folder D. */
  maxRejects: z.strictObject({ share: z.number().optional(), lines: count.optional() }),
  onBadObject: z.enum(['fail', 'quarantine']),
  onEmpty: z.enum(['fail', 'publish', 'skip']),
  /** The day of its table is up to date: it is copied from live, and no chunk is needed. */
  fresh: z.boolean(),
  chunks: z.array(plannedChunk),
});

export type PlannedSource = z.infer<typeof plannedSource>;

/** A source as it was planned, with the objects of its chunks. */
export type WholeSource = Omit<PlannedSource, 'chunks'> & { chunks: Chunk[] };

/** A table of the build. `code` and `data` are the two halves of its fingerprint: what made it, and from what. */
export const plannedTable = z.strictObject({
  name: z.string(),
  kind: z.enum(['normalized', 'aggregate']),
  columns: z.array(keptColumn),
  /** Empty for a normalized table: its SELECT belongs to its source. */
  select: z.string(),
  line,
  /** What that SELECT returns, by ClickHouse. */
  selected: z.array(keptColumn),
  /** Tables it reads; for a normalized table, none. */
  inputs: z.array(z.string()),
  /** 0 for normalized tables; a model is one level above the highest of its inputs. */
  level: count,
  unique: z.array(z.string()),
  /** Earlier days of its inputs that it reads. */
  lookback: count,
  /** Earlier days of the table that its readers need in the stage, and how many of them must not be missing. */
  keep: z.strictObject({ days: count, strict: count }),
  code: fingerprint,
});

export type PlannedTable = z.infer<typeof plannedTable>;

/** What is published of a table's day; no other build publishes it while this one runs. */
const publishedTable = z.strictObject({
  table: z.string(),
  generation: count,
  /** Generation of the newest build that gave these rows; absent in plans of earlier versions. */
  madeBy: count.optional(),
  /** What others know it by; absent in plans of earlier versions. */
  fingerprint: fingerprint.optional(),
  rows: count,
  hash: z.string(),
  /** The columns that the hash was taken over. */
  columns: z.array(z.string()),
  code: fingerprint,
  data: fingerprint,
  chunks: z.array(fingerprint),
});

export type PublishedTable = z.infer<typeof publishedTable>;

/** What a publish of a table's day has been known by, and its rows. */
const pastPublish = z.strictObject({
  table: z.string(),
  generation: count,
  fingerprint,
  /** The half of the fingerprint for the data. */
  data: fingerprint,
  rows: count,
  hash: z.string(),
});

export type PastPublish = z.infer<typeof pastPublish>;

const plannedTest = z.strictObject({
  name: z.string(),
  sql: z.string(),
  /** Definitions of the functions of users that it names, if any; left out while workers of earlier versions poll. */
  functions: z.array(z.string()).optional(),
  line,
  severity: z.enum(['error', 'warn']),
  /** Failing rows that are tolerated: a number, or a share of the day's rows in the largest of its inputs. */
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
  /** The first day that should exist; undefined if the config has no `start`. */
  start: day.optional(),
  generation: count,
  /** The node of a cluster on which the day is built; absent on a single server. */
  node: z.string().optional(),
  force: z.boolean(),
  /** A forced run of this one day: it overrides a hold, and releases it. A range does not. */
  overHold: z.boolean(),
  /** The build removes rows that a person asked to erase: held days are no exception, and stay held. */
  erases: z.boolean().optional(),
  /** Where manifests and Parquet objects are written: a bucket and a prefix that ends in `/`. */
  normalized: z.strictObject({ bucket: z.string(), prefix: z.string() }),
  /** Threads (0: the engine's choice) and bytes of memory that one statement may use. The longest line of JSON, in bytes. */
  limits: z.strictObject({ threads: count, memory: count, longestLine: count.optional() }),
  sources: z.array(plannedSource),
  tables: z.array(plannedTable),
  tests: z.array(plannedTest),
  /** What readers have of the day. */
  published: z.array(publishedTable),
  /** Definitions of the functions of users that any SELECT names, if any; left out while workers of earlier versions poll. */
  functions: z.array(z.string()).optional(),
  /** Every publish of the day, also those that were undone; absent while workers of earlier versions poll. */
  history: z.array(pastPublish).optional(),
});

export type Plan = z.infer<typeof plan>;

/** A plan as it was made, with the objects of all chunks. */
export type WholePlan = Omit<Plan, 'sources'> & { sources: WholeSource[] };

/** Columns of a table, as the plan has them. */
export const plannedColumns = (plan: Plan, table: string): Column[] =>
  plan.tables.find(({ name }) => name === table)?.columns ?? [];
