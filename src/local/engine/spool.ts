import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** A file of the spool: `remove` it after use. */
export interface Spooled {
  path: string;
  remove: () => Promise<void>;
}

/** Files between requests and the engine: rows of INSERTs (it takes binary formats from files only), and results. */
export interface Spool {
  /** A path to write to. */
  reserve(): Spooled;
  /**
   * Writes `head`, then the stream, to a file. A stream that breaks off leaves none and fails: rows of a half-sent request
   * are never inserted.
   */
  write(head: Uint8Array, rest: Readable): Promise<Spooled>;
}

/** Opens a spool in `folder`; files left by a crash are removed. */
export async function openSpool(folder: string): Promise<Spool> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const reserve = (): Spooled => {
    const path = join(folder, randomUUID());
    return { path, remove: () => rm(path, { force: true }) };
  };
  return {
    reserve,
    async write(head, rest) {
      const spooled = reserve();
      try {
        const file = createWriteStream(spooled.path);
        if (head.length > 0) file.write(head);
        await pipeline(rest, file);
        return spooled;
      } catch (error) {
        await spooled.remove();
        throw error;
      }
    },
  };
}
