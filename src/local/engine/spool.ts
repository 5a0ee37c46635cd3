import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** A place for the rows of INSERTs while the engine reads them: it takes binary formats from files only. */
export interface Spool {
  /**
   * Writes `head`, then the stream, to a file, hands its path to `work`, and removes it afterwards.
   * A stream that breaks off fails before `work` begins: rows of a half-sent request are never inserted.
   */
  with<T>(head: Buffer, rest: Readable, work: (path: string) => Promise<T>): Promise<T>;
}

/** Opens a spool in `folder`; files left by a crash are removed. */
export async function openSpool(folder: string): Promise<Spool> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  return {
    async with(head, rest, work) {
      const path = join(folder, randomUUID());
      try {
        const file = createWriteStream(path);
        if (head.length > 0) file.write(head);
        await pipeline(rest, file);
        return await work(path);
      } finally {
        await rm(path, { force: true });
      }
    },
  };
}
