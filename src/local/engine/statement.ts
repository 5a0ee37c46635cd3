import { EngineError, syntaxError } from './errors.js';
import { readInsert, type Insert } from './insert.js';
import { isWord, oneStatement, tokens, type Token } from './tokens.js';

/** What a request asks of the engine: an INSERT, or anything else. */
export type Statement =
  | Insert
  /** A SELECT: `head` is all before its FORMAT clause, `tail` that clause and what follows; the end of both is the statement's. */
  | { kind: 'select'; sql: string; head: string; tail: string; format: string | undefined }
  /** Anything else that reads or defines; `format` is the one named in the text, for the response's headers. */
  | { kind: 'query'; sql: string; format: string | undefined };

/**
 * Reads one statement as the HTTP interface does: exactly one, and rows of an INSERT may follow it in any format.
 * The text comes as bytes because those rows may be binary.
 * @throws EngineError 62 when there is no statement, or more than one.
 */
export function readStatement(text: Buffer): Statement {
  // One character a byte: offsets then hold in the bytes too, and everything that the lexer looks for is ASCII.
  const sql = text.toString('latin1');
  const { value: first } = tokens(sql).next();
  if (first === undefined || first.text === ';') throw syntaxError('Syntax error: Empty query');
  if (isWord(first, 'INSERT')) return readInsert(text, sql, first.end);
  const outer = [...oneStatement(sql)];
  const named = formatClause(outer);
  if (isWord(first, 'SELECT', 'WITH', 'FROM') || first.text === '(') {
    if (outer.some((token, at) => isWord(token, 'OUTFILE') && isWord(outer[at - 1] ?? token, 'INTO'))) {
      throw new EngineError(358, 'INTO_OUTFILE_NOT_ALLOWED', 'INTO OUTFILE is not allowed');
    }
    const end = outer.at(-1)?.end ?? sql.length;
    const cut = (from: number, to: number) => text.toString('utf8', from, to);
    const middle = named?.start ?? end;
    return {
      kind: 'select',
      sql: text.toString(),
      head: cut(0, middle),
      tail: cut(middle, end),
      format: named?.format,
    };
  }
  return {
    kind: 'query',
    sql: isWord(first, 'KILL') ? withoutWaiting(sql, outer) : text.toString(),
    format: named?.format,
  };
}

/** KILL ... SYNC never returns in the embedded engine, not even after the victim's end: such a KILL is sent as ASYNC. */
function withoutWaiting(sql: string, outer: readonly Token[]): string {
  const sync = outer.findLast((token) => isWord(token, 'SYNC'));
  const plain = sync ? `${sql.slice(0, sync.start)}ASYNC${sql.slice(sync.end)}` : sql;
  return Buffer.from(plain, 'latin1').toString();
}

function formatClause(outer: readonly Token[]): { start: number; format: string } | undefined {
  const at = outer.findLastIndex((token) => isWord(token, 'FORMAT'));
  const [clause, name, next] = at < 0 ? [] : outer.slice(at, at + 3);
  if (!clause || name?.kind !== 'word' || (next !== undefined && !isWord(next, 'SETTINGS'))) return undefined;
  return { start: clause.start, format: name.text };
}
