import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { decodedBody, readBody, readForm } from './body.js';
import { decodeByEngine } from './decode.js';
import { NOTHING, type Engine } from './engine.js';
import { EngineError } from './errors.js';
import type { Pipes } from './pipes.js';
import { sendProgress } from './progress.js';
import { readRequest, type QueryRequest } from './request.js';
import { sendError, sendReply } from './respond.js';
import { runStatement } from './run.js';
import type { Selecting } from './select.js';
import type { Spool } from './spool.js';

/** Who may connect; undefined lets everybody in. */
export type Login = { user: string; password: string } | undefined;

/** What the server works with. */
export interface Parts {
  engine: Engine;
  spool: Spool;
  pipes: Pipes;
  login: Login;
}

/** The HTTP interface of ClickHouse over the embedded engine; the caller makes it listen. */
export function createEngineServer({ engine, spool, pipes, login }: Parts): Server {
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
    const gone = new AbortController();
    response.once('close', () => {
      gone.abort();
    });
    let path: string | undefined;
    const how: Selecting = { ...asked, engine, spool, pipes, signal: gone.signal, onPath: (known) => (path = known) };
    const stop = sendProgress(response, asked.settings, async () => (path ? engine.progress(path) : NOTHING));
    const { format, reply } = await run(how, asked, request).finally(async () => {
      stop();
      await Promise.all(asked.tables.map((table) => table.remove()));
    });
    const timezone = asked.settings['session_timezone'];
    await sendReply(response, engine, { ...asked, format, timezone }, reply);
  }
}

async function run(how: Selecting, asked: QueryRequest, request: IncomingMessage) {
  const decoded = decodedBody(request, (body, encoding) => decodeByEngine(how, body, encoding));
  const type = request.headers['content-type'] ?? '';
  const isForm = type.startsWith('multipart/form-data');
  if (isForm) await readForm(asked, how.spool, type, decoded);
  const [statement, rows] = await readBody(asked, isForm ? Readable.from([]) : decoded);
  const named = statement.kind === 'query' || statement.kind === 'select' ? statement.format : undefined;
  return { format: named ?? asked.format, reply: await runStatement(how, asked, statement, rows) };
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
