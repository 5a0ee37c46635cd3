/** Where a build stands: enough for any worker to find everything else. */
export interface BuildRef {
  day: string;
  generation: number;
  /** Where the plan object lies, `s3://<bucket>/<key>`; '' where nothing is built. */
  plan: string;
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

/** Later published days with models that look back on a day that was published: stale until they are built again. */
export interface Touched {
  first: string;
  last: string;
  /** How many; those between that read nothing of it are not counted. */
  days: number;
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
