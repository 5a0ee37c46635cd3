import { literal, name } from '../clickhouse/text.js';
import { bare, isComposite, isNullable, parseType, type ColumnType } from './column-types.js';

/**
 * How the text of a JSON leaf becomes a value of a type. Every conversion returns NULL for a text that does not fit, and never changes
 * a value: ClickHouse's own casts turn 30 February into March, clamp years, drop digits, and complete `10:00` with today's date.
 */
export interface Conversion {
  /** Expression of the value; NULL (for composites: empty) if the text does not fit or is missing. */
  value: string;
  /** Expression that is true if a text is present and does not fit. */
  unfit: string;
}

/** A JSON leaf: its text without quotes (NULL if missing or null), and its JSON type. All are expressions. */
interface Leaf {
  text: string;
  jsonType: string;
  /** The original text that contains it; undefined in arrays and maps, which would copy that text for each element. */
  written?: string;
}

type Scalar = (type: ColumnType, text: string) => string;

const cast: Scalar = (type, text) => `accurateCastOrNull(${text}, ${literal(type.text)})`;

/** Makes a cast that applies only if `test` is true for the text; NULL otherwise. */
const castIf =
  (test: (type: ColumnType, text: string) => string, value: Scalar = cast): Scalar =>
  (type, text) =>
    `if(${test(type, text)}, ${value(type, text)}, NULL)`;

const matches = (text: string, pattern: string) => `match(${text}, ${literal(pattern)})`;

const integer: Scalar = cast;

/** Casts to 128 and 256 bits, which wrap around silently: the value must print as the text it came from. */
const wideInteger: Scalar = (type, text) => `if(toString(${cast(type, text)}) = ${text}, ${cast(type, text)}, NULL)`;

const float: Scalar = castIf((type, text) => `isFinite(ifNull(${cast(type, text)}, nan))`);

/** Casts to Decimal. Digits beyond the scale must be zeros and digits before the point must fit: ClickHouse checks neither. */
const decimal: Scalar = castIf((type, text) => {
  const { precision, scale } = decimalSize(type);
  const plain =
    matches(text, `^[+-]?0*[0-9]{0,${precision - scale}}([.][0-9]{0,${scale}}0*)?$`) + ` AND ${matches(text, '[0-9]')}`;
  return scale < EXPONENT_FROM ? plain : `(${plain} OR ${smallDecimal(text, scale)})`;
});

/** Scale from which exponents matter: ClickHouse returns JSON numbers below a millionth as `1.2e-7`. */
const EXPONENT_FROM = 7;

/** Writes a condition: the text is such a number, and its last digit is within the scale. */
const smallDecimal = (text: string, scale: number) =>
  `(${matches(text, '^[+-]?[0-9]([.][0-9]+)?e-[0-9]{1,2}$')} AND length(extract(${text}, '[.]([0-9]+)e')) + toUInt8OrZero(extract(${text}, 'e-([0-9]+)$')) <= ${scale})`;

const ISO_DATE = '^[0-9]{4}-[0-9]{2}-[0-9]{2}$';

/** Casts to a date. The result must print as the text, in the narrow type too: parsers roll over, casts wrap around. */
const date: Scalar = (type, text) => {
  const wide = `toDate32OrNull(${text})`;
  const value = type.base === 'Date' ? `CAST(${wide}, 'Nullable(Date)')` : wide;
  return `if(${matches(text, ISO_DATE)} AND toString(${wide}) = ${text} AND toString(${value}) = ${text}, ${value}, NULL)`;
};

const dateTime: Scalar = (type, text) => {
  const zone = type.literals.at(-1) ?? "'UTC'";
  const digits = type.base === 'DateTime' ? 0 : Number(type.literals[0] ?? 3);
  const fraction = digits === 0 ? '([.]0*)?' : `([.][0-9]{0,${digits}}0*)?`;
  const pattern = `^(19[0-9]{2}|2[0-2][0-9]{2})-[0-9]{2}-[0-9]{2}[T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]${fraction})?${OFFSET}?$`;
  // Without a fraction the parser clamps to the range of DateTime, whatever the type.
  const parsed = Math.max(digits, 1);
  const value = narrowed(type, `parseDateTime64BestEffortOrNull(${text}, ${parsed}, ${zone})`, parsed, digits);
  // Without an offset the text is a local time, and some local times do not exist: clocks jump in spring.
  const clock = `substring(toString(${value}), 1, 16) = concat(substring(${text}, 1, 10), ' ', substring(${text}, 12, 5))`;
  return `if(${matches(text, pattern)} AND (${matches(text, `${OFFSET}$`)} OR ${clock}), ${value}, NULL)`;
};

