import { bare, isComposite, isNullable, parseType, type ColumnType } from '../core/column-types.js';
import { addDays } from '../core/day.js';
import type { Column } from '../core/messages.js';
import type { Statement } from '../core/statement.js';
import { castComposite, castValue } from './casts.js';
import { fromText } from './conversions.js';
import { literal, name, names, table } from './text.js';

/**
 * One day of a model, inserted by name: by position, two columns of one type would swap silently. Every value is converted
 * accurately: -1 or 70000000000 into UInt32, the year 2200 into DateTime and NULL into a column that needs a value are errors.
 *
 * @param model its SELECT, and the columns that the SELECT gives
 * @param window see {@link windowOf}
 */
export const refreshStatement = (
  target: { database: string; table: string },
  columns: readonly Column[],
  { select, selected }: { select: string; selected: readonly Column[] },
  day: string,
  window: string,
): Statement => ({
  sql: `
INSERT INTO ${table(target.database, target.table)} (${names(columns.map(({ name: column }) => column))})
SELECT ${columns.map((column) => converted(column, selected)).join(', ')}
FROM (
${select}
)
${window}`,
  params: { day },
});

function converted({ name: column, type: text }: Column, selected: readonly Column[]): string {
  const type = parseType(text);
  const inner = bare(type);
  const given = parseType(selected.find((one) => one.name === column)?.type ?? text);
  if (isComposite(inner)) return composite(name(column), given, type);
  return `accurateCast(${lossless(name(column), bare(given), inner)}, ${literal(isNullable(type) ? `Nullable(${inner.text})` : inner.text)})`;
}

/** A composite of the column's type, or an error where it would hold something else. */
function composite(value: string, given: ColumnType, wanted: ColumnType): string {
  const { value: made, lost } = castComposite(value, given, wanted, roundedCast);
  // The engine can't choose between two constant tuples.
  const cast = `CAST(${lost === undefined ? made : `materialize(${made})`}, ${literal(wanted.text)})`;
  return lost === undefined
    ? cast
    : `if(${throwIf(lost, value, given, wanted)} = 0, ${cast}, defaultValueOfTypeName(${literal(wanted.text)}))`;
}

/** What models compute in floats is meant to the nearest digit that the column has. */
const roundedCast: typeof castValue = (value, given, wanted) =>
  given.base.startsWith('Float') && wanted.base === 'Decimal'
    ? fromText(wanted, `toString(${nearest(value, wanted)})`)
    : castValue(value, given, wanted);

const nearest = (value: string, wanted: ColumnType) => `round(${value}, ${wanted.literals[1] ?? '0'})`;

const throwIf = (lost: string, value: string, given: ColumnType, wanted: ColumnType) =>
  `throwIf(${lost}, ${literal(`${value}: a value of ${given.text} does not fit ${wanted.text}`)})`;

/** The value, or an error where the column would hold another one. */
function lossless(value: string, given: ColumnType, wanted: ColumnType): string {
  // Integers are checked by the engine's own cast.
  if (given.text === wanted.text || (isInteger(given) && isInteger(wanted))) return value;
  if (given.base.startsWith('Float') && wanted.base === 'Decimal') return `toString(${nearest(value, wanted)})`;
  const cast = castValue(value, given, wanted);
  return `if(${throwIf(`${value} IS NOT NULL AND ${cast} IS NULL`, value, given, wanted)} = 0, ${cast}, NULL)`;
}

const isInteger = ({ base }: ColumnType) => /^U?Int(8|16|32|64)$/.test(base);

/**
 * The SETTINGS clause that limits every table of a stage to the days that one reader declared, whatever others declared and had
 * copied there. The filter holds in CTEs, joins, `IN` and views (tried). A model sees of itself only what is earlier. It is no
 * setting of the request, because those travel in the address, which has room for the filters of a few tables.
 *
 * @param tables by their full names, `database.table`; a short name would also hold for whatever has it as its alias
 */
export function windowOf(tables: readonly string[], day: string, lookback: number, self?: string): string {
  const first = addDays(day, -lookback);
  const until = (name: string) => (name === self ? addDays(day, -1) : day);
  const filters = tables.map(
    (of) => `${literal(of)}: ${literal(`day BETWEEN toDate('${first}') AND toDate('${until(of)}')`)}`,
  );
  return `SETTINGS additional_table_filters = {${filters.join(', ')}}`;
}

/** Keys that stand more than once in a day, with how often, under a name that no key has: the rows that `-- unique:` forbids. */
export const duplicatesOf = (identifier: string, key: readonly string[], day: string): Statement => ({
  sql: `SELECT ${names(key)}, count() AS ${name('how often')} FROM ${name(identifier)} WHERE day = {day:Date} GROUP BY ${names(key)} HAVING count() > 1`,
  params: { day },
});

/** Rows of the day in the largest of the tables: what a share of failing rows is a share of. */
export const largestOf = (tables: readonly string[], day: string): Statement => ({
  sql: `SELECT max(rows) AS rows FROM (${tables
    .map((identifier) => `SELECT count() AS rows FROM ${name(identifier)} WHERE day = {day:Date}`)
    .join(' UNION ALL ')})`,
  params: { day },
});

/** Failing rows of a test in its {@link windowOf}, and how many there are in all. */
export const failingRows = (
  select: string,
  day: string,
  window: string,
  most: number,
): { count: Statement; sample: Statement } => ({
  count: { sql: `SELECT count() AS failing FROM (\n${select}\n)\n${window}`, params: { day } },
  sample: { sql: `SELECT * FROM (\n${select}\n) LIMIT ${most}\n${window}`, params: { day } },
});
