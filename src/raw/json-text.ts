import { literal } from '../clickhouse/text.js';
import { SURROGATE_MARK } from '../conversions/conversions.js';
import { LONE_SURROGATE } from '../conversions/faults.js';

/**
 * The engine reads numbers of JSON into doubles and 64-bit integers, and refuses a whole line for one that is larger, or for a
 * surrogate without its pair. RFC 8259 allows all of them. A line that may hold one is rewritten before it is read: every number
 * becomes a text of the same characters. All other lines are read as they are; their numbers come back as they were written.
 */
const NUMBER = '-?(?:0|[1-9][0-9]*)(?:[.][0-9]+)?(?:[eE][+-]?[0-9]+)?';
const STRING = '"(?:[^"\\\\]|\\\\.)*"';

/** Digits before and after the point that a double does not keep together: 16 and more. */
const MANY_DIGITS = Array.from({ length: 16 }, (_, index) => `[0-9]{${index + 1},}[.][0-9]{${15 - index}}`);

/**
 * Numbers that would come back in other characters: with an exponent, a minus before 0, a 0 at the end of a fraction or many at its
 * beginning, or with more digits than 15 (as a whole number: than 18). A match within a string costs time and nothing else.
 */
const CHANGED = [
  '-0',
  '-?(?:[0-9]{19}|[0-9]+(?:[.][0-9]+)?[eE]|[0-9]+[.](?:0000|[0-9]*0(?:[^0-9]|$)))',
  `-?(?:${MANY_DIGITS.join('|')})`,
];
const SUSPECT = `[:,\\[ \\t\\r](?:${CHANGED.join('|')})|\\\\u[dD][89a-fA-F]`;

/** Tokens of a line, of which a colon only follows a string: a number as a key must not become one. */
const TOKENS = `^(?s:[^":0-9-]|${NUMBER}|${STRING}[ \\t\\r]*:?)*$`;

/** Everything up to the next number, and the number. The text must end with one. */
const TO_NUMBER = `((?s:[^"0-9-]|${STRING})*)(${NUMBER})`;

const LONE = '\\\\u[dD][89a-fA-F][0-9a-fA-F]{2}';
const PAIR = '\\\\u[dD][89abAB][0-9a-fA-F]{2}\\\\u[dD][c-fC-F][0-9a-fA-F]{2}';
const TO_LONE = `((?s:[^\\\\]|\\\\[^u]|\\\\u[^dD]|\\\\u[dD][0-7]|${PAIR})*)(${LONE})`;

const [FIRST_MARK = ''] = SURROGATE_MARK;
/** Everything up to the next text with a mark that is no key, and that text. */
const TO_MARKED = `((?s:[^"]|${STRING}[ \\t\\r]*:|"(?:[^"\\\\${FIRST_MARK}]|\\\\.)*")*)(${STRING})`;

/**
 * Replaces what ends each match. The text is given one more match at its end, `last`, so that the search never has to start again
 * within a token; it is taken away again. `as` names the whole.
 */
function replaced(as: string, text: string, pattern: string, last: string, by: string): string {
  const bytes = Buffer.byteLength(` ${by.replace('\\2', last)}`);
  const all = `replaceRegexpAll(concat(${text}, ${literal(` ${last}`)}), ${literal(pattern)}, ${literal(`\\1${by}`)})`;
  return `(substring(${all} AS ${as}, 1, length(${as}) - ${bytes}))`;
}

/** Steps from `__lines` to `__texts`, which adds `__json`: the line as the engine can read it without a loss. */
export const jsonSteps = `
  __numbers AS (
    SELECT *, match(__text, ${literal(SUSPECT)}) AS __suspect,
      if(__suspect AND match(__text, ${literal(TOKENS)}), ${replaced('__all_numbers', '__text', TO_NUMBER, '0', '"\\2"')}, __text) AS __numbered
    FROM __lines
  ),
  __texts AS (
    SELECT __object, __line, __text,
      if(__suspect AND NOT isValidJSON(__numbered) AND match(__numbered, ${literal(LONE)}), ${unpaired('__numbered')}, __numbered) AS __json
    FROM __numbers
  )`;

/** A text with a lone surrogate becomes something that fits no type; a key with one is a key that no contract has. */
function unpaired(text: string): string {
  const marked = replaced('__all_lone', text, TO_LONE, '\\ud800', SURROGATE_MARK);
  return replaced('__all_marked', marked, TO_MARKED, `"${SURROGATE_MARK}"`, LONE_SURROGATE);
}
