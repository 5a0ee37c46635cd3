import { literal } from '../clickhouse/text.js';
import { bare, isComposite, isNullable, type ColumnType } from './column-types.js';
import { elementOf, fromText, holding } from './conversions.js';

/**
 * Casts a value of one scalar type to another; NULL if the value would change. ClickHouse's accurate casts check the range of
 * integers, but wrap dates and times around, drop digits of decimals, and turn the float 19.99 into 19.98.
 *
 * @param value expression of type `given`, or Nullable of it; both types without `Nullable` and `LowCardinality`
 */
export function castValue(value: string, given: ColumnType, wanted: ColumnType): string {
  if (given.text === wanted.text) return value;
  if (given.base === 'Nothing') return `CAST(${value}, ${literal(`Nullable(${wanted.text})`)})`;
  if (wanted.base === 'String') return `toString(${value})`;
  if (given.base === 'String') return fromText(wanted, value);
  // Through text: its digits can be counted, and a float's shortest text is the number that was meant.
  if (wanted.base === 'Decimal' || given.base === 'Decimal') return fromText(wanted, `toString(${value})`);
  if (wanted.base === 'Float32' || wanted.base === 'Float64') return rounded(value, wanted);
  const cast = `accurateCastOrNull(${value}, ${literal(wanted.text)})`;
  return `if(accurateCastOrNull(${cast}, ${literal(given.text)}) = ${value}, ${cast}, NULL)`;
}

/** Casts to a float: rounding is accepted, a value that is not finite becomes NULL. */
function rounded(value: string, wanted: ColumnType): string {
  const cast = `CAST(${value}, ${literal(`Nullable(${wanted.text})`)})`;
  return `if(isFinite(ifNull(${cast}, nan)), ${cast}, NULL)`;
}

/** The cast of a composite to another type. */
export interface Cast {
  /** Expression of the value; elements that would change are NULL. */
  value: string;
  /** Expression that is true if an element would change, or is NULL where the type is not Nullable; undefined if that cannot happen. */
  lost: string | undefined;
}

/**
 * Casts a composite element by element, with the casts of scalars. Fields of a Tuple are matched by name, or by position if one side
 * has no names.
 *
 * @param scalar casts an element; see {@link castValue}
 * @throws RangeError for types that {@link canCast} refuses
 */
export function castComposite(value: string, given: ColumnType, wanted: ColumnType, scalar = castValue): Cast {
  const [from, to] = [bare(given), bare(wanted)];
  // Only a Tuple can be Nullable as a whole.
  const whole = isNullable(given) ? `assumeNotNull(${value})` : value;
  const cast = from.base === 'Nothing' ? nothing(to) : CASTS[to.base]?.(whole, from, to, scalar);
  if (!cast) throw new RangeError(`${given.text} can't be cast to ${wanted.text}`);
  return isNullable(given) ? { ...cast, lost: anyOf([`${value} IS NULL`, cast.lost]) } : cast;
}

/** False if no value of one type can become a value of the other without losing a part of it. */
export function canCast(given: ColumnType, wanted: ColumnType): boolean {
  const [from, to] = [bare(given), bare(wanted)];
  if (from.base === 'Nothing' || to.base === 'String') return true;
  if (!isComposite(from) && !isComposite(to)) return true;
  if (from.base !== to.base || !(to.base in CASTS)) return false;
  return (
    positions(from, to)?.every((position, index) => canCast(elementOf(from, position), elementOf(to, index))) ?? false
  );
}

type CastComposite = (value: string, from: ColumnType, to: ColumnType, scalar: typeof castValue) => Cast;

const CASTS: Record<string, CastComposite> = {
  Array: (value, from, to, scalar) => {
    const part = castPart('x', elementOf(from, 0), elementOf(to, 0), scalar);
    return {
      value: part.value === 'x' ? value : `arrayMap(x -> ${part.value}, ${value})`,
      lost: part.lost && `arrayExists(x -> ${part.lost}, ${value})`,
    };
  },
  Map: (value, from, to, scalar) => {
    const key = castPart('x.1', elementOf(from, 0), elementOf(to, 0), scalar);
    const part = castPart('x.2', elementOf(from, 1), elementOf(to, 1), scalar);
    const pairs = `CAST(${value}, ${literal(`Array(Tuple(${from.of.map(({ type }) => type.text).join(', ')}))`)})`;
    const lost = anyOf([key.lost, part.lost]);
    // As in a chunk, where keys are Strings; a key must never be NULL, not even in between.
    const made = `CAST(arrayMap(x -> (ifNull(toString(${key.value}), ''), ${part.value}), ${pairs}), ${literal(holding(to))})`;
    return {
      value: key.value === 'x.1' && part.value === 'x.2' ? value : made,
      lost: lost && `arrayExists(x -> ${lost}, ${pairs})`,
    };
  },
  Tuple: (value, from, to, scalar) => {
    const order = positions(from, to) ?? [];
    const parts = order.map((position, index) =>
      castPart(`tupleElement(${value}, ${position + 1})`, elementOf(from, position), elementOf(to, index), scalar),
    );
    const same = parts.every((part, index) => part.value === `tupleElement(${value}, ${index + 1})`);
    return {
      value: same ? value : `tuple(${parts.map((part) => part.value).join(', ')})`,
      lost: anyOf(parts.map(({ lost }) => lost)),
    };
  },
};

const nothing = (to: ColumnType): Cast => ({
  value: `defaultValueOfTypeName(${literal(holding(to))})`,
  lost: undefined,
});

function castPart(value: string, given: ColumnType, wanted: ColumnType, scalar: typeof castValue): Cast {
  if (isComposite(bare(wanted))) return castComposite(value, given, wanted, scalar);
  const cast = scalar(value, bare(given), bare(wanted));
  const missing = isNullable(given) && !isNullable(wanted);
  if (cast === value && !missing) return { value, lost: undefined };
  return { value: cast, lost: isNullable(wanted) ? `(${value} IS NOT NULL AND ${cast} IS NULL)` : `${cast} IS NULL` };
}

/** Returns, for each part of `to`, the position of its source among the parts of `from`; undefined if they do not match. */
function positions(from: ColumnType, to: ColumnType): number[] | undefined {
  if (from.of.length !== to.of.length) return undefined;
  const named = [from, to].every(({ base, of }) => base === 'Tuple' && of.every(({ name: field }) => field !== ''));
  if (!named) return to.of.map((_, index) => index);
  const found = to.of.map(({ name: field }) => from.of.findIndex((one) => one.name === field));
  return found.includes(-1) ? undefined : found;
}

function anyOf(conditions: readonly (string | undefined)[]): string | undefined {
  const some = conditions.filter((one) => one !== undefined);
  return some.length === 0 ? undefined : `(${some.join(' OR ')})`;
}
