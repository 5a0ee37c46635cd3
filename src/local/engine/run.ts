import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { engineError } from './errors.js';
import type { QueryRequest } from './request.js';
import type { Reply } from './respond.js';
import { select, type Selecting } from './select.js';
import { quoted } from './sql.js';
import type { Statement } from './statement.js';

/** Runs a statement with what a request asks of it; `rows` follow it, if it is an INSERT. */
export async function runStatement(
  how: Selecting,
  asked: QueryRequest,
  statement: Statement,
  rows: Readable,
): Promise<Reply> {
  const { engine } = how;
  switch (statement.kind) {
    case 'query':
      return engine.query(asked, statement.sql, asked.format);
    case 'insert':
      return engine.insert(asked, statement.sql, await buffer(rows));
    case 'load': {
      const { into, options, format } = statement;
      const spooled = await how.spool.write(statement.data, rows);
      how.onPath(spooled.path);
      const insert = `${into} FROM INFILE ${quoted(spooled.path)} ${options} FORMAT ${format}`;
      return engine.insert(asked, insert).finally(spooled.remove);
    }
    case 'select':
      return runSelect(how, asked, statement);
  }
}

async function runSelect(
  how: Selecting,
  asked: QueryRequest,
  { sql, head, tail }: Extract<Statement, { kind: 'select' }>,
): Promise<Reply> {
  try {
    return await select(how, async (clause) => {
      const written = `${head}\n${clause}\n${tail || `FORMAT ${asked.format}`}`;
      return (await how.engine.query(asked, written, 'Null')).counts;
    });
  } catch (error) {
    // The engine names places in the text, which must be the client's.
    if (engineError(error).code === SYNTAX_ERROR) return how.engine.query(asked, sql, asked.format);
    throw error;
  }
}

const SYNTAX_ERROR = 62;
