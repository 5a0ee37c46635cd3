import { execFileSync } from 'node:child_process';
import { mkdir, open, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';

/** The disk under the engine's data folder, as far as it can be filled. */
export interface Disk {
  /** What makes it full, for the run's report. */
  how: string;
  /** Parameters that make a statement meet a full disk, where the disk itself can't be filled. */
  parameters: Readonly<Record<string, string>>;
  fill(): Promise<void>;
  free(): Promise<void>;
}

/** Enough for every insert of the ring to find too little. */
const MORE_THAN_ANY_DISK = String(2n ** 62n);

/** The engine's own check, asked to find every disk too small: for stacks whose disk belongs to others. */
export const SHARED_DISK: Disk = {
  how: "the engine's limit of free space (min_free_disk_bytes_to_perform_insert)",
  parameters: { min_free_disk_bytes_to_perform_insert: MORE_THAN_ANY_DISK },
  fill: () => Promise.resolve(),
  free: () => Promise.resolve(),
};

/** Bytes of the engine's own small disk: room for the ring, little to fill. */
const SIZE = 512 * 1024 * 1024;
const BLOCK = Buffer.alloc(1024 * 1024);

/**
 * Mounts a small disk of its own as the engine's data folder, before the engine starts; needs the right to mount. Answers
 * undefined where there is none. `unmountNow` comes after the engine's end.
 */
export async function mountDisk(stackDir: string): Promise<(Disk & { unmountNow: () => void }) | undefined> {
  const folder = join(stackDir, 'clickhouse');
  await mkdir(folder, { recursive: true });
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${SIZE}`, 'tmpfs', folder], { stdio: 'ignore' });
  } catch {
    return undefined;
  }
  const filler = join(folder, 'filler');
  return {
    how: `a disk of ${SIZE / 1024 ** 2} MiB that a file fills to its last byte`,
    parameters: {},
    fill: () => fillUp(filler),
    free: () => rm(filler, { force: true }),
    unmountNow: () => {
      execFileSync('umount', ['--lazy', folder]);
    },
  };
}

async function fillUp(path: string): Promise<void> {
  const file = await open(path, 'w');
  try {
    const { bavail, bsize } = await statfs(path);
    for (let left = bavail * bsize; left > 0; left -= BLOCK.length)
      await file.write(BLOCK, 0, Math.min(left, BLOCK.length));
  } catch (error) {
    // Another process took the last bytes, so the disk is full too.
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  } finally {
    await file.close();
  }
}
