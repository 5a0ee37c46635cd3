import { bare, isComposite, isNullable, parseType } from '../core/column-types.js';
import type { Column } from '../core/messages.js';
import type { Statement } from '../core/statement.js';
import { literal, name, names, table } from './text.js';

/**
 * One day of a model, inserted by name: by position, two columns of one type would swap silently. Every value is converted
 * accurately: -1 into UInt32, 70000000000 into UInt32 and NULL into a column that needs a value are errors.
 */
export const refreshStatement = (
  target: { database: string; table: string },
  columns: readonly Column[],
  select: string,
  day: string,
): Statement => ({
  sql: `
INSERT INTO ${table(target.database, target.table)} (${names(columns.map(({ name: column }) => column))})
SELECT ${columns.map(converted).join(', ')}
FROM (
${select}
)`,
  params: { day },
});

function converted({ name: column, type: text }: Column): string {
  const type = parseType(text);
  if (isComposite(bare(type))) return `CAST(${name(column)}, ${literal(text)})`;
  return `accurateCast(${name(column)}, ${literal(isNullable(type) ? `Nullable(${bare(type).text})` : bare(type).text)})`;
}

/** Keys that stand more than once in a day, with how often: the rows that `-- unique:` forbids. */
export const duplicatesOf = (identifier: string, key: readonly string[], day: string): Statement => ({
  sql: `SELECT ${names(key)}, count() AS times FROM ${name(identifier)} WHERE day = {day:Date} GROUP BY ${names(key)} HAVING times > 1`,
  params: { day },
});

/** Failing rows of a test, and how many there are in all. */
export const failingRows = (select: string, day: string, most: number): { count: Statement; sample: Statement } => ({
  count: { sql: `SELECT count() AS failing FROM (\n${select}\n)`, params: { day } },
  sample: { sql: `SELECT * FROM (\n${select}\n) LIMIT ${most}`, params: { day } },
});
