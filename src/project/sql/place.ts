import type { SqlFile } from '../project.js';
import { tokenize } from './tokens.js';

/** The SQL of a file with spaces in place of its comments: positions and lines stay. */
export const withoutComments = (sql: string): string =>
  tokenize(sql)
    .map(({ kind, text }) => (kind === 'comment' ? text.replaceAll(/[^\n]/g, ' ') : text))
    .join('');

/** Where a pattern first matches in a file's SQL, comments left out: `sql/tests/x.sql:12`, or the path alone where it does not. */
export function placeOf({ path, text }: Pick<SqlFile, 'path' | 'text'>, pattern: RegExp): string {
  const at = withoutComments(text).search(pattern);
  return at < 0 ? path : `${path}:${text.slice(0, at).split('\n').length}`;
}

/** Matches a call of a function, in any case of letters. */
export const callOf = (name: string): RegExp => new RegExp(String.raw`\b${name.replaceAll(/\W/g, '\\$&')}\s*\(`, 'i');
