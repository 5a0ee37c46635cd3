/** A column as the engine names it. */
export interface Column {
  name: string;
  type: string;
  /** '', 'DEFAULT', 'MATERIALIZED' or 'ALIAS'. */
  defaultKind: string;
}
