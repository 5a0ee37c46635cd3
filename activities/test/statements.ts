import type { Statement } from '../../src/clickhouse/statement.js';
import { name, names } from '../../src/clickhouse/text.js';

/** Selects the keys that occur more than once in a day, and how often: the rows that `-- unique:` forbids. */
export const duplicatesOf = (identifier: string, key: readonly string[], day: string): Statement => ({
  sql: `SELECT ${names(key)}, count() AS ${name('how often')} FROM ${name(identifier)} WHERE day = {day:Date} GROUP BY ${names(key)} HAVING count() > 1`,
  params: { day },
});

/** Counts the rows of the day in the largest of the tables: the base of a tolerated share. */
export const largestOf = (tables: readonly string[], day: string): Statement => ({
  sql: `SELECT max(rows) AS rows FROM (${tables
    .map((identifier) => `SELECT count() AS rows FROM ${name(identifier)} WHERE day = {day:Date}`)
    .join(' UNION ALL ')})`,
  params: { day },
});

/** Selects failing rows of a test within its {@link windowOf}, and counts them all. */
export const failingRows = (
  select: string,
  day: string,
  window: string,
  most: number,
): { count: Statement; sample: Statement } => ({
  count: { sql: `SELECT count() AS failing FROM (\n${select}\n)\n${window}`, params: { day } },
  sample: { sql: `SELECT * FROM (\n${select}\n) LIMIT ${most}\n${window}`, params: { day } },
});
