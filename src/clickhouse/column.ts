/** A column as ClickHouse describes it. */
export interface Column {
  name: string;
  type: string;
  /** '', 'DEFAULT', 'MATERIALIZED' or 'ALIAS'. */
  defaultKind: string;
}
