import { spawn, type ChildProcessByStdio } from 'node:child_process';
import type { Writable } from 'node:stream';
import { nodeArguments, sibling } from './node-command.js';

export interface Guardian {
  /** Sets the pids that must not outlive this process. */
  watch: (pids: readonly number[]) => void;
  stop: () => void;
}

/**
 * Starts a second process that ends the watched ones if this one is killed (SIGKILL, out of memory), because neither Temporal nor
 * versitygw notices the death of its parent. It is restarted if it dies first.
 */
export function startGuardian(dir: string, report: (text: string) => void): Guardian {
  let watched: readonly number[] = [];
  let stopped = false;
  let guardian: ChildProcessByStdio<Writable, null, null>;
  const sendPids = () => guardian.stdin.write(JSON.stringify(watched) + '\n');
  const start = () => {
    const args = nodeArguments(sibling(import.meta.url, './guardian'), '--dir', dir);
    guardian = spawn(process.execPath, args, { stdio: ['pipe', 'ignore', 'inherit'] });
    guardian.stdin.on('error', () => undefined);
    guardian.once('exit', () => {
      if (stopped) return;
      report('the guardian exited; restarting it');
      setTimeout(start, 500);
    });
    sendPids();
  };
  start();
  return {
    watch: (pids) => {
      watched = pids;
      sendPids();
    },
    stop: () => {
      stopped = true;
      guardian.kill('SIGKILL');
    },
  };
}
