import type { ColumnType } from '../core/column-types.js';
import { fromText } from './conversions.js';
import { literal } from './text.js';

/**
 * A value of one scalar type as another: NULL where it would not be the same value any more. The engine's accurate casts check
 * the range of integers, but wrap dates and times around, cut digits off decimals, and make 19.98 of the float 19.99.
 *
 * @param value expression of type `given`, or Nullable of it; both types without `Nullable` and `LowCardinality`
 */
export function castValue(value: string, given: ColumnType, wanted: ColumnType): string {
  if (given.text === wanted.text) return value;
  if (wanted.base === 'String') return `toString(${value})`;
  if (given.base === 'String') return fromText(wanted, value);
  // By its text: digits are counted then, and a float's shortest text is what was meant by it.
  if (wanted.base === 'Decimal' || given.base === 'Decimal') return fromText(wanted, `toString(${value})`);
  if (wanted.base === 'Float32' || wanted.base === 'Float64') return rounded(value, wanted);
  const cast = `accurateCastOrNull(${value}, ${literal(wanted.text)})`;
  return `if(accurateCastOrNull(${cast}, ${literal(given.text)}) = ${value}, ${cast}, NULL)`;
}

/** Floats are rounded by nature; only what has no finite value there is lost. */
function rounded(value: string, wanted: ColumnType): string {
  const cast = `CAST(${value}, ${literal(`Nullable(${wanted.text})`)})`;
  return `if(isFinite(ifNull(${cast}, nan)), ${cast}, NULL)`;
}
