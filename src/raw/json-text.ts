import { literal } from '../clickhouse/text.js';
import { SURROGATE_MARK } from '../conversions/conversions.js';
import { LONE_SURROGATE } from '../conversions/faults.js';

/**
 * ClickHouse reads JSON numbers as doubles and 64-bit integers, and refuses a whole line for a larger one, or for a lone surrogate.
 * RFC 8259 allows them. A line that may have one is rewritten before it is read: every number becomes a text of the same characters.
 * All other lines are read as they are; their numbers keep their characters.
 */
const NUMBER = '-?(?:0|[1-9][0-9]*)(?:[.][0-9]+)?(?:[eE][+-]?[0-9]+)?';
const STRING = '"(?:[^"\\\\]|\\\\.)*"';

/** Matches 16 or more digits before and after the point, which a double does not keep. */
const MANY_DIGITS = Array.from({ length: 16 }, (_, index) => `[0-9]{${index + 1},}[.][0-9]{${15 - index}}`);

/**
 * Matches numbers that would change their characters: with an exponent, a minus before 0, a 0 at the end of a fraction or many at its
 * beginning, or with more than 15 digits (18 for a whole number). A match inside a string only costs time.
 */
const CHANGED = [
  '-0',
  '-?(?:[0-9]{19}|[0-9]+(?:[.][0-9]+)?[eE]|[0-9]+[.](?:0000|[0-9]*0(?:[^0-9]|$)))',
  `-?(?:${MANY_DIGITS.join('|')})`,
];
const SUSPECT = `(?:"[ \\t\\r]*:|[\\[,])[ \\t\\r]*(?:${CHANGED.join('|')})|\\\\u[dD][89a-fA-F]`;

/** Matches the tokens of a line. A colon only follows a string: a number as a key must not become one. */
const TOKENS = `^(?s:[^":0-9-]|${NUMBER}|${STRING}[ \\t\\r]*:?)*$`;

/** Matches everything up to the next number, and the number. The text must end with one. */
const TO_NUMBER = `((?s:[^"0-9-]|${STRING})*)(${NUMBER})`;

const LONE = '\\\\u[dD][89a-fA-F][0-9a-fA-F]{2}';
const PAIR = '\\\\u[dD][89abAB][0-9a-fA-F]{2}\\\\u[dD][c-fC-F][0-9a-fA-F]{2}';
const TO_LONE = `((?s:[^\\\\]|\\\\[^u]|\\\\u[^dD]|\\\\u[dD][0-7]|${PAIR})*)(${LONE})`;

const [FIRST_MARK = ''] = SURROGATE_MARK;
/** Matches everything up to the next marked text that is not a key, and that text. */
const TO_MARKED = `((?s:[^"]|${STRING}[ \\t\\r]*:|"(?:[^"\\\\${FIRST_MARK}]|\\\\.)*")*)(${STRING})`;

/**
 * Replaces the end of each match. A last match, `last`, is appended to the text and removed again, so that the search never restarts
 * inside a token. `as` names the whole.
 */
function replaced(as: string, text: string, pattern: string, last: string, by: string): string {
  const bytes = Buffer.byteLength(` ${by.replace('\\2', last)}`);
  const all = `replaceRegexpAll(concat(${text}, ${literal(` ${last}`)}), ${literal(pattern)}, ${literal(`\\1${by}`)})`;
  return `(substring(${all} AS ${as}, 1, length(${as}) - ${bytes}))`;
}

/** Writes the steps from `__lines` to `__texts`, which adds `__json`: the line as ClickHouse can read it without loss. */
export const jsonSteps = `
  __numbers AS (
    SELECT *, match(__text, ${literal(SUSPECT)}) AS __suspect,
      if(__suspect AND match(__text, ${literal(TOKENS)}), ${replaced('__all_numbers', '__text', TO_NUMBER, '0', '"\\2"')}, __text) AS __numbered
    FROM __lines
  ),
  __texts AS (
    SELECT * EXCEPT (__suspect, __numbered),
      if(__suspect AND NOT isValidJSON(__numbered) AND match(__numbered, ${literal(LONE)}), ${unpaired('__numbered')}, __numbered) AS __json
    FROM __numbers
  )`;

/** Replaces a text with a lone surrogate by one that fits no type, and a key with one by a key that no contract has. */
function unpaired(text: string): string {
  const marked = replaced('__all_lone', text, TO_LONE, '\\ud800', SURROGATE_MARK);
  return replaced('__all_marked', marked, TO_MARKED, `"${SURROGATE_MARK}"`, LONE_SURROGATE);
}
