import Table from 'cli-table3';
import { DateTime } from 'luxon';

/** Width of lines where no terminal says its own, in characters. */
const WIDTH = 160;

export const terminalWidth = (): number => (process.stdout.isTTY ? process.stdout.columns : WIDTH);

/** On one line, without anything that a terminal would act on: raw lines may hold whatever a stranger wrote. */
export const printable = (text: string): string => text.replaceAll(/\s+/g, ' ').replaceAll(/\p{C}/gu, '\u{FFFD}');

/** The beginning of a text, at most `width` characters of it, on one line. */
export function cut(text: string, width: number): string {
  const line = printable(text);
  return line.length <= width ? line : `${line.slice(0, Math.max(0, width - 1))}…`;
}

/** `2026-11-06 04:31` in a zone. */
export const localTime = (instant: string, zone: string): string =>
  DateTime.fromISO(instant, { zone }).toFormat('yyyy-MM-dd HH:mm');

/** An ISO instant of a time as ClickHouse prints it in UTC. */
export const instantOf = (at: string): string => DateTime.fromSQL(at, { zone: 'utc' }).toISO() ?? at;

const NO_LINES = {
  ...{ top: '', 'top-mid': '', 'top-left': '', 'top-right': '' },
  ...{ bottom: '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '' },
  ...{ left: '', 'left-mid': '', mid: '', 'mid-mid': '', right: '', 'right-mid': '', middle: '  ' },
};

/** A column of a table: its heading; numbers stand on the right. */
export type Heading = string | { right: string };

/** Rows under their headings, without lines around them, so that `grep`, `awk` and eyes find their way. */
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
