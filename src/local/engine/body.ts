import type { IncomingMessage } from 'node:http';
import { pipeline, Readable, type Duplex } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { notImplemented } from './errors.js';
import { externalTable } from './external.js';
import { addField, type QueryRequest } from './request.js';
import type { Spool } from './spool.js';
import { readStatement, type Statement } from './statement.js';

const DECODERS: Readonly<Record<string, () => Duplex>> = {
  gzip: createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};

/** Encodings that Node does not know and the engine does. */
const ENGINE_ENCODINGS = ['lz4', 'zstd', 'snappy', 'xz', 'bz2'];

/** A statement that stands in a body is looked for in this many bytes; the engine itself reads 256 KiB at most. */
const HEAD_BYTES = 512 * 1024;

/** Takes one of the engine's own encodings off a stream. */
export type EngineDecoder = (body: Readable, encoding: string) => Readable;

/**
 * The request's body as it was before its Content-Encoding. The stream fails when the body is cut off.
 * @throws EngineError 48 for an encoding that is not known here.
 */
export function decodedBody(request: IncomingMessage, byEngine: EngineDecoder): Readable {
  const encoding = request.headers['content-encoding'] ?? 'identity';
  if (encoding === 'identity') return request;
  const decoder = DECODERS[encoding];
  // The callback is for errors only, and they reach the reader as the decoder's own.
  if (decoder) return pipeline(request, decoder(), () => undefined);
  if (ENGINE_ENCODINGS.includes(encoding)) return byEngine(request, encoding);
  const known = [...Object.keys(DECODERS), ...ENGINE_ENCODINGS].join(', ');
  throw notImplemented(`Found Content-Encoding '${encoding}', the embedded engine knows ${known}`);
}

/**
 * Reads the statement, and gives the rows that follow it as a stream: a query in the address is completed by the body,
 * unless it is an INSERT.
 */
export async function readBody(asked: QueryRequest, body: Readable): Promise<[Statement, Readable]> {
  if (asked.query.trim()) {
    const statement = readStatement(Buffer.from(asked.query));
    if (statement.kind === 'insert' || statement.kind === 'load') return [statement, body];
  }
  const chunks = body.iterator({ destroyOnReturn: false }) as AsyncIterableIterator<Buffer>;
  const head: Buffer[] = [Buffer.from(asked.query ? `${asked.query}\n` : '')];
  for (let size = 0; size < HEAD_BYTES;) {
    const { done, value } = (await chunks.next()) as IteratorResult<Buffer, undefined>;
    if (done) return [readStatement(Buffer.concat(head)), Readable.from([])];
    head.push(value);
    size += value.length;
  }
  const begun = loadIn(Buffer.concat(head));
  if (begun) return [begun, Readable.from(chunks)];
  return [readStatement(Buffer.concat([...head, await buffer(chunks)])), Readable.from([])];
}

/** The INSERT at the head of a long body; undefined unless its rows have begun, because it may be cut off before. */
function loadIn(head: Buffer): Statement | undefined {
  try {
    const statement = readStatement(head);
    return statement.kind === 'load' && statement.data.length > 0 ? statement : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Adds the fields of a multipart form, in which clients send a query with long parameters or external tables, to what is
 * asked. The caller removes the files of `asked.tables`.
 */
export async function readForm(asked: QueryRequest, spool: Spool, type: string, body: Readable): Promise<void> {
  // Deprecated for servers that face the world and large files; here it holds one query and what belongs to it.
  // eslint-disable-next-line @typescript-eslint/no-deprecated
  const form = await new Response(await buffer(body), { headers: { 'content-type': type } }).formData();
  for (const [name, value] of form) {
    if (typeof value === 'string') addField(asked, name, value);
    else asked.tables.push(await externalTable(asked, spool, name, value));
  }
}
