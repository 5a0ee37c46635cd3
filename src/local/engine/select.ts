import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { NOTHING, type Counts, type Engine } from './engine.js';
import type { Pipe, Pipes } from './pipes.js';
import type { Reply } from './respond.js';
import type { Spool } from './spool.js';
import { quoted } from './sql.js';

/** Results up to this many bytes are held until their statement has ended, so that an error comes in place of them. */
const HELD_BYTES = 1024 * 1024;
/** How often a statement that nobody waits for is told to end, in milliseconds. */
const CANCEL_MS = 200;

/** How a SELECT is run and answered. */
export interface Selecting {
  engine: Engine;
  pipes: Pipes;
  spool: Spool;
  /** True holds the whole result, a large one in a file, until the statement has ended. */
  wait: boolean;
  /** Passes when the client is gone; the statement then ends. */
  signal: AbortSignal;
  /** Encodings that the client takes, best first. */
  encodings: readonly string[];
  /** Told the path at which the engine's list of running statements knows this one. */
  onPath: (path: string) => void;
}

/** Encodings in which the engine writes files; it compresses faster than Node, and knows more of them. */
const FILE_ENCODINGS = new Set(['lz4', 'zstd', 'gzip', 'deflate', 'br']);

/**
 * Runs a SELECT so that memory stays bounded, whatever the size of its result: a small one is answered whole; a large one
 * streams out of a pipe, as fast as the client reads, or waits in a file.
 * @param run runs the statement with an INTO OUTFILE clause.
 */
export async function select(how: Selecting, run: (clause: string) => Promise<Counts>): Promise<Reply> {
  const pipe = await how.pipes.open(how.signal);
  return pipe ? throughPipe(how, pipe, run) : throughFile(how, run);
}

async function throughPipe(how: Selecting, pipe: Pipe, run: (clause: string) => Promise<Counts>): Promise<Reply> {
  const { engine, signal } = how;
  how.onPath(pipe.path);
  const ended = run(`INTO OUTFILE ${quoted(pipe.path)} TRUNCATE`).finally(pipe.finish);
  cancelWhenGone(engine, signal, pipe.path, ended);
  const chunks = pipe.output.iterator({ destroyOnReturn: false }) as AsyncIterator<Buffer, undefined>;
  const held: Buffer[] = [];
  // All of the output is read in any case, because the engine would wait for ever in a pipe that nobody reads.
  for (let size = 0; size < HELD_BYTES;) {
    const { done, value } = await chunks.next();
    if (done) return { body: Buffer.concat(held), counts: await ended };
    if (signal.aborted) continue;
    held.push(value);
    size += value.length;
  }
  const body = rest(held, chunks, signal);
  if (!how.wait) return { body, counts: await progressOf(how, pipe), ended };
  // Written here, not by the engine, which does not say when a full disk has cut its file short.
  const spooled = await how.spool.write(new Uint8Array(), Readable.from(body)).catch(async (error: unknown) => {
    await drain(chunks);
    await ended.catch(() => undefined);
    throw error;
  });
  return await ended.then(
    (counts) => ({ body: createReadStream(spooled.path).once('close', () => void spooled.remove()), counts }),
    async (error: unknown) => {
      await spooled.remove();
      throw error;
    },
  );
}

async function drain(chunks: AsyncIterator<Buffer, undefined>): Promise<void> {
  while (!(await chunks.next()).done);
}

/** Never fails: the pipe would not be read any more. */
const progressOf = ({ engine }: Selecting, { path }: Pipe): Promise<Counts> =>
  engine.progress(path).catch(() => NOTHING);

async function* rest(held: Buffer[], chunks: AsyncIterator<Buffer, undefined>, signal: AbortSignal) {
  try {
    for (let chunk = held.shift(); chunk; chunk = held.shift()) yield chunk;
    for (;;) {
      const { done, value } = await chunks.next();
      if (done) return;
      if (!signal.aborted) yield value;
    }
  } finally {
    await drain(chunks);
  }
}

/** For systems without `mkfifo` only: see above about full disks. */
async function throughFile(how: Selecting, run: (clause: string) => Promise<Counts>): Promise<Reply> {
  const { path, remove } = how.spool.reserve();
  const encoding = how.encodings.find((name) => FILE_ENCODINGS.has(name));
  const compression = encoding ? ` COMPRESSION ${quoted(encoding)}` : '';
  try {
    how.onPath(path);
    const ended = run(`INTO OUTFILE ${quoted(path)} TRUNCATE${compression}`);
    cancelWhenGone(how.engine, how.signal, path, ended);
    const counts = await ended;
    const { size } = await stat(path);
    if (size > HELD_BYTES) {
      const body = createReadStream(path).once('close', () => void remove());
      return { body, size, encoding, counts };
    }
    const body = await readFile(path);
    await remove();
    return { body, encoding, counts };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** Ends a statement whose client has gone: again and again, because the first time may be before its start. */
function cancelWhenGone(engine: Engine, signal: AbortSignal, path: string, ended: Promise<unknown>): void {
  let running = true;
  const cancel = async (): Promise<void> => {
    while (running) {
      await engine.cancel(path).catch(() => undefined);
      await sleep(CANCEL_MS);
    }
  };
  const onGone = () => void cancel();
  const settled = () => {
    running = false;
    signal.removeEventListener('abort', onGone);
  };
  ended.then(settled, settled);
  if (signal.aborted) onGone();
  else signal.addEventListener('abort', onGone, { once: true });
}
