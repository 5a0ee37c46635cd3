/** A reference to a build: enough for any worker to find everything else. */
export interface BuildRef {
  day: string;
  generation: number;
  /** URL of the plan object, `s3://<bucket>/<key>`; '' if nothing is built. */
  plan: string;
  /** The node of a cluster on which it is built; absent on a single server. */
  node?: string;
}

/** What a table's day was made of, and whether it differs from what readers have. */
export interface BuiltTable {
  table: string;
  rows: number;
  /** Order-independent hash of the day's rows as they were built, in decimal digits. */
  hash: string;
  /** Fingerprint of code and data together; that of the publish if `changed` is false. */
  fingerprint: string;
  data: string;
  changed: boolean;
  /** Generation of the publish whose rows were built again; absent if the rows differ, or were not built. */
  reproduces?: number;
  /** Fingerprints of its earlier days in the stage, for models that look back, by day. */
  earlier: Record<string, string>;
  /** Fingerprints of what it was made from, by name; see `inputsRead`. Empty for a normalized table, whose chunks are in the plan. */
  inputs: Record<string, string>;
  ms: number;
}

/** A table that differs from what readers have, with what its stage must hold. */
export type ChangedTable = Pick<BuiltTable, 'table' | 'rows' | 'hash' | 'fingerprint' | 'data' | 'inputs'>;

/** A table that was built with the rows that readers have already, and the generation of that publish. */
export type SameTable = Pick<BuiltTable, 'table' | 'data' | 'inputs'> & { generation: number };

/** Returns what is published of a build, and what is only recorded as built again; in the order of `names`. */
export function toPublish(
  names: readonly string[],
  built: ReadonlyMap<string, BuiltTable>,
): { tables: ChangedTable[]; same?: SameTable[] } {
  const all = names.flatMap((name) => built.get(name) ?? []);
  const same = all.flatMap(({ table, reproduces, data, inputs }) =>
    reproduces === undefined ? [] : [{ table, generation: reproduces, data, inputs }],
  );
  const tables = all.flatMap(({ table, changed, rows, hash, fingerprint, data, inputs }) =>
    changed ? [{ table, rows, hash, fingerprint, data, inputs }] : [],
  );
  return { tables, ...(same.length > 0 ? { same } : {}) };
}

/** Later published days that look back on a day that was just published: stale until they are rebuilt. */
export interface Touched {
  first: string;
  last: string;
  /** How many; days in between that do not read it are not counted. */
  days: number;
}

/** What readers have of a table's day, and what a rebuild made of it. */
export interface ComparedTable {
  table: string;
  equal: boolean;
  /** True if it is equal only but for the last digits of floats. */
  close?: true;
  liveRows: number;
  rebuiltRows: number;
  /** True if its SQL or its table was edited since the day was published, which explains a difference. */
  edited: boolean;
}

/** The step that the ledger has for all records of a comparison, which is no build: it leaves the day in the state that it is in. */
export const COMPARISON = 'compare';
