import { stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { select, type Selecting } from './select.js';
import { quoted } from './sql.js';

/** One thread, because several would mix up the bytes. */
const ORDERED = { max_threads: '1', parallelize_output_from_storages: '0' };
const SCOPE = { database: undefined, settings: ORDERED, params: {}, session: undefined };

/**
 * Takes an encoding off a stream that the engine knows and Node 20 does not: the engine reads the bytes from a file, as rows
 * of one byte each (some 40 MB a second, in bounded memory), and writes them as they are.
 */
export function decodeByEngine(how: Selecting, body: Readable, encoding: string): Readable {
  async function* decoded(): AsyncGenerator<Uint8Array> {
    const packed = await how.spool.write(new Uint8Array(), body);
    try {
      if ((await stat(packed.path)).size === 0) return;
      const reply = await select({ ...how, wait: false, encodings: [] }, async (clause) => {
        const file = `file(${quoted(packed.path)}, 'RowBinary', 'b UInt8', ${quoted(encoding)})`;
        return (await how.engine.query(SCOPE, `SELECT b FROM ${file} ${clause} FORMAT RowBinary`, 'Null')).counts;
      });
      if (reply.body instanceof Uint8Array) yield reply.body;
      else yield* reply.body;
      await reply.ended;
      // Bytes may be missing then, and rows of a half-sent request are never inserted.
      how.signal.throwIfAborted();
    } finally {
      await packed.remove();
    }
  }
  return Readable.from(decoded(), { objectMode: false });
}
