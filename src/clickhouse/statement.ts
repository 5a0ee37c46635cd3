/** A statement with everything that belongs to it. Values go in `params` and are bound by the engine, never joined into text. */
export interface Statement {
  sql: string;
  /** Values for `{name:Type}` in the text. */
  params?: Record<string, unknown>;
  settings?: Record<string, string | number>;
}
