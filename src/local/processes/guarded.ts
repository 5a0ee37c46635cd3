import { spawn, type ChildProcessByStdio } from 'node:child_process';
import type { Writable } from 'node:stream';
import { nodeArguments, sibling } from './node-command.js';

export interface Guardian {
  /** The pids that must not outlive this process, replacing those said before. */
  watch: (pids: readonly number[]) => void;
  stop: () => void;
}

/**
 * A second process that ends the watched ones if this one is killed without a chance to do so itself (SIGKILL, out of
 * memory): neither Temporal nor versitygw notices the death of its parent. It is started again should it die first.
 */
export function startGuardian(dir: string, report: (text: string) => void): Guardian {
  let watched: readonly number[] = [];
  let stopped = false;
  let guardian: ChildProcessByStdio<Writable, null, null>;
  const tell = () => guardian.stdin.write(JSON.stringify(watched) + '\n');
  const start = () => {
    const args = nodeArguments(sibling(import.meta.url, './guardian'), '--dir', dir);
    guardian = spawn(process.execPath, args, { stdio: ['pipe', 'ignore', 'inherit'] });
    guardian.stdin.on('error', () => undefined);
    guardian.once('exit', () => {
      if (stopped) return;
      report('the guardian ended; starting it again');
      setTimeout(start, 500);
    });
    tell();
  };
  start();
  return {
    watch: (pids) => {
      watched = pids;
      tell();
    },
    stop: () => {
      stopped = true;
      guardian.kill('SIGKILL');
    },
  };
}
