/**
 * Settings of every statement: a profile of the user could have others, with which ClickHouse gives a part of the rows and no error. A
 * limit of the profile is then an error, and limits of what it prints, such as `limit`, are off.
 */
export const ALL_ROWS: Record<string, string | number> = {
  read_overflow_mode: 'throw',
  group_by_overflow_mode: 'throw',
  sort_overflow_mode: 'throw',
  distinct_overflow_mode: 'throw',
  set_overflow_mode: 'throw',
  join_overflow_mode: 'throw',
  result_overflow_mode: 'throw',
  timeout_overflow_mode: 'throw',
  limit: 0,
  offset: 0,
  additional_result_filter: '',
};

/** A statement with its parameters and settings. Values are bound by ClickHouse, never concatenated. */
export interface Statement {
  sql: string;
  /** Values for `{name:Type}` in the text. */
  params?: Record<string, unknown>;
  settings?: Record<string, string | number>;
  /** What a plain SELECT returns, as in its text; see {@link selectOf}. */
  columns?: string;
}

/**
 * Makes a plain SELECT: one without DISTINCT, ORDER BY and LIMIT. Several of them are asked together without a subquery each, which
 * the engine would plan for as long as it reads a small table.
 *
 * @param rest the text from FROM on
 */
export const selectOf = (columns: string, rest: string): Pick<Statement, 'sql' | 'columns'> => ({
  sql: `SELECT ${columns}\n${rest}`,
  columns,
});

/**
 * Makes the same of a text whose FROM begins a line.
 *
 * @throws RangeError if it has none
 */
export function plainSelect(sql: string): Pick<Statement, 'sql' | 'columns'> {
  const [, columns, rest] = /^SELECT (.*?)\n(FROM .*)$/s.exec(sql) ?? [];
  if (columns === undefined || rest === undefined)
    throw new RangeError(`not a SELECT with FROM on a line of its own: ${sql}`);
  return selectOf(columns, rest);
}
