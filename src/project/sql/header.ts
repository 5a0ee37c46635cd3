import { either, error, meantBy } from '../problems.js';
import type { Header, Problem } from '../project.js';
import { parseDuration, parseShare } from '../units.js';
import { tokenize } from './tokens.js';

/** The four folders under `sql/`. */
export type SqlKind = 'raw' | 'normalized' | 'aggregates' | 'tests';

const DAY = 24 * 60 * 60 * 1000;

/** Every option with the kinds of file in which it is allowed. */
const OPTIONS: Record<string, readonly SqlKind[]> = {
  lookback: ['aggregates', 'tests'],
  unique: ['normalized', 'aggregates'],
  severity: ['tests'],
  tolerate: ['tests'],
  holes: ['aggregates', 'tests'],
};

/** `-- key: value` with one lower-case word as the key; any other comment is prose. */
const OPTION = /^--\s*([a-z_]+):(?:\s+(.*))?$/;

/**
 * Reads the options of a SQL file: line comments `-- key: value` before the first statement. A comment is prose unless it is
 * exactly one lower-case word, a colon and a value: `-- Note: …`, `-- see also: …` and `-- https://…` are ignored, while
 * `-- lookbak: 6 days` is rejected instead of being overlooked. A known option below the first statement is rejected as well.
 */
export function readHeader(path: string, kind: SqlKind, sql: string): { header: Header; problems: Problem[] } {
  const header: Header = { lookback: 0, holes: 'refuse', unique: [], severity: 'error' };
  const problems: Problem[] = [];
  const seen = new Set<string>();
  let atHead = true;
  for (const { kind: token, text, start } of tokenize(sql)) {
    const [, key, value = ''] = (token === 'comment' ? OPTION.exec(text.trimEnd()) : undefined) ?? [];
    if (token !== 'comment' && token !== 'space') atHead = false;
    if (key === undefined || (!atHead && (!(key in OPTIONS) || !startsLine(sql, start)))) continue;
    const problem = !atHead
      ? error(path, `found the option '${key}' below the first statement`, 'Move it to the head of the file.')
      : seen.has(key)
        ? error(path, `found the option '${key}' twice`, 'Keep one of them.')
        : readOption(path, kind, key, value.trim(), header);
    seen.add(key);
    if (problem) problems.push(problem);
  }
  return { header, problems };
}

const startsLine = (sql: string, start: number) => /(^|\n)[ \t]*$/.test(sql.slice(0, start));

/** Sets one option in `header`, or returns what is wrong with it. */
function readOption(path: string, kind: SqlKind, key: string, value: string, header: Header): Problem | undefined {
  const known = Object.keys(OPTIONS).filter((option) => OPTIONS[option]?.includes(kind));
  if (!known.includes(key)) {
    const meant = meantBy(key, known);
    const expected = known.length === 0 ? `none in a file under sql/${kind}/` : either(known);
    return error(
      path,
      `found the unknown option '-- ${key}: ${value}', expected ${expected}`,
      meant
        ? `Did you mean '${meant}'?`
        : `Remove it, or, if it is prose, start the line with a capital letter or with more than one word.`,
    );
  }
  const refuse = (expected: string) =>
    error(path, `found '-- ${key}: ${value}', expected ${expected}`, `Write it as ${expected}.`);
  switch (key) {
    case 'lookback': {
      const days = (parseDuration(value) ?? NaN) / DAY;
      if (!Number.isInteger(days)) return refuse("'-- lookback: 6 days'");
      header.lookback = days;
      return undefined;
    }
    case 'unique': {
      const columns = value.split(',').map((column) => column.trim());
      if (!columns.every((column) => /^[A-Za-z_]\w*$/.test(column))) return refuse("'-- unique: day, country'");
      header.unique = columns;
      return undefined;
    }
    case 'holes':
      if (value !== 'allow') return refuse("'-- holes: allow'");
      header.holes = value;
      return undefined;
    case 'severity':
      if (value !== 'warn' && value !== 'error') return refuse("'-- severity: warn' or '-- severity: error'");
      header.severity = value;
      return undefined;
    case 'tolerate': {
      const [, rows] = /^(\d+) rows?$/.exec(value) ?? [];
      const tolerate = rows === undefined ? parseShare(value) : { rows: Number(rows) };
      if (!tolerate) return refuse("'-- tolerate: 0.1%' or '-- tolerate: 5 rows'");
      header.tolerate = tolerate;
      return undefined;
    }
    default:
      throw new RangeError(`no reader for the option ${key}`);
  }
}
