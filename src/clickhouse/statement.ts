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
}
