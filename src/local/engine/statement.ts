import { syntaxError } from './errors.js';
import { readInsert, type Insert } from './insert.js';
import { isWord, oneStatement, tokens, type Token } from './tokens.js';

/** What a request asks of the engine: an INSERT, or anything else. */
export type Statement =
  | Insert
  /** Anything that reads or defines; `format` is the one named in the text, for the response's headers. */
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
  return {
    kind: 'query',
    sql: isWord(first, 'KILL') ? withoutWaiting(sql, outer) : text.toString(),
    format: namedFormat(outer),
  };
}

/** KILL ... SYNC never returns in the embedded engine, not even after the victim's end: such a KILL is sent as ASYNC. */
function withoutWaiting(sql: string, outer: readonly Token[]): string {
  const sync = outer.findLast((token) => isWord(token, 'SYNC'));
  const plain = sync ? `${sql.slice(0, sync.start)}ASYNC${sql.slice(sync.end)}` : sql;
  return Buffer.from(plain, 'latin1').toString();
}

function namedFormat(outer: readonly Token[]): string | undefined {
  const at = outer.findLastIndex((token) => isWord(token, 'FORMAT'));
  const name = at < 0 ? undefined : outer[at + 1];
  const next = outer[at + 2];
  return name?.kind === 'word' && (next === undefined || isWord(next, 'SETTINGS')) ? name.text : undefined;
}
