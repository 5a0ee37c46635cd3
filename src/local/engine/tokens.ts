import { syntaxError } from './errors.js';

/** One token of SQL text: where it stands, and at which depth of parentheses. Comments and white space are left out. */
export interface Token {
  kind: 'word' | 'quoted' | 'sign';
  text: string;
  start: number;
  end: number;
  /** 0 outside all parentheses, brackets and braces; an opening and its closing sign stand at the depth outside them. */
  depth: number;
}

const WORD = /[A-Za-z0-9_\u0080-\uffff]/;
const OPENING = '([{';
const CLOSING = ')]}';

/**
 * Cuts SQL into tokens the way ClickHouse's lexer does: quotes with backslash and doubled escapes, `$tag$` heredocs,
 * `--`, `#` and block comments. It never fails: an unclosed quote runs to the end, and the engine then names the mistake.
 */
export function* tokens(sql: string, from = 0): Generator<Token, void, undefined> {
  let depth = 0;
  let at = from;
  while (at < sql.length) {
    const blank = endOfBlank(sql, at);
    if (blank > at) {
      at = blank;
      continue;
    }
    const sign = sql.charAt(at);
    if (CLOSING.includes(sign)) depth = Math.max(0, depth - 1);
    const [kind, end] = endOfToken(sql, at);
    yield { kind, text: sql.slice(at, end), start: at, end, depth };
    if (OPENING.includes(sign)) depth += 1;
    at = end;
  }
}

/** The first place at or after `at` that is neither white space nor comment. */
function endOfBlank(sql: string, at: number): number {
  if (' \t\n\r\f\v'.includes(sql.charAt(at))) return at + 1;
  const two = sql.slice(at, at + 2);
  if (two === '--' || two === '# ' || two === '#!') return after(sql, '\n', at);
  if (two === '/*') return after(sql, '*/', at + 2);
  return at;
}

function endOfToken(sql: string, at: number): [Token['kind'], number] {
  const first = sql.charAt(at);
  if (first === "'" || first === '"' || first === '`') return ['quoted', endOfQuoted(sql, at, first)];
  if (first === '$') {
    const close = sql.indexOf('$', at + 1);
    const tag = close < 0 ? '' : sql.slice(at, close + 1);
    if (/^\$\w*\$$/.test(tag)) return ['quoted', after(sql, tag, close + 1)];
  }
  let end = at;
  while (end < sql.length && WORD.test(sql.charAt(end))) end += 1;
  return end > at ? ['word', end] : ['sign', at + 1];
}

function endOfQuoted(sql: string, at: number, quote: string): number {
  for (let i = at + 1; i < sql.length; i += 1) {
    const sign = sql.charAt(i);
    if (sign === '\\') i += 1;
    else if (sign === quote) {
      if (sql.charAt(i + 1) !== quote) return i + 1;
      i += 1;
    }
  }
  return sql.length;
}

function after(sql: string, mark: string, from: number): number {
  const found = sql.indexOf(mark, from);
  return found < 0 ? sql.length : found + mark.length;
}

/** True when a token is one of these words, in any case. */
export function isWord(token: Token, ...words: readonly string[]): boolean {
  return token.kind === 'word' && words.includes(token.text.toUpperCase());
}

/**
 * The tokens outside all parentheses, from an offset to the end of the statement.
 * @throws EngineError 62 when anything follows its semicolon: the server runs one statement a request, the engine would run all.
 */
export function* oneStatement(sql: string, from = 0): Generator<Token, void, undefined> {
  let ended = false;
  for (const token of tokens(sql, from)) {
    if (ended) {
      // Without parentheses: clients read the first word in them as the error's name.
      const place = `failed at position ${token.start + 1}: ${token.text}`;
      throw syntaxError(`Syntax error (Multi-statements are not allowed): ${place}. Send one statement a request`);
    }
    if (token.depth === 0 && token.text === ';') ended = true;
    else if (token.depth === 0) yield token;
  }
}
