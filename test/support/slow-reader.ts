import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { onTestFinished } from 'vitest';

/** Starts a process that ends with the test at the latest, and its children with it; its exit code is awaited from the start. */
export function begin(
  program: string,
  args: readonly string[],
  { out = 'pipe', env }: { out?: 'pipe' | number | undefined; env?: Record<string, string> } = {},
) {
  const child = spawn(program, args, { stdio: ['ignore', out, 'pipe'], detached: true, ...(env ? { env } : {}) });
  onTestFinished(() => {
    endGroup(child.pid);
  });
  const [, stdout, stderr] = child.stdio as unknown as [null, Readable, Readable];
  const exit = once(child, 'exit').then(([code]) => code as number | null);
  return { stdout, stderr, exit };
}

/** A detached process leads a group of its own, which holds the children of a shell, too. */
function endGroup(leader: number | undefined): void {
  if (leader === undefined) return;
  try {
    process.kill(-leader, 'SIGKILL');
  } catch (error) {
    // All of them have ended.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Reads in small pieces, with turns of the event loop in between in which the writer may run on or end. */
export async function slowly(stream: Readable): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of stream as AsyncIterable<Buffer>) {
    pieces.push(piece);
    for (let turns = 0; turns < 20; turns++) await turn();
  }
  return Buffer.concat(pieces).toString('utf8');
}
