import { literal } from '../clickhouse/text.js';
import { bare, elementOf, isComposite, isNullable, type ColumnType } from './column-types.js';
import { holding } from './conversions.js';
import { faultAt, faultIn, firstFault, misfit, missing, typeInWords } from './faults.js';
import { decimalSize, mostOfDecimal } from './numbers.js';
import { fromText } from './scalars.js';
import { fromTicks, ticksOf, timeOf } from './times.js';

/**
 * Casts a value of one scalar type to another; NULL if the value would change. ClickHouse's accurate casts check the range of
 * integers, but wrap dates and times around, drop digits of decimals, and turn the float 19.99 into 19.98.
 *
 * @param value expression of type `given`, or Nullable of it; both types without `Nullable` and `LowCardinality`
 */
export function castValue(value: string, given: ColumnType, wanted: ColumnType): string {
  if (given.text === wanted.text) return value;
  if (given.base === 'Nothing') return `CAST(${value}, ${literal(`Nullable(${wanted.text})`)})`;
  if (wanted.base === 'String') return toText(value, given);
  if (given.base === 'String') return fromText(wanted, value);
  if (wanted.base === 'FixedString') return fromText(wanted, toText(value, given));
  if (isEnum(wanted)) return toEnum(value, given, wanted);
  if (isTime(given) && isTime(wanted)) return fromTicks(wanted, ticksOf(value, given.base), timeOf(given).digits);
  if (isFloat(given) && isFloat(wanted)) return otherFloat(value, wanted);
  // Through text: its digits can be counted, and a float's shortest text is the number that was meant.
  if (isFloat(given)) return fromText(wanted, `if(abs(${value}) <= ${mostOf(given)}, toString(${value}), NULL)`);
  if (wanted.base === 'Decimal' && keepsDigits(given, wanted)) return otherDecimal(value, given, wanted);
  if ([given, wanted].some(({ base }) => base === 'Decimal') || isFloat(wanted) || (isNumber(given) && isTime(wanted)))
    return fromText(wanted, toText(value, given));
  // Each number is an address; accurateCastOrNull answers NULL for all of them.
  if (given.base === 'UInt32' && wanted.base === 'IPv4') return `CAST(${value}, 'Nullable(IPv4)')`;
  const cast = `accurateCastOrNull(${value}, ${literal(wanted.text)})`;
  if (wanted.base === 'IPv4') return cast;
  return `if(accurateCastOrNull(${cast}, ${literal(given.text)}) = ${value}, ${cast}, NULL)`;
}

/** From here on, floats skip whole numbers, so a float no longer says which one was meant. */
const mostOf = ({ base }: ColumnType) => (base === 'Float32' ? 2n ** 24n : 2n ** 53n);

/**
 * Casts to an enum: a whole number to the name that has it, anything else by its text. ClickHouse's casts make a value without a name of
 * another number, which no one can read, and take a name of another enum by its number.
 */
function toEnum(value: string, given: ColumnType, wanted: ColumnType): string {
  if (!/^(U?Int\d+|Bool)$/.test(given.base)) return fromText(wanted, toText(value, given));
  const numbers = wanted.literals.map((pair) => /-?\d+$/.exec(pair)?.[0] ?? '');
  const number = `accurateCastOrNull(${value}, 'Int16')`;
  return `CAST(if(${number} IN (${numbers.join(', ')}), ${number}, NULL), ${literal(`Nullable(${wanted.text})`)})`;
}

const isEnum = ({ base }: ColumnType) => base.startsWith('Enum');
const isFloat = ({ base }: ColumnType) => base.startsWith('Float');
const isNumber = ({ base }: ColumnType) => /^(U?Int\d+|Decimal|Float\d+)$/.test(base);
const isTime = ({ base }: ColumnType) => base.startsWith('DateTime');

/** Most digits of a whole number of up to 64 bits. */
const WHOLE_DIGITS: Record<string, number> = {
  ...{ Int8: 3, Int16: 5, Int32: 10, Int64: 19 },
  ...{ UInt8: 3, UInt16: 5, UInt32: 10, UInt64: 20 },
};

/** Precision of each decimal that the engine stores, and the digits of its highest number: a sum may have more than its type says. */
const STORED_DIGITS = [
  [9, 10],
  [18, 19],
  [38, 39],
  [76, 77],
] as const;

/** Returns the digits before the point that a number may have; undefined for a type whose text says it. */
function wholeDigitsOf(type: ColumnType): number | undefined {
  if (type.base !== 'Decimal') return WHOLE_DIGITS[type.base];
  const { precision, scale } = decimalSize(type);
  const [, digits = Infinity] = STORED_DIGITS.find(([most]) => precision <= most) ?? [];
  return digits - scale;
}

