import type { Column } from '../clickhouse/column.js';
import { type Text } from '../shared/sentence.js';
import type { Config } from './config/config.js';

/** Options at the head of a SQL file: comment lines `-- key: value` before the first statement. */
export interface Header {
  /** Earlier days of its inputs that a model reads; 0 when not given. */
  lookback: number;
  /** Whether a day that it looks back on may be missing. */
  holes: 'refuse' | 'allow';
  /** Columns whose values together are found once a day. */
  unique: string[];
  severity: 'error' | 'warn';
  /** Failing rows with which a test still passes; not given: none. */
  tolerate?: { share: number } | { rows: number };
}

/** One file under the project's `sql/`, split but not rewritten: every statement is what the user wrote. */
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

/** A project folder, read and validated as far as that is possible without an engine. */
export interface Project {
  /** Absolute path. */
  dir: string;
  config: Config;
  raw: SqlFile[];
  normalized: SqlFile[];
  aggregates: SqlFile[];
  tests: SqlFile[];
}

/** Every bucket that a project reads or writes, once. */
export const bucketsOf = ({ config }: Project): string[] => [
  ...new Set([config.store.bucket, ...Object.values(config.sources).map(({ bucket }) => bucket)]),
];

/** The longest lookback of any model or test; with `refuse`, of those that want no day missing. */
export const longestLookbackOf = ({ aggregates, tests }: Project, holes?: 'refuse'): number =>
  Math.max(
    0,
    ...[...aggregates, ...tests]
      .filter(({ header }) => holes === undefined || header.holes === holes)
      .map(({ header }) => header.lookback),
  );

/** What the engine says of a table that a file creates. */
export interface TableSchema {
  name: string;
  kind: 'raw' | 'normalized' | 'aggregate';
  file: SqlFile;
  columns: Column[];
  constraints: { name: string; expression: string }[];
  /** The engine's own rendering of the CREATE statement, without the database's name: equal text means an equal table. */
  definition: string;
  /** Columns that the SELECT gives; empty for a raw table. */
  selected: Column[];
  /** Tables of the project that the SELECT reads, sorted. */
  inputs: string[];
  /** Raw tables stand at -1, normalized ones at 0, a model one above the highest of its inputs. */
  level: number;
}

/** The project as the engine understands it. */
export interface Schema {
  /** In the order of `level`, then by name. */
  tables: TableSchema[];
  tests: { file: SqlFile; inputs: string[] }[];
}

/** Something that a person should mend, with the way to do it. */
export interface Problem {
  severity: 'error' | 'warning';
  /** File or config path, such as `sql/normalized/events.sql` or `sources.events.prefix`. */
  where: string;
  /** What was found and what was expected. */
  what: string;
  /** What to do. */
  fix: Text;
}
