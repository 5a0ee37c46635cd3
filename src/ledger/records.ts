import type { ObjectAccount, QuarantinedObject } from '../shared/accounts.js';
import type { Day } from '../shared/day.js';
import type { Outcome } from '../shared/workflows.js';
import type { StoredObject } from '../store/object.js';

/* The ledger's records, as its readers and writers see them. */

/** A chunk that an earlier build recorded, with its objects as they were then. */
export interface RecordedChunk {
  id: string;
  objects: readonly StoredObject[];
  /** For each normalizer fingerprint, the rows by day that it made of the chunk. */
  rowsByDay: ReadonlyMap<string, Readonly<Record<string, number>>>;
}

/**
 * A recorded decision about vanished objects, so that the next run does not ask again. `keep` and `replace` apply to the objects that
 * they name; `keep-while-empty` only until something new arrives; `empty` names none: the folder is empty on purpose.
 */
export interface FolderAnswer {
  folder: Day;
  answer: 'keep' | 'keep-while-empty' | 'replace' | 'empty';
  objects: readonly StoredObject[];
}

/** A table's day in the ledger: what it is, what it was made from, and what it replaced. */
export interface PublishRecord {
  day: string;
  table: string;
  generation: number;
  /** Order of the swap, upstream first. */
  position: number;
  rows: number;
  /** Decimal digits: a 64-bit sum does not fit a JavaScript number. */
  hash: string;
  /** The columns, in order, that both hashes cover: a column that is added later changes neither. */
  columns: string[];
  code: string;
  data: string;
  inputs: Record<string, string>;
  chunks: string[];
  archive: string;
  archived_rows: number;
  archived_hash: string;
}

/**
 * A publish that readers have. `code`, `data`, `inputs` and `chunks` are those of the newest build that gave these rows, which may be a
 * later build that published nothing.
 */
export interface CurrentPublish extends PublishRecord {
  /** Generation of that build. */
  made_by: number;
  /** The halves of the fingerprint as it was published: what depends on the table's day knows it by them. */
  first_code: string;
  first_data: string;
}

/** A later build that gave the rows of a publish. */
export interface ReproducedRecord extends Pick<
  PublishRecord,
  'day' | 'table' | 'generation' | 'code' | 'data' | 'inputs' | 'chunks'
> {
  /** Generation of the build. */
  build: number;
}

/** The begin or the end of an erasure; never its condition. */
export interface ErasureRecord {
  id: string;
  table: string;
  event: 'begun' | 'done';
  days: readonly string[];
  /** Rows of the live table. */
  rows: number;
}

/** A publish with its latest event. */
export interface PublishEvent extends PublishRecord {
  last: 'intent' | 'done' | 'rollback' | 'undone';
}

/** A publish as the ledger remembers it. */
export interface PublishedVersion extends PublishEvent {
  /** Since when readers had it, in UTC as the engine prints it; '' where they never did. */
  done_at: string;
}

/** An unfinished publish or rollback: its swaps began and did not end. */
export interface OpenIntent extends PublishRecord {
  last: 'intent' | 'rollback';
}

/** The archive of what a publish replaced, with the latest event of that publish. */
export interface ArchiveRecord extends Pick<PublishRecord, 'day' | 'table' | 'generation' | 'archive'> {
  last: PublishEvent['last'];
}

/** A day that no build replaces until it is released. */
export interface HoldRecord {
  day: string;
  /** In UTC, as ClickHouse prints it. */
  since: string;
  reason: string;
}

export interface BuildRecord {
  day: string;
  generation: number;
  event: 'planned' | Outcome;
  at: string;
  step: string;
  reason: string;
}

export interface RejectRecord {
  source: string;
  folder: string;
  object: string;
  line: number;
  reason: string;
  text: string;
  text_bytes: number;
}

export interface FolderRecord extends ObjectAccount {
  folder: string;
  chunk: string;
  normalizer: string;
  /** Why the object was left out; empty where it was read. */
  quarantined: string;
}

export interface DayRecord {
  table: string;
  generation: number;
  rows: number;
  loaded: number;
  duplicates: number;
}

export interface TestRecord {
  test: string;
  status: 'pass' | 'warn' | 'fail';
  failing: number;
  sample: string[];
}

/** One chunk as it was normalized. */
export interface ChunkRecord {
  source: string;
  folder: string;
  chunk: string;
  normalizer: string;
  manifest: string;
  objects: StoredObject[];
  rowsByDay: Record<string, number>;
  accounts: ObjectAccount[];
  quarantined: QuarantinedObject[];
}

/** A record as it arrives in JSON: 64-bit integers are text, because JavaScript's numbers would round them. */
export type Wire<Row> = { [Field in keyof Row]: Row[Field] extends number ? number | string : Row[Field] };

/** Converts the named fields of a row to numbers. */
export const counted = <Row>(row: Wire<Row>, ...numbers: readonly (keyof Row)[]): Row =>
  ({ ...row, ...Object.fromEntries(numbers.map((field) => [field, Number(row[field])])) }) as Row;

/** Fields of a publish that are numbers; hashes do not fit one and stay text. */
export const PUBLISH_COUNTS = ['generation', 'position', 'rows', 'archived_rows'] as const;

export const CURRENT_COUNTS = [...PUBLISH_COUNTS, 'made_by'] as const;

/** Converts the values of a map to numbers. */
export const numbers = (map: Record<string, string>): Record<string, number> =>
  Object.fromEntries(Object.entries(map).map(([key, value]) => [key, Number(value)]));