/** True if no digit after the point can be lost, and the engine's widest decimal can hold any value with the scale that is wanted. */
function keepsDigits(given: ColumnType, wanted: ColumnType): boolean {
  const whole = wholeDigitsOf(given);
  const scale = given.base === 'Decimal' ? decimalSize(given).scale : 0;
  return whole !== undefined && scale <= decimalSize(wanted).scale && whole + decimalSize(wanted).scale <= MOST_DIGITS;
}

/** Digits of the engine's widest decimal. */
const MOST_DIGITS = 76;

/** Casts a number that {@link keepsDigits} to a decimal; NULL if it has too many before the point, which ClickHouse does not check. */
function otherDecimal(value: string, given: ColumnType, wanted: ColumnType): string {
  const cast = `CAST(${value}, ${literal(`Nullable(${wanted.text})`)})`;
  const { precision, scale } = decimalSize(wanted);
  if ((wholeDigitsOf(given) ?? Infinity) <= precision - scale) return cast;
  return `if(abs(toDecimal256(${value}, ${scale})) <= ${mostOfDecimal(wanted)}, ${cast}, NULL)`;
}

/** Writes the text of a value; for a decimal with all digits of its scale. */
const toText = (value: string, { base, literals }: ColumnType) =>
  base === 'Decimal' ? `toDecimalString(${value}, ${literals[1] ?? '0'})` : `toString(${value})`;

/** Casts to a float: fractions may be rounded; a value that is not finite, or a whole number that would change, becomes NULL. */
function otherFloat(value: string, wanted: ColumnType): string {
  const cast = `CAST(${value}, ${literal(`Nullable(${wanted.text})`)})`;
  if (wanted.base === 'Float64') return cast;
  const whole = `(${value} % 1 = 0 AND ${value} != ${cast})`;
  return `if(isFinite(${value}) AND (isInfinite(${cast}) OR ${whole} OR (${value} != 0 AND ${cast} = 0)), NULL, ${cast})`;
}

/** The cast of a composite to another type. */
export interface Cast {
  /** Expression of the value; elements that would change are NULL. */
  value: string;
  /** Expression of what would change, or is NULL in a type that is not Nullable; '' if nothing is. Undefined if that cannot happen. */
  fault: string | undefined;
}

/** How elements are cast, and whether the fields of tuples and maps may come from each other. */
export interface CastOptions {
  scalar: typeof castValue;
  /** Writes the text of an element for a fault; by default as the engine prints it. */
  shown?: (value: string, given: ColumnType) => string;
  /** Missing fields are NULL, unknown ones are left out, and tuples and maps are both objects. */
  objects: boolean;
}

const STRICT: CastOptions = { scalar: castValue, objects: false };

/**
 * Casts a composite element by element, with the casts of scalars. Fields of a Tuple are matched by name, or by position if one side
 * has no names.
 *
 * @param place what a fault calls the value
 * @throws RangeError for types that {@link canCast} refuses
 */
export function castComposite(
  value: string,
  given: ColumnType,
  wanted: ColumnType,
  place = '',
  options: CastOptions = STRICT,
): Cast {
  const [from, to] = [bare(given), bare(wanted)];
  // Only a Tuple can be Nullable as a whole.
  const whole = isNullable(given) ? `assumeNotNull(${value})` : value;
  const cast =
    from.base === 'Nothing' ? nothing(to) : CASTS[`${from.base} ${to.base}`]?.(whole, from, to, place, options);
  if (!cast) throw new RangeError(`${given.text} can't be cast to ${wanted.text}`);
  if (!isNullable(given)) return cast;
  const gone = `if(${value} IS NULL, ${missing(place, wanted.text)}, '')`;
  return { ...cast, fault: firstFault([gone, cast.fault]) };
}

/** False if no value of one type can become a value of the other without losing a part of it. */
export function canCast(given: ColumnType, wanted: ColumnType): boolean {
  const [from, to] = [bare(given), bare(wanted)];
  if (from.base === 'Nothing' || to.base === 'String') return true;
  if (!isComposite(from) && !isComposite(to)) return true;
  if (from.base !== to.base || !(`${from.base} ${to.base}` in CASTS)) return false;
  return (
    positions(from, to)?.every((position, index) => canCast(elementOf(from, position), elementOf(to, index))) ?? false
  );
}

type CastComposite = (value: string, from: ColumnType, to: ColumnType, place: string, options: CastOptions) => Cast;

