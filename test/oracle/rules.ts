import { readFileSync } from 'node:fs';

/** One row of the written rules: what becomes of a kind of raw value in a column of a type. */
interface Rule {
  type: string;
  raw: string;
  kept?: string;
  rejected?: string;
  /** Column of the oracle's contract, JSON text, and whether it is kept. */
  examples: [column: string, json: string, kept: boolean][];
}

/** The rules of conversion of JSON values, from which the reference is made and against which the oracle is checked. */
export const RULES = JSON.parse(readFileSync(new URL('rules.json', import.meta.url), 'utf8')) as Rule[];

/** The rules as a Markdown table, for docs/reference.md. */
export function rulesTable(): string {
  const rows = RULES.map(({ type, raw, kept, rejected }) => [type, raw, kept ?? 'never', rejected ?? 'never']);
  return markdownTable([['type of the column', 'raw value', 'kept', 'rejected'], ...rows]);
}

/** Counts characters as prettier does, which pads by them. */
const lengthOf = (text: string) => Array.from(text).length;

/** A table as prettier writes it. The first row is its head. */
export function markdownTable(rows: readonly (readonly string[])[]): string {
  const cells = rows.map((row) => row.map((cell) => cell.replaceAll('|', '\\|')));
  const widths = (cells[0] ?? []).map((_, column) => Math.max(...cells.map((row) => lengthOf(row[column] ?? ''))));
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - lengthOf(cell))).join(' | ')} |`;
  const [head = [], ...body] = cells;
  return [line(head), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...body.map(line)].join('\n');
}
