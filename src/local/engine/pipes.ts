import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { closeSync, constants, openSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { Socket } from 'node:net';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';

/** A named pipe into which the engine writes a result as if it were a file, no faster than `output` is read. */
export interface Pipe {
  path: string;
  output: Readable;
  /**
   * Says that the engine writes no more: `output` ends behind what the pipe still holds. Until then `output` must be read or
   * drained, never destroyed: the engine would wait for a reader, in a thread of its own, for ever.
   */
  finish: () => void;
}

export interface Pipes {
  /**
   * Undefined where the system has no `mkfifo`: results then go through files. Once the signal has passed, the pipe's path is
   * not used again, because something may still be about to end the statement by it.
   */
  open(signal: AbortSignal): Promise<Pipe | undefined>;
}

/** Making a pipe costs a process; this many are made by one, and used again. */
const BATCH = 8;

/** Opens a set of pipes in `folder`; those that a crash has left are removed. */
export async function openPipes(folder: string): Promise<Pipes> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const idle: string[] = [];
  let missing = false;

  async function more(): Promise<void> {
    const paths = Array.from({ length: BATCH }, () => join(folder, randomUUID()));
    await promisify(execFile)('mkfifo', paths, { env: { PATH: '/usr/bin:/bin:/usr/local/bin' } });
    idle.push(...paths);
  }

  return {
    async open(signal) {
      while (idle.length === 0 && !missing) {
        await more().catch((error: unknown) => {
          // A full disk passes.
          if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
          missing = true;
        });
      }
      const path = idle.pop();
      if (path === undefined) return undefined;
      const end = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
      // A writer of our own, so that the pipe does not look ended before the engine opens it.
      const own = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
      const output = new Socket({ fd: end, readable: true, writable: false });
      output.once('close', () => {
        if (signal.aborted) void rm(path, { force: true });
        else idle.push(path);
      });
      return {
        path,
        output,
        finish: () => {
          closeSync(own);
        },
      };
    },
  };
}
