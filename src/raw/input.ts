import type { Column } from '../clickhouse/column.js';
import { literal, name } from '../clickhouse/text.js';
import { parseType, withUnit, type ColumnType } from '../conversions/column-types.js';

/** Something that can be wrong with a row: a condition, and an expression of the message. */
export interface Fault {
  when: string;
  say: string;
}

/** How the raw objects of a chunk are read: the part of the normalizing statement that knows their format. */
export interface Input {
  /**
   * Common table expressions; the last is `__values` with `__object`, `__line` (from 1), `__text` (the raw line, for its reject)
   * and, for each column of the contract, {@link valueOf} and what its {@link faults} ask for.
   */
  steps: string;
  params: Record<string, string | number | string[]>;
  settings: Record<string, number | string>;
  /** Matches a line that cannot be read at all, whose columns need no message. */
  unreadable: Fault | undefined;
  /** What can be wrong with a column; texts are marked as in src/conversions/faults.ts. */
  faults(column: Column): Fault[];
  /** Writes the final text of a reason, without marks of the format's reader. */
  clean(reason: string): string;
}

/**
 * Keeps every subquery as its own step. If merged, ClickHouse would evaluate branches lazily and parse a line's JSON once for each
 * branch (measured: 15 s instead of 2 s for half a million lines). Also turns off two searches for conditions to rewrite, which walk
 * the statement once for every AND and OR in it (measured: half of the time to plan 300 columns).
 */
export const STEP_BY_STEP = {
  query_plan_merge_expressions: 0,
  optimize_and_compare_chain: 0,
  optimize_or_like_chain: 0,
};

/** Names the column with a value of the contract's type; NULL, or empty for a composite, if none fits. */
export const valueOf = (column: Column): string => name(`__value ${column.name}`);

/** Names the column that says what is wrong with a composite; '' if nothing is. */
export const faultOf = (column: Column): string => name(`__fault ${column.name}`);

/** Returns a column's type, with the unit of numbers from its comment. */
export const typeOf = ({ type, unit }: Column): ColumnType => withUnit(parseType(type), unit);

/** Found text quoted in a reason, in characters. */
const QUOTED = 80;
const QUOTE = literal("'");

/** Writes an expression of any type as text, truncated and in quotes. */
export const quoted = (text: string): string =>
  `concat(${QUOTE}, substringUTF8(toValidUTF8(ifNull(toString(${text}), 'NULL')), 1, ${QUOTED}), ${QUOTE})`;