/** No time zone is more than 14 hours from UTC. */
const OFFSET = '(Z|[+-](0[0-9]|1[0-4]):?[0-5][0-9])';

/** Casts a moment to the type. Beyond the range of DateTime the cast wraps around, so the result must equal the moment. */
function narrowed(type: ColumnType, moment: string, parsed: number, digits: number): string {
  if (parsed === digits) return moment;
  const value = `accurateCastOrNull(${moment}, ${literal(type.text)})`;
  return `if(${value} = ${moment}, ${value}, NULL)`;
}

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

/** Converts one column of the contract from its leaf of the line. `line` and `leaf` are expressions, `key` is the JSON key. */
export const convertColumn = (columnType: string, key: string, line: string, leaf: string): Conversion =>
  convert(parseType(columnType), { text: leaf, jsonType: `JSONType(${line}, ${literal(key)})`, written: line });

/** Converts one column from an expression of its JSON text, which is never NULL. */
export const convertJson = (columnType: string, json: string): Conversion =>
  convert(parseType(columnType), { text: json, jsonType: `JSONType(${json})`, written: json });

function convert(type: ColumnType, leaf: Leaf): Conversion {
  const inner = bare(type);
  switch (inner.base) {
    case 'Array':
      return convertArray(inner, leaf);
    case 'Map':
      return convertMap(inner, leaf);
    case 'Tuple':
      return convertTuple(inner, leaf);
    default:
      return convertScalar(type, inner, leaf);
  }
}

function convertScalar(type: ColumnType, inner: ColumnType, leaf: Leaf): Conversion {
  const scalar = SCALARS[inner.base];
  if (!scalar) throw new RangeError(`a contract can't hold ${type.text}`);
  const converted = scalar(inner, leaf.text);
  const lost = lostDigits(leaf);
  const value = EXACT.test(inner.base) ? `if(${lost}, NULL, ${converted})` : converted;
  // An object or array instead of a text arrives as JSON text; only then is the line parsed a second time.
  const nested = `(startsWith(${leaf.text}, '{') OR startsWith(${leaf.text}, '[')) AND ${leaf.jsonType} IN ('Object', 'Array')`;
  const unfit = {
    String: `ifNull(${nested}, false) OR ${lost}`,
    FixedString: `${leaf.text} IS NOT NULL AND (${value} IS NULL OR ${nested} OR ${lost})`,
  }[inner.base];
  return { value, unfit: unfit ?? `${leaf.text} IS NOT NULL AND ${value} IS NULL` };
}

/** Types other than text in which every digit counts. */
const EXACT = /^(U?Int\d+|Decimal)$/;

/** Digits that every number keeps when it is read as a double. */
const DOUBLE_DIGITS = 15;

/** Length of the longest text of a double. */
const DOUBLE_TEXT = 25;

/**
 * Writes a condition: a JSON number with a fraction or an exponent has more digits than a double keeps, so its text is another number,
 * unless it was written exactly so. The JSON type, which costs a second parse of the line, is read only if the text looks like one.
 */
function lostDigits({ text, jsonType, written }: Leaf): string {
  const length = `length(${text}) BETWEEN ${DOUBLE_DIGITS + 1} AND ${DOUBLE_TEXT}`;
  const digits = `length(replaceRegexpAll(${text}, '^[-+0.]+|[.]|e.*$', '')) > ${DOUBLE_DIGITS}`;
  const number = matches(text, '^[-+]?[0-9]+([.][0-9]+)?(e[-+]?[0-9]+)?$');
  const changed = written === undefined ? '' : ` AND NOT ${occurs(text, written)}`;
  return `ifNull(${length} AND ${number} AND ${digits} AND ${jsonType} = 'Double'${changed}, false)`;
}

