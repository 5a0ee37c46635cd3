import { literal } from '../clickhouse/text.js';
import { bare, isComposite, type ColumnType } from './column-types.js';
import { cast, decimal, float, integer, matches, wideInteger } from './numbers.js';
import { date, dateTime } from './times.js';

/**
 * How a text becomes a value, by type. Every conversion returns NULL for a text that does not fit, and never changes a value:
 * ClickHouse's own casts turn 30 February into March, clamp years, drop digits, and complete `10:00` with today's date.
 */
type Scalar = (type: ColumnType, text: string) => string;

/** Makes a cast that applies only if `test` is true for the text; NULL otherwise. */
const castIf =
  (test: (type: ColumnType, text: string) => string): Scalar =>
  (type, text) =>
    `if(${test(type, text)}, ${cast(type, text)}, NULL)`;

const enumText: Scalar = (type, text) => {
  const allowed = type.literals.map((pair) => pair.replace(/\s*=\s*-?\d+$/, ''));
  return `if(${text} IN (${allowed.join(', ')}), CAST(${text}, ${literal(`Nullable(${type.text})`)}), NULL)`;
};

const SCALARS: Record<string, Scalar> = {
  String: (_type, text) => text,
  FixedString: castIf((type, text) => `length(${text}) <= ${type.literals[0] ?? '0'}`),
  Bool: castIf((_type, text) => `lower(${text}) IN ('true', 'false', '1', '0')`),
  Int8: integer,
  Int16: integer,
  Int32: integer,
  Int64: integer,
  UInt8: integer,
  UInt16: integer,
  UInt32: integer,
  UInt64: integer,
  Int128: wideInteger,
  Int256: wideInteger,
  UInt128: wideInteger,
  UInt256: wideInteger,
  Float32: float,
  Float64: float,
  Decimal: decimal,
  Date: date,
  Date32: date,
  DateTime: dateTime,
  DateTime64: dateTime,
  UUID: castIf((_type, text) => matches(text, '^[0-9A-Fa-f]{8}-?([0-9A-Fa-f]{4}-?){3}[0-9A-Fa-f]{12}$')),
  Enum8: enumText,
  Enum16: enumText,
  IPv4: cast,
  IPv6: cast,
};

/** Converts a text to a scalar type; NULL if it does not fit. Types that a contract cannot have use ClickHouse's own cast. */
export const fromText = (type: ColumnType, text: string): string => (SCALARS[type.base] ?? cast)(type, text);

/** Returns the first part of a type that a contract cannot have; undefined if all of it is supported. */
export function unsupportedIn(type: ColumnType): string | undefined {
  const inner = bare(type);
  if (!isComposite(inner)) return inner.base in SCALARS ? undefined : inner.text;
  if (inner.base === 'Nested') return inner.text;
  if (inner.base === 'Tuple' && inner.of.some(({ name: field }) => field === ''))
    return `${inner.text} (its fields need names)`;
  if (inner.base === 'Map' && bare(inner.of[0]?.type ?? inner).base !== 'String')
    return `${inner.text} (JSON keys are Strings)`;
  return inner.of.map(({ type: part }) => unsupportedIn(part)).find((found) => found !== undefined);
}
