import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { decodedBody, formFields } from './body.js';
import { quoted, type Engine, type Outcome } from './engine.js';
import { EngineError } from './errors.js';
import { signsOfLife } from './progress.js';
import { addForm, readRequest, type QueryRequest } from './request.js';
import { sendError, sendOutcome } from './respond.js';
import type { Spool } from './spool.js';
import { readStatement, type Statement } from './statement.js';

/** Who may connect; undefined lets everybody in. */
export type Login = { user: string; password: string } | undefined;

/** The HTTP interface of ClickHouse over the embedded engine; the caller makes it listen. */
export function createEngineServer(engine: Engine, spool: Spool, login: Login): Server {
  // A query and its parameters may stand in the address (a server allows 1 MiB), and uploads take as long as they take.
  const limits = { maxHeaderSize: 1 << 20, requestTimeout: 0, keepAliveTimeout: 30_000 };
  return createServer(limits, (request, response) => {
    const address = addressOf(request);
    answer(address, request, response).catch((error: unknown) => {
      sendError(response, engine, error, address.searchParams.get('query_id') ?? undefined);
      // What is left of a refused upload is read away, so that the client comes to read the answer.
      request.resume();
    });
  });

  async function answer(address: URL, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const method = request.method ?? 'GET';
    if (['/ping', '/replicas_status'].includes(address.pathname) || isGreeting(method, address)) {
      response.writeHead(200, { 'Content-Type': 'text/html; charset=UTF-8' }).end('Ok.\n');
      return;
    }
    if (address.pathname !== '/') {
      response.writeHead(404, { 'Content-Type': 'text/plain; charset=UTF-8' });
      response.end(`There is no handle ${address.pathname}. Use / for queries and /ping for health checks.\n`);
      return;
    }
    const asked = readRequest(method, address, request.headers);
    checkLogin(asked, login);
    const stop = signsOfLife(request, response, asked.settings);
    const { format, outcome } = await run(asked, request).finally(stop);
    const timezone = asked.settings['session_timezone'];
    await sendOutcome(response, engine, { ...asked, format, timezone }, outcome);
  }

  async function run(asked: QueryRequest, request: IncomingMessage): Promise<{ format: string; outcome: Outcome }> {
    const [statement, rows] = await readBody(asked, request);
    const { format } = asked;
    if (statement.kind === 'query') {
      return { format: statement.format ?? format, outcome: await engine.query(asked, statement.sql, format) };
    }
    if (statement.kind === 'insert') {
      return { format, outcome: await engine.insert(asked, statement.sql, await buffer(rows)) };
    }
    const outcome = await spool.with(statement.data, rows, (path) => {
      const { into, options } = statement;
      return engine.insert(asked, `${into} FROM INFILE ${quoted(path)} ${options} FORMAT ${statement.format}`);
    });
    return { format, outcome };
  }
}

/** The statement and the rows that follow it: a query in the address is completed by the body, unless it is an INSERT. */
async function readBody(asked: QueryRequest, request: IncomingMessage): Promise<[Statement, Readable]> {
  const fields = await formFields(request);
  if (fields) addForm(asked, fields);
  const body = fields ? Readable.from([]) : decodedBody(request);
  if (asked.query.trim()) {
    const statement = readStatement(Buffer.from(asked.query));
    if (statement.kind !== 'query') return [statement, body];
  }
  const head = asked.query ? [Buffer.from(`${asked.query}\n`)] : [];
  return [readStatement(Buffer.concat([...head, await buffer(body)])), Readable.from([])];
}

/** The request's address; joined as text, because a relative one such as `//` would be no path but a host. */
function addressOf(request: IncomingMessage): URL {
  const target = request.url ?? '/';
  return new URL(`http://engine${target.startsWith('/') ? target : '/'}`);
}

function isGreeting(method: string, address: URL): boolean {
  return address.pathname === '/' && !address.search && (method === 'GET' || method === 'HEAD');
}

function checkLogin(asked: QueryRequest, login: Login): void {
  if (!login || (asked.user === login.user && asked.password === login.password)) return;
  throw new EngineError(
    516,
    'AUTHENTICATION_FAILED',
    `${asked.user}: Authentication failed: password is incorrect, or there is no user with such name`,
  );
}
