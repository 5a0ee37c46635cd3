import { literal } from '../clickhouse/text.js';
import { bare, type ColumnType } from './column-types.js';

/**
 * What is wrong with a value, as an expression of a text: the place, the found text, and the type that it does not fit; '' if nothing
 * is. The found text is between two marks until {@link spokenFault} shortens and quotes it, once for all columns.
 */
const MARK = '\u0001';

/** Writes `payload.commits[0].distinct: '…' does not fit Bool`; `text` is an expression of any type. */
export const misfit = (place: string, text: string, type: string): string =>
  `concat(${literal(`${place}: ${MARK}`)}, ifNull(toString(${text}), 'NULL'), ${literal(`${MARK} does not fit ${type}`)})`;

/** Writes `payload.id: missing, expected UInt64`. */
export const missing = (place: string, type: string): string => literal(`${place}: missing, expected ${type}`);

/** What is wrong with an element `x`, whose place is empty: an expression of a text, or its condition and text apart. */
export type ElementFault = string | { when: string; say: string };

/**
 * Writes the first fault among the elements of an array, with its position.
 *
 * @param values an array of as many elements, each of which is `v` in `fault`
 */
export function faultIn(place: string, fault: ElementFault, array: string, values = array): string {
  const at = `${literal(`${place}[`)}, toString(i - 1), ']'`;
  const positions = `arrayEnumerate(${array})`;
  return firstNotEmpty(
    typeof fault === 'string'
      ? `arrayMap((f, i) -> if(f = '', '', concat(${at}, f)), ${eachFault(fault, array, values)}, ${positions})`
      : `arrayMap((x, v, i) -> if(${fault.when}, concat(${at}, ${fault.say}), ''), ${array}, ${values}, ${positions})`,
  );
}

/** Writes the same for the pairs of a map, with its key. */
export function faultAt(place: string, fault: ElementFault, pairs: string, values = pairs): string {
  const at = `${literal(`${place}['`)}, toString(x.1), ${literal("']")}`;
  return firstNotEmpty(
    typeof fault === 'string'
      ? `arrayMap((f, x) -> if(f = '', '', concat(${at}, f)), ${eachFault(fault, pairs, values)}, ${pairs})`
      : `arrayMap((x, v) -> if(${fault.when}, concat(${at}, ${fault.say}), ''), ${pairs}, ${values})`,
  );
}

const eachFault = (fault: string, array: string, values: string) =>
  values === array ? `arrayMap(x -> ${fault}, ${array})` : `arrayMap((x, v) -> ${fault}, ${array}, ${values})`;

const firstNotEmpty = (texts: string) => `arrayFirst(f -> f != '', ${texts})`;

/** Writes the first of several faults; undefined if there can be none. */
export function firstFault(faults: readonly (string | undefined)[]): string | undefined {
  const some = faults.filter((fault) => fault !== undefined);
  return some.length < 2 ? some[0] : firstNotEmpty(`[${some.join(', ')}]`);
}

/** Characters of a found text that a reason quotes. */
const QUOTED = 80;

/** Writes the final text of a fault, with what to do if that is known. `fault` is an expression without side effects. */
export function spokenFault(fault: string): string {
  const quoted = `replaceRegexpOne(toValidUTF8(${fault}), ${literal(`(?s)${MARK}(.{0,${QUOTED}}).*${MARK}`)}, ${literal("'\\1'")})`;
  return `arrayMap(f -> concat(f, ${advice('f')}), [${quoted}])[1]`;
}

/** Replaces a text with a lone surrogate, which cannot be written; the JSON reader puts it in place of that text. */
export const LONE_SURROGATE = '["lone surrogate",{},[]]';

const TIME = "' does not fit (?:Nullable[(])?DateTime";
const COUNTS = ' (a number counts ';

/** Returns the name of a type in a reason, with what a number counts in it. */
export const typeInWords = (type: ColumnType): string =>
  type.unit !== undefined && bare(type).base.startsWith('DateTime') ? `${type.text}${COUNTS}${type.unit})` : type.text;

function advice(said: string): string {
  const digits = `length(extract(${said}, ${literal(`[.,]([0-9]*[1-9])[^']*${TIME}`)}))`;
  const declared = `toUInt8OrZero(extract(${said}, ${literal(`${TIME}64[(]([0-9])`)}))`;
  const isNumber = `match(${said}, ${literal(`: '[-+]?[0-9]{8,}([.][0-9]*)?${TIME}`)}) AND position(${said}, ${literal(COUNTS)}) = 0`;
  return `multiIf(NOT match(${said}, ${literal(TIME)}), '',
      ${isNumber}, ${literal(": a number of seconds, milliseconds, microseconds or nanoseconds? The contract says it: COMMENT 'unit: milliseconds'")},
      ${digits} BETWEEN 1 AND 9 AND ${digits} > ${declared}, concat(': digits would be lost, DateTime64(', toString(${digits}), ') holds them'),
      '')`;
}
