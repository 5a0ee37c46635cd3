import { literal, name } from '../../src/clickhouse/text.js';
import { bare, elementOf, type ColumnType } from '../../src/conversions/column-types.js';
import { decimalSize } from '../../src/conversions/numbers.js';

/**
 * A value in the plain form that the oracle compares: digits for numbers and times, bits for floats, bytes in hexadecimal digits for
 * texts; lists for lists, maps and tuples. `value` is an expression of the type that a chunk holds.
 */
export function plain(type: ColumnType, value: string): string {
  const inner = bare(type);
  switch (inner.base) {
    case 'Array':
      return `arrayMap(x -> ${plain(elementOf(inner, 0), 'x')}, ${value})`;
    case 'Map':
      return `arrayMap(x -> (lower(hex(x.1)), ${plain(elementOf(inner, 1), 'x.2')}), arrayZip(mapKeys(${value}), mapValues(${value})))`;
    case 'Tuple':
      return `tuple(${inner.of.map((part, index) => plain(part.type, `tupleElement(${value}, ${index + 1})`)).join(', ')})`;
    default:
      return scalar(inner, value);
  }
}

function scalar(type: ColumnType, value: string): string {
  const { base } = type;
  if (/^(String|FixedString|Enum\d+)$/.test(base))
    return `lower(hex(${base.startsWith('Enum') ? `toString(${value})` : value}))`;
  if (base === 'Float32') return `toString(reinterpretAsUInt32(${value}))`;
  if (base === 'Float64') return `toString(reinterpretAsUInt64(${value}))`;
  if (base === 'Decimal') {
    const { scale } = decimalSize(type);
    const digits = `replaceOne(toDecimalString(${value}, ${scale}), '.', '')`;
    return `replaceRegexpOne(replaceRegexpOne(${digits}, '^(-?)0+([0-9])', '\\\\1\\\\2'), '^-0$', '0')`;
  }
  if (base === 'DateTime') return `toString(toUnixTimestamp(${value}))`;
  if (base === 'DateTime64') return `toString(reinterpretAsInt64(${value}))`;
  if (base.startsWith('Date')) return `toString(toInt32(${value}))`;
  if (base === 'Bool') return `toString(toUInt8(${value}))`;
  if (base === 'IPv4') return `toString(toUInt32(${value}))`;
  if (base === 'IPv6') return `lower(hex(${value}))`;
  return `toString(${value})`;
}

/** One line of JSON for each row of a chunk: its line, fate, reason, and the values that are not empty, by column. */
export function plainRows(columns: readonly { name: string; type: ColumnType }[]): string {
  const pairs = columns.map(({ name: column, type }) => {
    const value = `toJSONString(${plain(type, name(column))})`;
    return `(${literal(column)}, ${value}, ${literal(JSON.stringify(emptyOf(type)))})`;
  });
  return `toJSONString((toString(_line), toString(_fate), _reason,
  arrayMap(x -> (x.1, x.2), arrayFilter(x -> x.2 != x.3, [${pairs.join(',\n    ')}]))))`;
}

function emptyOf(type: ColumnType): unknown {
  const inner = bare(type);
  if (inner.base === 'Array' || inner.base === 'Map') return [];
  return inner.base === 'Tuple' ? inner.of.map((part) => emptyOf(part.type)) : null;
}
