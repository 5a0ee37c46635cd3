import type { Column } from '../clickhouse/column.js';
import { type Text } from '../shared/sentence.js';
import type { Config } from './config/config.js';
import type { Definitions } from './sql/functions.js';

/** Options at the head of a SQL file: comment lines `-- key: value` before the first statement. */
export interface Header {
  /** Earlier days of its inputs that a model reads; default 0. */
  lookback: number;
  /** Whether days that it looks back on may be missing. */
  holes: 'refuse' | 'allow';
  /** Columns whose values together are unique within a day. */
  unique: string[];
  severity: 'error' | 'warn';
  /** Failing rows with which a test still passes; default none. */
  tolerate?: { share: number } | { rows: number };
}

/** One file under the project's `sql/`, split into its statements as the user wrote them. */
export interface SqlFile {
  /** Relative to the project's folder, such as `sql/aggregates/daily_sales.sql`. */
  path: string;
  /** The file's name without `.sql`: the table's name, or the test's. */
  name: string;
  header: Header;
  /** `CREATE TABLE …`; empty in a test. */
  create: string;
  /** The SELECT; empty in a file under `sql/raw/`. */
  select: string;
  /** The whole file. */
  text: string;
}

/** A project folder, read and validated as far as possible without an engine. */
export interface Project {
  /** Absolute path. */
  dir: string;
  config: Config;
  raw: SqlFile[];
  normalized: SqlFile[];
  aggregates: SqlFile[];
  tests: SqlFile[];
}

/** Lists the buckets that a project reads or writes, each once. */
export const bucketsOf = ({ config }: Project): string[] => [
  ...new Set([config.store.bucket, ...Object.values(config.sources).map(({ bucket }) => bucket)]),
];

/** Returns the longest lookback of any model or test; with `refuse`, of those that allow no missing days. */
export const longestLookbackOf = ({ aggregates, tests }: Project, holes?: 'refuse'): number =>
  Math.max(
    0,
    ...[...aggregates, ...tests]
      .filter(({ header }) => holes === undefined || header.holes === holes)
      .map(({ header }) => header.lookback),
  );

/** Returns the longest lookback of any model: this many later days may be stale once a day is published. */
export const modelsLookback = ({ aggregates }: Pick<Project, 'aggregates'>): number =>
  Math.max(0, ...aggregates.map(({ header }) => header.lookback));

/** A table that a file creates, as the engine reports it. */
export interface TableSchema {
  name: string;
  kind: 'raw' | 'normalized' | 'aggregate';
  file: SqlFile;
  columns: Column[];
  constraints: { name: string; expression: string }[];
  /** The CREATE statement as the engine prints it, without the database: equal texts mean equal tables. */
  definition: string;
  /** Columns that the SELECT returns; empty for a raw table. */
  selected: Column[];
  /** Tables of the project that the SELECT reads, sorted. */
  inputs: string[];
  /** -1 for raw tables, 0 for normalized ones, and for a model one more than the highest level of its inputs. */
  level: number;
}

/** The project as the engine understands it. */
export interface Schema {
  /** Ordered by `level`, then by name. */
  tables: TableSchema[];
  tests: { file: SqlFile; inputs: string[] }[];
  /** Dictionaries that any SELECT reads: what they are is not in the SQL. */
  dictionaries: string[];
  /** Functions that users have defined in ClickHouse, as they were when the schema was asked for. */
  functions: Definitions;
}

/** Something that the user should fix. */
export interface Problem {
  severity: 'error' | 'warning';
  /** File or config path, such as `sql/normalized/events.sql` or `sources.events.prefix`. */
  where: string;
  /** What was found and what was expected. */
  what: string;
  /** What to do. */
  fix: Text;
}
