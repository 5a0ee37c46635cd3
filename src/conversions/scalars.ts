import { literal } from '../clickhouse/text.js';
import { bare, isComposite, type ColumnType } from './column-types.js';
import { cast, decimal, float, integer, matches, wideInteger } from './numbers.js';
import { date, dateTime } from './times.js';

/**
 * How a text becomes a value, by type. Every conversion fails to NULL and never bends a value to fit: the engine's own casts roll
 * 30 February over into March, clamp years, drop digits and read the clock for `10:00`.
 */
type Scalar = (type: ColumnType, text: string) => string;

/** Casts that are only trusted when `test` holds for the text. */
const castIf =
  (test: (type: ColumnType, text: string) => string): Scalar =>
  (type, text) =>
    `if(${test(type, text)}, ${cast(type, text)}, NULL)`;

const oneOf: Scalar = (type, text) => {
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
  Enum8: oneOf,
  Enum16: oneOf,
  IPv4: cast,
  IPv6: cast,
};

/** A text as a value of a scalar type, or NULL where it does not fit. For types that no contract holds, the engine decides. */
export const fromText = (type: ColumnType, text: string): string => (SCALARS[type.base] ?? cast)(type, text);

/** The first part of a type that a contract can't hold, or undefined where all of it can be converted. */
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
