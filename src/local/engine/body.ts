import type { IncomingMessage } from 'node:http';
import { pipeline, type Duplex, type Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { EngineError } from './errors.js';

const DECODERS: Readonly<Record<string, () => Duplex>> = {
  gzip: createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};

/**
 * The request's body as it was before its Content-Encoding. The stream fails when the body is cut off.
 * @throws EngineError 48 for an encoding that is not known here.
 */
export function decodedBody(request: IncomingMessage): Readable {
  const encoding = request.headers['content-encoding'] ?? 'identity';
  if (encoding === 'identity') return request;
  const decoder = DECODERS[encoding];
  if (!decoder) {
    throw new EngineError(
      48,
      'NOT_IMPLEMENTED',
      `Found Content-Encoding '${encoding}', the embedded engine knows ${Object.keys(DECODERS).join(', ')}`,
    );
  }
  // The callback is for errors only, and they reach the reader as the decoder's own.
  return pipeline(request, decoder(), () => undefined);
}

/** The text fields of a multipart form; undefined when the body is no form. */
export async function formFields(request: IncomingMessage): Promise<[string, string][] | undefined> {
  const type = request.headers['content-type'] ?? '';
  if (!type.startsWith('multipart/form-data')) return undefined;
  // Deprecated for servers that face the world and large files; here it holds one query and its parameters.
  // eslint-disable-next-line @typescript-eslint/no-deprecated
  const form = await new Response(await buffer(decodedBody(request)), { headers: { 'content-type': type } }).formData();
  return [...form].map(([name, value]) => {
    if (typeof value === 'string') return [name, value];
    throw new EngineError(
      48,
      'NOT_IMPLEMENTED',
      `Found the file '${name}' in a form, the embedded engine takes fields only`,
    );
  });
}
