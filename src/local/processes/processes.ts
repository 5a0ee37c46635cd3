import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

/** Returns true while a process with this pid exists and is not a zombie. */
export async function isAlive(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  return (
    process.platform !== 'linux' || !/^\d+ \(.*\) Z/s.test(await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ''))
  );
}

/** Reads the command line of a process, its arguments joined by spaces; empty if it is gone. */
export async function processArguments(pid: number): Promise<string> {
  if (process.platform === 'linux') {
    return (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).replaceAll('\0', ' ');
  }
  const { stdout } = await promisify(execFile)('ps', ['-ww', '-o', 'args=', '-p', String(pid)]).catch(() => ({
    stdout: '',
  }));
  return stdout;
}

/**
 * Returns true if the process is alive and its command line contains the stack's folder, as that of every process of a stack
 * does. A pid alone is not enough: the system may reuse it.
 */
export async function isOurs(pid: number, dir: string): Promise<boolean> {
  return (await isAlive(pid)) && (await processArguments(pid)).includes(dir);
}

/** Sends a signal; ignores a process that is already gone. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // Already gone.
  }
}

/** Waits until none of the processes is alive; false if some still are after `timeoutMs`. */
export async function waitUntilGone(pids: readonly number[], timeoutMs: number): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const alive = await Promise.all(pids.map(isAlive));
    if (!alive.includes(true)) return true;
    if (Date.now() > deadline) return false;
    await sleep(50);
  }
}

/** Sends SIGTERM, and SIGKILL to processes that still exist after the grace period; returns when all are gone. */
export async function endProcesses(pids: readonly number[], graceMs: number): Promise<void> {
  for (const pid of pids) signal(pid, 'SIGTERM');
  if (await waitUntilGone(pids, graceMs)) return;
  for (const pid of pids) signal(pid, 'SIGKILL');
  await waitUntilGone(pids, graceMs);
}
