/** A statement with its parameters and settings. Values are bound by ClickHouse, never concatenated. */
export interface Statement {
  sql: string;
  /** Values for `{name:Type}` in the text. */
  params?: Record<string, unknown>;
  settings?: Record<string, string | number>;
}
