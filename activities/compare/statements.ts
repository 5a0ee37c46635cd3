import { question, type Question } from '../../src/clickhouse/question.js';
import type { Place } from '../../src/clickhouse/tables.js';
import { name, names, table } from '../../src/clickhouse/text.js';
import { bare, isNullable, parseType } from '../../src/conversions/column-types.js';

/**
 * Share of its value by which a rebuilt float may differ: ClickHouse adds floats in parallel, so that the order, and with it the last
 * digits, change from run to run. A Float32 holds about 7 digits, a BFloat16 about 2.
 */
const TOLERANCES: Readonly<Record<string, string>> = { Float64: '1e-9', Float32: '1e-6', BFloat16: '1e-2' };

const toleranceOf = (type: string): string | undefined => TOLERANCES[bare(parseType(type)).base];

/** True if the table has a column that is a float, not one that only contains floats. */
export const hasFloats = (columns: readonly { type: string }[]): boolean =>
  columns.some(({ type }) => toleranceOf(type) !== undefined);

/**
 * Counts the rows of a table's day that have a partner in the other table: equal in all columns but the floats, whose values differ at
 * most by the tolerance. Rows that are equal but for their floats are paired in the order of these.
 */
export function countClose(
  one: Place,
  other: Place,
  day: string,
  columns: readonly { name: string; type: string }[],
  settings: Record<string, number>,
): Question<number> {
  const floats = columns.filter(({ type }) => toleranceOf(type) !== undefined);
  const exact = columns.filter(({ type }) => toleranceOf(type) === undefined).map((column) => column.name);
  const missing = floats
    .filter(({ type }) => isNullable(parseType(type)))
    .map((column) => `isNull(${name(column.name)})`);
  const values = floats.map((column) => `ifNull(toFloat64(${name(column.name)}), 0)`).join(', ');
  const numbered = ({ database, table: of }: Place) => `(
  SELECT key, value, row_number() OVER (PARTITION BY key ORDER BY value) AS number
  FROM
  (
    SELECT cityHash64(tuple(${[names(exact), ...missing].join(', ')})) AS key, [${values}] AS value
    FROM ${table(database, of)}
    WHERE day = {day:Date}
  )
)`;
  const tolerances = `[${floats.map(({ type }) => toleranceOf(type)).join(', ')}]`;
  return question(
    {
      sql: `
SELECT countIf(arrayAll(
  (a, b, share) -> a = b OR isNaN(a) AND isNaN(b) OR abs(a - b) <= share * greatest(abs(a), abs(b)),
  one.value, other.value, ${tolerances})) AS close
FROM ${numbered(one)} AS one
INNER JOIN ${numbered(other)} AS other ON one.key = other.key AND one.number = other.number`,
      params: { day },
      settings: { ...settings, prefer_column_name_to_alias: 1 },
    },
    ([row]: readonly { close: string }[]) => Number(row?.close ?? 0),
  );
}

/** Returns whether rows of the day were erased, in which case its raw objects may hold rows that must not come back. */
export const wasErased = (project: string, day: string): Question<boolean> =>
  question(
    {
      sql: `
SELECT count() AS erasures
FROM daybook.erasures
WHERE project = {project:String} AND event = 'done' AND has(days, {day:Date})`,
      params: { project, day },
    },
    ([row]: readonly { erasures: string }[]) => Number(row?.erasures ?? 0) > 0,
  );
