import { literal } from '../clickhouse/text.js';
import type { ColumnType } from './column-types.js';

/**
 * Numbers from their text. No digit is dropped or rounded: integers and decimals are compared with their text, never read
 * through a double.
 */
type FromText = (type: ColumnType, text: string) => string;

export const matches = (text: string, pattern: string) => `match(${text}, ${literal(pattern)})`;

/** Casts a text of digits only, for which ClickHouse's own cast is correct. */
export const cast: FromText = (type, text) => `accurateCastOrNull(${text}, ${literal(type.text)})`;

/** Casts to an integer; `12`, `12.0` and `1.2e1` are the same number. */
export const integer: FromText = (type, text) => cast(type, wholeDigits(text));

/** Casts of 128 and 256 bits wrap around silently: the value must print as the digits it came from. */
export const wideInteger: FromText = (type, text) => {
  const digits = wholeDigits(text);
  const value = cast(type, digits);
  return `if(toString(${value}) = replaceRegexpOne(${digits}, '^[+]?(-?)0*([0-9])', '\\\\1\\\\2'), ${value}, NULL)`;
};

/** Writes a whole number without point, exponent or minus zero; NULL if it is not one, or has more than 76 digits. */
const wholeDigits = (text: string) =>
  `if(match(${text}, '[.eE]|^-0+$'), if(${exact(text, 0)}, toString(toDecimal256OrNull(${text}, 0)), NULL), ${text})`;

/** Writes a condition: a number has no digit but zeros beyond the scale. */
const exact = (text: string, scale: number) =>
  `(match(${text}, '^[-+]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][-+]?[0-9]{1,4})?$') AND ` +
  `(length(extract(${text}, '[.]([0-9]*[1-9])0*([eE]|$)')) - length(extract(${text}, '^[-+]?[0-9]*?(0*)([.]0*)?[eE]')) - ` +
  `toInt32OrZero(extract(${text}, '[eE](.*)$')) <= ${scale} OR match(${text}, '^[-+0.]+([eE]|$)')))`;

/** Casts to Decimal. Digits beyond the scale must be zeros and digits before the point must fit: ClickHouse checks neither. */
export const decimal: FromText = (type, text) => {
  const { precision, scale } = decimalSize(type);
  const whole = precision > scale ? `0*[0-9]{1,${precision - scale}}` : '0+';
  const fraction = scale > 0 ? `[0-9]{1,${scale}}0*` : '0+';
  const plain = matches(text, `^[+-]?(${whole}([.][0-9]{0,${scale}}0*)?|[.]${fraction})$`);
  const wide = `toDecimal256OrNull(${text}, ${scale})`;
  const exponent = `match(${text}, '[eE]') AND ${exact(text, scale)} AND ifNull(abs(${wide}) <= ${mostOfDecimal(type)}, false)`;
  return `multiIf(${plain}, ${cast(type, text)}, ${exponent}, CAST(${wide}, ${literal(`Nullable(${type.text})`)}), NULL)`;
};

/** Writes the highest value of a Decimal, with its scale. */
export function mostOfDecimal(type: ColumnType): string {
  const { precision, scale } = decimalSize(type);
  return `toDecimal256(${literal('9'.repeat(precision - scale) + (scale > 0 ? `.${'9'.repeat(scale)}` : ''))}, ${scale})`;
}

/** Significant digits that each float of a type keeps. */
const FLOAT_DIGITS = { Float32: 7, Float64: 15 };

/**
 * Casts to a float. A fraction becomes the nearest float, as in every language. A whole number must not change: from 16 digits on (8
 * for Float32) the float must print as the same digits. A number that would become infinite or zero is NULL.
 */
export const float: FromText = (type, text) => {
  const value = cast(type, text);
  const digits = type.base === 'Float32' ? FLOAT_DIGITS.Float32 : FLOAT_DIGITS.Float64;
  const whole = `match(${text}, '^[-+]?[0-9]{${digits + 1},}$') AND toString(${value}) != ${text}`;
  const vanished = `${value} = 0 AND match(${text}, '^[-+0.]*[1-9]')`;
  return `if(isFinite(ifNull(${value}, nan)) AND NOT (${whole}) AND NOT (${vanished}), ${value}, NULL)`;
};

export function decimalSize(type: ColumnType): { precision: number; scale: number } {
  return { precision: Number(type.literals[0] ?? 10), scale: Number(type.literals[1] ?? 0) };
}
