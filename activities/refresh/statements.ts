import type { Column } from '../../src/clickhouse/column.js';
import type { Statement } from '../../src/clickhouse/statement.js';
import { literal, name, names, table } from '../../src/clickhouse/text.js';
import { castComposite, castValue } from '../../src/conversions/casts.js';
import { bare, isComposite, isNullable, parseType, type ColumnType } from '../../src/conversions/column-types.js';
import { fromText } from '../../src/conversions/scalars.js';

/**
 * Inserts one day of a model by column name: by position, two columns of one type could be swapped silently. Values are never
 * changed: -1 or 70000000000 into UInt32, the year 2200 into DateTime and NULL into a column that is not Nullable are errors.
 *
 * @param model its SELECT, and the columns that the SELECT returns
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
SELECT ${columns.map((column) => castColumn(column, selected)).join(', ')}
FROM (
${select}
)
${window}`,
  params: { day },
});

function castColumn({ name: column, type: text }: Column, selected: readonly Column[]): string {
  const type = parseType(text);
  const inner = bare(type);
  const given = parseType(selected.find((one) => one.name === column)?.type ?? text);
  if (isComposite(inner)) return composite(name(column), given, type);
  return `accurateCast(${lossless(name(column), bare(given), inner)}, ${literal(isNullable(type) ? `Nullable(${inner.text})` : inner.text)})`;
}

/** Casts a composite to the column's type; an error if a value would change. */
function composite(value: string, given: ColumnType, wanted: ColumnType): string {
  const { value: made, fault } = castComposite(value, given, wanted, '', { scalar: roundedCast, objects: false });
  const lost = fault && `${fault} != ''`;
  // ClickHouse's `if` does not accept two constant tuples.
  const cast = `CAST(${lost === undefined ? made : `materialize(${made})`}, ${literal(wanted.text)})`;
  return lost === undefined
    ? cast
    : `if(${throwIf(lost, value, given, wanted)} = 0, ${cast}, defaultValueOfTypeName(${literal(wanted.text)}))`;
}

/** Rounds floats to the column's scale: models compute in floats. */
const roundedCast: typeof castValue = (value, given, wanted) =>
  given.base.startsWith('Float') && wanted.base === 'Decimal'
    ? fromText(wanted, `toString(${nearest(value, wanted)})`)
    : castValue(value, given, wanted);

const nearest = (value: string, wanted: ColumnType) => `round(${value}, ${wanted.literals[1] ?? '0'})`;

const throwIf = (lost: string, value: string, given: ColumnType, wanted: ColumnType) =>
  `throwIf(${lost}, ${literal(`${value}: a value of ${given.text} does not fit ${wanted.text}`)})`;

/** Casts a scalar; an error if the value would change. */
function lossless(value: string, given: ColumnType, wanted: ColumnType): string {
  // ClickHouse's own cast checks integers.
  if (given.text === wanted.text || (isInteger(given) && isInteger(wanted))) return value;
  if (given.base.startsWith('Float') && wanted.base === 'Decimal') return `toString(${nearest(value, wanted)})`;
  const cast = castValue(value, given, wanted);
  return `if(${throwIf(`${value} IS NOT NULL AND ${cast} IS NULL`, value, given, wanted)} = 0, ${cast}, NULL)`;
}

const isInteger = ({ base }: ColumnType) => /^U?Int(8|16|32|64)$/.test(base);
