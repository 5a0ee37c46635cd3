import { randomBytes, randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { pipeline, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { constants, createBrotliCompress, createDeflate, createGzip } from 'node:zlib';
import { contentType } from './content-type.js';
import type { Counts, Engine } from './engine.js';
import { engineError, errorText, httpStatus } from './errors.js';
import { countsText } from './progress.js';

/** What of a request its answer depends on. */
export interface Asked {
  queryId: string | undefined;
  format: string;
  /** Encodings that the client takes, best first. */
  encodings: readonly string[];
  timezone: string | undefined;
}

/** What a statement gave: all of it, or as it comes. */
export interface Reply {
  body: Uint8Array | AsyncIterable<Uint8Array>;
  /** Bytes of a body that comes in pieces, where they are known. */
  size?: number;
  /** The encoding that the body has already. */
  encoding?: string | undefined;
  counts: Counts;
  /** Of a statement that may still fail when its body has begun: settles with the statement. */
  ended?: Promise<unknown>;
}

const ENCODERS = {
  gzip: () => createGzip({ level: 1 }),
  deflate: () => createDeflate({ level: 1 }),
  br: () => createBrotliCompress({ params: { [constants.BROTLI_PARAM_QUALITY]: 1 } }),
};

const canEncode = (name: string): name is keyof typeof ENCODERS => Object.hasOwn(ENCODERS, name);

/** Headers that every answer carries, as the server's. */
function commonHeaders(engine: Engine, asked: Pick<Asked, 'queryId' | 'timezone'>): Record<string, string> {
  return {
    'X-ClickHouse-Query-Id': asked.queryId?.replaceAll(/[^\x20-\x7e]/g, '?') ?? randomUUID(),
    'X-ClickHouse-Server-Display-Name': engine.hostname,
    'X-ClickHouse-Timezone': asked.timezone ?? engine.timezone,
  };
}

/** Sends what a statement gave. It returns when the client has all of it, and fails when the client goes before. */
export async function sendReply(response: ServerResponse, engine: Engine, asked: Asked, reply: Reply): Promise<void> {
  const empty = reply.body instanceof Uint8Array && reply.body.length === 0;
  const encoder = reply.encoding === undefined && !empty ? asked.encodings.find(canEncode) : undefined;
  const encoding = reply.encoding ?? encoder;
  const headers = {
    ...commonHeaders(engine, asked),
    'X-ClickHouse-Format': asked.format,
    'X-ClickHouse-Summary': summary(reply),
    'Content-Type': contentType(asked.format),
    ...(encoding && !empty ? { 'Content-Encoding': encoding } : {}),
  };
  const encoded = (body: Readable): Readable => (encoder ? pipeline(body, ENCODERS[encoder](), () => undefined) : body);

  if (reply.body instanceof Uint8Array) {
    const body = encoder ? await buffer(encoded(Readable.from([reply.body]))) : reply.body;
    response.writeHead(200, { ...headers, 'Content-Length': body.length });
    response.end(body);
    return;
  }
  // Sixteen characters by which a client tells an error behind rows from rows.
  const tag = randomBytes(12).toString('base64url');
  const state = { failed: false };
  const body = reply.body;
  async function* withFailure(): AsyncGenerator<Uint8Array> {
    yield* body;
    const failure = await reply.ended?.then(() => undefined, engineError);
    state.failed = failure !== undefined;
    if (failure) yield Buffer.from(exceptionBlock(errorText(failure, engine.version), tag));
  }
  response.writeHead(200, {
    ...headers,
    ...(reply.ended ? { 'X-ClickHouse-Exception-Tag': tag } : {}),
    ...(reply.size === undefined ? {} : { 'Content-Length': reply.size }),
  });
  for await (const chunk of encoded(Readable.from(withFailure()))) await write(response, chunk as Uint8Array);
  // A body that breaks off, as the server's does, tells those clients too that know no tag.
  if (state.failed) response.destroy();
  else response.end();
}

/** The form in which the server says behind the first rows that a statement failed. */
function exceptionBlock(text: string, tag: string): string {
  const message = text.trimEnd();
  const length = Buffer.byteLength(message) + 1;
  return `\r\n__exception__\r\n${tag}\r\n${message}\n${length} ${tag}\r\n__exception__\r\n`;
}

/** Waits until the system has taken the chunk: that is how a slow client slows down the engine. */
function write(response: ServerResponse, chunk: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    const gone = () => {
      reject(new Error('The client has gone'));
    };
    if (response.closed || response.destroyed) {
      gone();
      return;
    }
    response.once('close', gone);
    response.write(chunk, (error) => {
      response.off('close', gone);
      if (error) reject(error);
      else resolve();
    });
  });
}

/** Sends an error in the server's form: a status, the code as a header, code and name in the text. */
export function sendError(response: ServerResponse, engine: Engine, thrown: unknown, queryId?: string): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
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

const summary = ({ body, size, counts }: Reply): string =>
  countsText(counts, { rows: counts.result.rows, bytes: body instanceof Uint8Array ? body.length : (size ?? 0) });
