import { literal } from '../clickhouse/text.js';

/**
 * What is wrong with a value, as an expression of a text: the place, what stands there, and the type that it does not fit; '' where
 * all is well. The found text stands between two marks until {@link spokenFault} cuts and quotes it, once for all columns.
 */
const MARK = '\u0001';

/** `payload.commits[0].distinct: '…' does not fit Bool`; `text` is an expression of any type. */
export const misfit = (place: string, text: string, type: string): string =>
  `concat(${literal(`${place}: ${MARK}`)}, ifNull(toString(${text}), 'NULL'), ${literal(`${MARK} does not fit ${type}`)})`;

/** `payload.id: missing, expected UInt64` */
export const missing = (place: string, type: string): string => literal(`${place}: missing, expected ${type}`);

/** The first fault among the elements of an array, by its position; `fault` is that of an element `x`, with an empty place. */
export const faultIn = (place: string, fault: string, array: string): string =>
  `arrayFirst(f -> f != '', arrayMap((f, i) -> if(f = '', '', concat(${literal(`${place}[`)}, toString(i - 1), ']', f)), arrayMap(x -> ${fault}, ${array}), arrayEnumerate(${array})))`;

/** The first fault among the pairs of a map, by its key. */
export const faultAt = (place: string, fault: string, pairs: string): string =>
  `arrayFirst(f -> f != '', arrayMap((f, x) -> if(f = '', '', concat(${literal(`${place}['`)}, toString(x.1), ${literal("']")}, f)), arrayMap(x -> ${fault}, ${pairs}), ${pairs}))`;

/** The first of several faults; undefined where there can be none. */
export function firstFault(faults: readonly (string | undefined)[]): string | undefined {
  const some = faults.filter((fault) => fault !== undefined);
  return some.length < 2 ? some[0] : `arrayFirst(f -> f != '', [${some.join(', ')}])`;
}

/** Characters of a found text that a reason quotes. */
const QUOTED = 80;

/** A fault in its final words, with what to do where that is known. `fault` is an expression without side effects. */
export function spokenFault(fault: string): string {
  const quoted = `replaceRegexpOne(toValidUTF8(${fault}), ${literal(`(?s)${MARK}(.{0,${QUOTED}}).*${MARK}`)}, ${literal("'\\1'")})`;
  return `arrayMap(f -> concat(f, ${advice('f')}), [${quoted}])[1]`;
}

/** What no text can say: a surrogate without its pair, put by the reader of JSON in place of the text that holds it. */
export const LONE_SURROGATE = '["lone surrogate",{},[]]';

const advice = (said: string): string => {
  const digits = `length(extract(${said}, ${literal("[.,]([0-9]*[1-9])[^']*' does not fit DateTime")}))`;
  const isTime = `match(${said}, ${literal("' does not fit DateTime")})`;
  const isNumber = `match(${said}, ${literal(": '[-+]?[0-9]{8,}([.][0-9]*)?' does not fit DateTime")})`;
  return `multiIf(NOT ${isTime}, '',
      ${isNumber}, ${literal(": a number of seconds, milliseconds, microseconds or nanoseconds? The contract says it: COMMENT 'unit: milliseconds'")},
      ${digits} BETWEEN 1 AND 9 AND ${digits} > toUInt8OrZero(extract(${said}, ${literal("' does not fit DateTime64\\(([0-9])")})), concat(': digits would be lost, DateTime64(', toString(${digits}), ') holds them'),
      '')`;
};
