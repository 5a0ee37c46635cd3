import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { contentType } from './content-type.js';
import type { Engine, Outcome } from './engine.js';
import { engineError, errorText, httpStatus } from './errors.js';

/** What of a request its answer depends on. */
export interface Asked {
  queryId: string | undefined;
  format: string;
  gzip: boolean;
  timezone: string | undefined;
}

/** Headers that every answer carries, as the server's. */
export function commonHeaders(engine: Engine, asked?: Pick<Asked, 'queryId' | 'timezone'>): Record<string, string> {
  return {
    'X-ClickHouse-Query-Id': asked?.queryId ?? randomUUID(),
    'X-ClickHouse-Server-Display-Name': engine.hostname,
    'X-ClickHouse-Timezone': asked?.timezone ?? engine.timezone,
  };
}

/** Sends what a statement gave. */
export async function sendOutcome(
  response: ServerResponse,
  engine: Engine,
  asked: Asked,
  outcome: Outcome,
): Promise<void> {
  const compressed = asked.gzip && outcome.body.length > 0;
  const body = compressed ? await promisify(gzip)(outcome.body) : outcome.body;
  response.writeHead(200, {
    ...commonHeaders(engine, asked),
    'X-ClickHouse-Format': asked.format,
    'X-ClickHouse-Summary': summary(outcome),
    'Content-Type': contentType(asked.format),
    'Content-Length': body.length,
    ...(compressed ? { 'Content-Encoding': 'gzip' } : {}),
  });
  response.end(body);
}

/** Sends an error in the server's form: a status, the code as a header, code and name in the text. */
export function sendError(response: ServerResponse, engine: Engine, thrown: unknown, queryId?: string): void {
  if (response.headersSent || response.destroyed) return;
  const error = engineError(thrown);
  const body = errorText(error, engine.version);
  response.writeHead(httpStatus(error.code), {
    ...commonHeaders(engine, { queryId, timezone: undefined }),
    'X-ClickHouse-Exception-Code': error.code,
    'Content-Type': 'text/plain; charset=UTF-8',
    'Content-Length': Buffer.byteLength(body),
  });
  response.end(body);
}

/** Counts as texts, the way the server sends them. What the engine does not tell (the result's rows) stays 0. */
function summary({ read, written, body, elapsedSeconds }: Outcome): string {
  return JSON.stringify({
    read_rows: String(read.rows),
    read_bytes: String(read.bytes),
    written_rows: String(written.rows),
    written_bytes: String(written.bytes),
    total_rows_to_read: '0',
    result_rows: String(written.rows),
    result_bytes: String(body.length),
    elapsed_ns: String(Math.round(elapsedSeconds * 1e9)),
  });
}
