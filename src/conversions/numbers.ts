import { literal } from '../clickhouse/text.js';
import type { ColumnType } from './column-types.js';

/**
 * Numbers from their text. No digit is dropped or rounded: integers and decimals are compared with their text, never read
 * through a double.
 */
type FromText = (type: ColumnType, text: string) => string;

export const matches = (text: string, pattern: string) => `match(${text}, ${literal(pattern)})`;

/** Casts a text; the engine's own cast is the right one where digits are all that a text holds. */
export const cast: FromText = (type, text) => `accurateCastOrNull(${text}, ${literal(type.text)})`;

/** `12`, `12.0` and `1.2e1` are one number. */
export const integer: FromText = (type, text) => cast(type, wholeDigits(text));

/** Casts of 128 and 256 bits wrap around silently: the value must print as the digits it came from. */
export const wideInteger: FromText = (type, text) => {
  const digits = wholeDigits(text);
  const value = cast(type, digits);
  return `if(toString(${value}) = replaceRegexpOne(${digits}, '^[+]?(-?)0*([0-9])', '\\\\1\\\\2'), ${value}, NULL)`;
};

/** The text of a whole number without point, exponent and minus zero; NULL where it is none, or of more than 76 digits. */
const wholeDigits = (text: string) =>
  `if(match(${text}, '[.eE]|^-0+$'), if(${exact(text, 0)}, toString(toDecimal256OrNull(${text}, 0)), NULL), ${text})`;

/** True of the text of a number that has no digit behind the scale. Zeros there are none. */
const exact = (text: string, scale: number) =>
  `(match(${text}, '^[-+]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][-+]?[0-9]{1,4})?$') AND ` +
  `(length(extract(${text}, '[.]([0-9]*[1-9])0*([eE]|$)')) - length(extract(${text}, '^[-+]?[0-9]*?(0*)([.]0*)?[eE]')) - ` +
  `toInt32OrZero(extract(${text}, '[eE](.*)$')) <= ${scale} OR match(${text}, '^[-+0.]+([eE]|$)')))`;

/** Digits behind the point beyond the scale may only be zeros, digits before it must fit: the cast checks neither. */
export const decimal: FromText = (type, text) => {
  const { precision, scale } = decimalSize(type);
  const plain =
    matches(text, `^[+-]?0*[0-9]{0,${precision - scale}}([.][0-9]{0,${scale}}0*)?$`) + ` AND ${matches(text, '[0-9]')}`;
  const wide = `toDecimal256OrNull(${text}, ${scale})`;
  const most = `toDecimal256(${literal('9'.repeat(precision - scale) + (scale > 0 ? `.${'9'.repeat(scale)}` : ''))}, ${scale})`;
  const exponent = `match(${text}, '[eE]') AND ${exact(text, scale)} AND ifNull(abs(${wide}) <= ${most}, false)`;
  return `multiIf(${plain}, ${cast(type, text)}, ${exponent}, CAST(${wide}, ${literal(`Nullable(${type.text})`)}), NULL)`;
};

/** Significant digits that each float of a type keeps. */
const FLOAT_DIGITS = { Float32: 7, Float64: 15 };

/**
 * A fraction becomes the nearest float, as in every language. A whole number must stay what it is, so that from 16 digits on
 * (8 for Float32) the float has to print as the number's own digits. What becomes infinite or zero is lost.
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
