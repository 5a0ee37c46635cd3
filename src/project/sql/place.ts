import type { SqlFile } from '../project.js';
import { tokenize } from './tokens.js';

/** Replaces the comments in SQL by spaces, so that positions and lines remain. */
export const withoutComments = (sql: string): string =>
  tokenize(sql)
    .map(({ kind, text }) => (kind === 'comment' ? text.replaceAll(/[^\n]/g, ' ') : text))
    .join('');

/** Returns the line of a pattern's first match outside comments, such as `sql/tests/x.sql:12`; without a match, the path alone. */
export function placeOf({ path, text }: Pick<SqlFile, 'path' | 'text'>, pattern: RegExp): string {
  const at = withoutComments(text).search(pattern);
  return at < 0 ? path : `${path}:${text.slice(0, at).split('\n').length}`;
}

/** Matches a call of a function, ignoring case. */
export const callOf = (name: string): RegExp => new RegExp(String.raw`\b${name.replaceAll(/\W/g, '\\$&')}\s*\(`, 'i');