/** Writes a condition: a number's text occurs in another text, not as the beginning of a longer number. */
const occurs = (text: string, written: string) => {
  const at = `position(${written}, ifNull(${text}, ''))`;
  return `(${at} > 0 AND NOT match(substring(${written}, ${at} + length(${text}), 1), '[0-9.eE]'))`;
};

/** Makes a leaf of a raw JSON value with its quotes. */
const rawLeaf = (raw: string): Leaf => ({
  text: `JSONExtract(${raw}, 'Nullable(String)')`,
  jsonType: `JSONType(${raw})`,
});

/** Writes a condition: a part of a composite does not fit, or is missing although its type is not Nullable. */
function required(type: ColumnType, part: Conversion, leaf: Leaf): string {
  return isNullable(type) || isComposite(bare(type)) ? part.unfit : `(${part.unfit} OR ${leaf.text} IS NULL)`;
}

function convertArray(type: ColumnType, leaf: Leaf): Conversion {
  const element = elementOf(type, 0);
  const one = rawLeaf('x');
  const part = convert(element, one);
  const raw = `JSONExtractArrayRaw(ifNull(${leaf.text}, ''))`;
  return {
    value: `CAST(arrayMap(x -> ${part.value}, ${raw}), ${literal(holding(type))})`,
    unfit: `${leaf.text} IS NOT NULL AND (${leaf.jsonType} != 'Array' OR arrayExists(x -> ${required(element, part, one)}, ${raw}))`,
  };
}

function convertMap(type: ColumnType, leaf: Leaf): Conversion {
  const element = elementOf(type, 1);
  const one = rawLeaf('x.2');
  const part = convert(element, one);
  const raw = `JSONExtractKeysAndValuesRaw(ifNull(${leaf.text}, ''))`;
  return {
    value: `CAST(arrayMap(x -> (x.1, ${part.value}), ${raw}), ${literal(holding(type))})`,
    unfit: `${leaf.text} IS NOT NULL AND (${leaf.jsonType} != 'Object' OR arrayExists(x -> ${required(element, part, one)}, ${raw}))`,
  };
}

/** Converts a Tuple. All fields come from one parse; a field's JSON type is read only if its text is ambiguous. */
function convertTuple(type: ColumnType, leaf: Leaf): Conversion {
  const object = `ifNull(${leaf.text}, '{}')`;
  const texts = `JSONExtract(${object}, ${literal(`Tuple(${type.of.map((field) => `${name(field.name)} Nullable(String)`).join(', ')})`)})`;
  const fields = type.of.map(({ name: field, type: fieldType }, index) => {
    const one = {
      text: `tupleElement(${texts}, ${index + 1})`,
      jsonType: `JSONType(${object}, ${literal(field)})`,
      ...(leaf.written === undefined ? {} : { written: leaf.written }),
    };
    return { type: fieldType, leaf: one, part: convert(fieldType, one) };
  });
  const unfit = fields.map((field) => `(${required(field.type, field.part, field.leaf)})`);
  return {
    value: `CAST(tuple(${fields.map(({ part }) => part.value).join(', ')}), ${literal(holding(type))})`,
    unfit: `(${leaf.text} IS NOT NULL AND ${leaf.jsonType} != 'Object') OR ${unfit.join(' OR ')}`,
  };
}

/** Returns the type at a position among a type's arguments. */
export function elementOf(type: ColumnType, position: number): ColumnType {
  const element = type.of[position]?.type;
  if (!element) throw new RangeError(`${type.text} lacks an argument`);
  return element;
}

/**
 * Returns the type that a normalized chunk stores: the declared one with every scalar Nullable, because a rejected line has no values.
 * Dictionary encoding is left to Parquet.
 */
export function holding(type: ColumnType): string {
  const inner = bare(type);
  if (inner.base === 'Tuple')
    return `Tuple(${inner.of.map(({ name: field, type: part }) => (field === '' ? '' : `${name(field)} `) + holding(part)).join(', ')})`;
  if (inner.base === 'Map') return `Map(String, ${holding(elementOf(inner, 1))})`;
  if (inner.base === 'Array') return `Array(${holding(elementOf(inner, 0))})`;
  return `Nullable(${inner.text})`;
}

function decimalSize(type: ColumnType): { precision: number; scale: number } {
  return { precision: Number(type.literals[0] ?? 10), scale: Number(type.literals[1] ?? 0) };
}
