import { mkdir, rmdir, stat, utimes } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** Interval in which a holder touches its lock, in ms. */
const BEAT_MS = 5_000;
/** A lock that was not touched for this long belongs to a dead process. */
const STALE_MS = 30_000;
const POLL_MS = 500;

/**
 * Runs `work` while holding a lock, a folder named `path`; waits while another process holds it. The lock only saves work: two
 * holders would both do it, and each would move its result into place atomically.
 * @template T
 * @param {string} path
 * @param {() => Promise<T>} work
 * @param {(seconds: number) => void} onWait called twice a second while waiting
 * @returns {Promise<T>}
 */
export async function withLock(path, work, onWait) {
  const begun = Date.now();
  while (!(await taken(path))) {
    if (await isStale(path)) await rmdir(path).catch(() => undefined);
    else {
      onWait(Math.round((Date.now() - begun) / 1000));
      await sleep(POLL_MS);
    }
  }
  const beat = setInterval(() => void touch(path), BEAT_MS);
  try {
    return await work();
  } finally {
    clearInterval(beat);
    await rmdir(path).catch(() => undefined);
  }
}

/** @param {string} path */
async function taken(path) {
  try {
    await mkdir(path);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

/** @param {string} path */
const isStale = (path) =>
  stat(path).then(
    ({ mtimeMs }) => Date.now() - mtimeMs > STALE_MS,
    () => false,
  );

/** @param {string} path */
const touch = (path) => utimes(path, new Date(), new Date()).catch(() => undefined);
