import Table from 'cli-table3';
import { DateTime } from 'luxon';

/** Line width without a terminal, in characters. */
const WIDTH = 160;

export const terminalWidth = (): number => (process.stdout.isTTY ? process.stdout.columns : WIDTH);

/** Puts a text on one line without control characters, because raw lines are untrusted input. */
export const printable = (text: string): string => text.replaceAll(/\s+/g, ' ').replaceAll(/\p{C}/gu, '\u{FFFD}');

/** Returns the beginning of a text on one line, at most `width` characters. */
export function shorten(text: string, width: number): string {
  const line = printable(text);
  return line.length <= width ? line : `${line.slice(0, Math.max(0, width - 1))}…`;
}

/** Formats an instant in a zone, as `2026-11-06 04:31`. */
export const localTime = (instant: string, zone: string): string =>
  DateTime.fromISO(instant, { zone }).toFormat('yyyy-MM-dd HH:mm');

/** Converts a UTC time as ClickHouse prints it to an ISO instant. */
export const isoInstant = (at: string): string => DateTime.fromSQL(at, { zone: 'utc' }).toISO() ?? at;

const NO_LINES = {
  ...{ top: '', 'top-mid': '', 'top-left': '', 'top-right': '' },
  ...{ bottom: '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '' },
  ...{ left: '', 'left-mid': '', mid: '', 'mid-mid': '', right: '', 'right-mid': '', middle: '  ' },
};

/** The heading of a column; numbers are aligned on the right. */
export type Heading = string | { right: string };

/** Formats rows under their headings without lines around them, for people, `grep` and `awk`. */
export function plainTable(headings: readonly Heading[], rows: readonly (readonly string[])[]): string {
  const table = new Table({
    head: headings.map((heading) => (typeof heading === 'string' ? heading : heading.right)),
    colAligns: headings.map((heading) => (typeof heading === 'string' ? 'left' : 'right')),
    chars: NO_LINES,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  table.push(...rows.map((row) => [...row]));
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}
