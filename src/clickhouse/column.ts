/** A column as ClickHouse describes it. */
export interface Column {
  name: string;
  type: string;
  /** '', 'DEFAULT', 'MATERIALIZED' or 'ALIAS'. */
  defaultKind: string;
  /** What numbers count in a time column of a contract, by its comment; undefined where none is given. */
  unit?: 'seconds' | 'milliseconds' | 'microseconds' | 'nanoseconds' | undefined;
}