const CASTS: Record<string, CastComposite> = {
  'Array Array': (value, from, to, place, options) => {
    const part = castPart('x', elementOf(from, 0), elementOf(to, 0), '', options);
    return {
      value: part.value === 'x' ? value : `arrayMap(x -> ${part.value}, ${value})`,
      fault: part.fault && faultIn(place, part.fault, value),
    };
  },
  'Map Map': (value, from, to, place, options) => {
    const key = castPart('x.1', elementOf(from, 0), elementOf(to, 0), '', options);
    const part = castPart('x.2', elementOf(from, 1), elementOf(to, 1), '', options);
    const all = `arrayZip(mapKeys(${value}), mapValues(${value}))`;
    const pairs = options.objects
      ? `arrayFilter((x, n) -> n = 1, ${all}, arrayEnumerateUniq(arrayMap(x -> x.1, ${all})))`
      : all;
    const fault = firstFault([key.fault, part.fault]);
    // As in a chunk, where keys are Strings; a key must never be NULL, not even in between.
    const made = `CAST(arrayMap(x -> (ifNull(toString(${key.value}), ''), ${part.value}), ${pairs}), ${literal(holding(to))})`;
    return {
      value: key.value === 'x.1' && part.value === 'x.2' && !options.objects ? value : made,
      fault: fault && faultAt(place, fault, pairs),
    };
  },
  'Tuple Tuple': (value, from, to, place, options) => {
    const order = options.objects ? byName(from, to) : (positions(from, to) ?? []);
    const parts = order.map((position, index) => {
      const { name: field, type } = to.of[index] ?? { name: '', type: to };
      const at = `${place}.${field === '' ? index + 1 : field}`;
      return position === -1
        ? absent(type, at)
        : castPart(`tupleElement(${value}, ${position + 1})`, elementOf(from, position), type, at, options);
    });
    const same = parts.every((part, index) => part.value === `tupleElement(${value}, ${index + 1})`);
    return {
      value: same && from.of.length === to.of.length ? value : `tuple(${parts.map((part) => part.value).join(', ')})`,
      fault: firstFault(parts.map(({ fault }) => fault)),
    };
  },
  'Map Tuple': (value, from, to, place, options) => {
    const element = elementOf(from, 1);
    const parts = to.of.map(({ name: field, type }) => {
      const found = `arrayElement(${value}, ${literal(field)})`;
      const may = isComposite(bare(element)) ? found : `if(mapContains(${value}, ${literal(field)}), ${found}, NULL)`;
      const given = isComposite(bare(element)) ? element : nullable(element);
      return castPart(may, given, type, `${place}.${field}`, options);
    });
    return {
      value: `tuple(${parts.map((part) => part.value).join(', ')})`,
      fault: firstFault(parts.map(({ fault }) => fault)),
    };
  },
  'Tuple Map': (value, from, to, place, options) => {
    const parts = from.of.map(({ name: field, type }, index) => {
      const found = `tupleElement(${value}, ${index + 1})`;
      const part = castPart(found, type, elementOf(to, 1), `${place}['${field}']`, options);
      return { pair: `(${literal(field)}, ${part.value})`, fault: part.fault };
    });
    return {
      value: `CAST([${parts.map(({ pair }) => pair).join(', ')}], ${literal(holding(to))})`,
      fault: firstFault(parts.map(({ fault }) => fault)),
    };
  },
};

const nullable = (type: ColumnType): ColumnType =>
  isNullable(type)
    ? type
    : { base: 'Nullable', of: [{ name: '', type }], literals: [], text: `Nullable(${type.text})` };

const nothing = (to: ColumnType): Cast => ({
  value: `defaultValueOfTypeName(${literal(holding(to))})`,
  fault: undefined,
});

const absent = (type: ColumnType, place: string): Cast => ({
  value: isComposite(bare(type)) ? nothing(type).value : `CAST(NULL, ${literal(holding(type))})`,
  fault: isComposite(bare(type)) || isNullable(type) ? undefined : missing(place, type.text),
});

function castPart(value: string, given: ColumnType, wanted: ColumnType, place: string, options: CastOptions): Cast {
  if (given.base === 'Nothing') return nothing(wanted);
  if (isComposite(bare(wanted))) return castComposite(value, given, wanted, place, options);
  const cast = options.scalar(value, bare(given), bare(wanted));
  const needed = isNullable(given) && !isNullable(wanted);
  if (cast === value)
    return { value, fault: needed ? `if(${value} IS NULL, ${missing(place, wanted.text)}, '')` : undefined };
  const shown = options.shown?.(value, bare(given)) ?? value;
  const lost = `if(${value} IS NOT NULL AND ${cast} IS NULL, ${misfit(place, shown, typeInWords(wanted))}, '')`;
  return { value: cast, fault: needed ? `if(${value} IS NULL, ${missing(place, wanted.text)}, ${lost})` : lost };
}

/** Returns, for each part of `to`, the position of its source among the parts of `from`; undefined if they do not match. */
function positions(from: ColumnType, to: ColumnType): number[] | undefined {
  if (from.of.length !== to.of.length) return undefined;
  const named = [from, to].every(({ base, of }) => base === 'Tuple' && of.every(({ name: field }) => field !== ''));
  if (!named) return to.of.map((_, index) => index);
  const found = byName(from, to);
  return found.includes(-1) ? undefined : found;
}

const byName = (from: ColumnType, to: ColumnType): number[] =>
  to.of.map(({ name: field }) => from.of.findIndex((one) => one.name === field));
