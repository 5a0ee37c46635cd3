import { exceedsItsMemory } from '../clickhouse/errors.js';
import { ask, question, type Question } from '../clickhouse/question.js';
import type { Place } from '../clickhouse/tables.js';
import { name, names, table } from '../clickhouse/text.js';
import { bare, isNullable, parseType } from '../conversions/column-types.js';
import { limitsOf } from '../plan/limits.js';
import type { Plan } from '../plan/plan.js';
import type { Dependencies } from '../step/dependencies.js';
import type { Step } from '../step/step.js';

/**
 * Share of its value by which a rebuilt float may differ: ClickHouse adds floats in parallel, so that the order, and with it the last
 * digits, change from run to run. A Float32 holds about 7 digits, a BFloat16 about 2.
 */
const TOLERANCES: Readonly<Record<string, string>> = { Float64: '1e-9', Float32: '1e-6', BFloat16: '1e-2' };

const toleranceOf = (type: string): string | undefined => TOLERANCES[bare(parseType(type)).base];

/** True if the table has a column that is a float, not one that only contains floats. */
const hasFloats = (columns: readonly { type: string }[]): boolean =>
  columns.some(({ type }) => toleranceOf(type) !== undefined);

/**
 * Counts the rows of a table's day that have a partner in the other table: equal in all columns but the floats, whose values differ at
 * most by the tolerance. Rows that are equal but for their floats are paired in the order of these.
 */
function countClose(
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

/**
 * Counts the rows of a day that the live table and the stage share but for the last digits of floats; 0 without floats. Tables that are
 * too large to pair their rows are compared exactly.
 *
 * @param columns that are compared
 */
export const closeRows = async (
  { clickhouse }: Pick<Dependencies, 'clickhouse'>,
  plan: Plan,
  { live, staged }: { live: Place; staged: Place },
  columns: readonly { name: string; type: string }[],
  step: Step,
): Promise<number> =>
  hasFloats(columns)
    ? await ask(
        clickhouse,
        countClose(live, staged, plan.day, columns, limitsOf(plan)),
        step.statement(`compare ${live.table}`),
      ).catch((error: unknown) => {
        if (!exceedsItsMemory(error)) throw error;
        return 0;
      })
    : 0;
