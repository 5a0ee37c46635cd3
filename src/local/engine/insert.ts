import { notImplemented, syntaxError } from './errors.js';
import { isWord, oneStatement, tokens, type Token } from './tokens.js';

export type Insert =
  /** An INSERT that says itself where its rows are: SELECT, inline VALUES, FROM INFILE. */
  | { kind: 'insert'; sql: string }
  /**
   * An INSERT whose rows follow as bytes in `format`. The clause that says where they are stored belongs between
   * `into` and `options`; `data` holds those bytes that stood behind the statement already.
   */
  | { kind: 'load'; into: string; options: string; format: string; data: Buffer };

/**
 * Reads an INSERT up to where its rows begin; `sql` is `text` with one character a byte, `from` the place behind INSERT.
 * @throws EngineError 62 when another statement follows.
 */
export function readInsert(text: Buffer, sql: string, from: number): Insert {
  const insert = (rest: Token): Insert => {
    checkRest(sql, rest);
    return { kind: 'insert', sql: text.toString() };
  };
  const load = (format: string, clause: number, options = clause, data = sql.length): Insert => ({
    kind: 'load',
    into: text.toString('utf8', 0, options),
    options: text.toString('utf8', options, clause),
    format,
    data: text.subarray(data),
  });

  let options: number | undefined;
  for (const token of clauses(sql, from)) {
    if (isWord(token, 'SELECT', 'WITH', 'FROM') || token.text === '(') return insert(token);
    if (isWord(token, 'SETTINGS')) options ??= token.start;
    if (isWord(token, 'VALUES')) {
      // Inline rows may hold expressions and parameters: the engine reads them where they stand.
      const inline = tokens(sql, token.end).next().value;
      return inline ? insert(token) : load('Values', token.start, options);
    }
    if (isWord(token, 'FORMAT')) {
      const name = tokens(sql, token.end).next().value;
      if (name?.kind === 'word') return load(name.text, token.start, options, startOfRows(sql, name.end));
    }
    if (token.text === ';') return load('Values', token.start, options);
  }
  return load('Values', sql.length, options);
}

/** Refuses a second statement, and `input()`, from which the embedded engine reads no rows and says nothing. */
function checkRest(sql: string, rest: Token): void {
  let previous = rest;
  for (const token of oneStatement(sql, rest.end)) {
    if (token.text === '(' && isWord(previous, 'INPUT')) {
      throw notImplemented('The embedded engine has no input(). Insert the rows into a table, or read them by file()');
    }
    previous = token;
  }
}

/** The outer tokens behind the target's name, without the list of columns or a table function's arguments. */
function* clauses(sql: string, from: number): Generator<Token, void, undefined> {
  let inName = true;
  let nameMayEnd = false;
  for (const token of tokens(sql, from)) {
    if (token.depth > 0) continue;
    if (inName && !nameMayEnd) {
      if (isWord(token, 'INTO', 'TABLE', 'FUNCTION') || token.text === '{') continue;
      nameMayEnd = true;
      continue;
    }
    if (inName && token.text === '.') {
      nameMayEnd = false;
      continue;
    }
    inName = false;
    const list = token.text === ')' || (token.text === '(' && !startsQuery(sql, token.end));
    if (!list) yield token;
  }
}

function startsQuery(sql: string, from: number): boolean {
  const next = tokens(sql, from).next().value;
  return next !== undefined && isWord(next, 'SELECT', 'WITH');
}

/** Rows begin behind the blanks and at most one line end after the format's name: a binary row may start with a blank. */
function startOfRows(sql: string, from: number): number {
  const gap = /^[ \t\f]*(;?)\r?\n?/.exec(sql.slice(from, from + 1024));
  if (gap?.[1]) throw syntaxError("Syntax error: rows follow the format's name, found ';' there. Remove it");
  return from + (gap?.[0].length ?? 0);
}
