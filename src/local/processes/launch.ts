import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../../errors.js';
import { LocalStackError } from '../local-error.js';
import { waitUntilReady } from '../readiness.js';
import { readStack, type Stack } from '../stack-file.js';
import { childEnvironment, type ServiceName } from './children.js';
import type { LaunchOrder } from './launch-order.js';
import { nodeArguments, sibling } from './node-command.js';
import { endProcesses, waitUntilGone } from './processes.js';

/** Time from the start of the supervisor until all services respond: a busy machine with a large database takes seconds. */
const READY_WITHIN_MS = 90_000;

/**
 * Starts the supervisor with its order and waits until the services answer.
 * @returns the running stack, `release`, which closes the pipe that keeps it running, and `ended` with the supervisor's exit code
 * @throws LocalStackError with the end of the logs if it does not start; it is stopped then
 */
export async function launchSupervisor(
  order: LaunchOrder,
  services: readonly ServiceName[],
  onProgress: (text: string) => void,
): Promise<{ stack: Stack; release: () => void; ended: Promise<number> }> {
  const { dir } = order.stack;
  const logFile = join(dir, 'logs', 'supervisor.log');
  const logStart = await stat(logFile).then(
    ({ size }) => size,
    () => 0,
  );
  const log = openSync(logFile, 'a');
  // In a separate session, so that Ctrl-C reaches only the command in the foreground, which then stops the stack.
  const supervisor = spawn(process.execPath, nodeArguments(sibling(import.meta.url, './supervisor'), '--dir', dir), {
    cwd: dir,
    env: childEnvironment(dir, tmpdir()),
    stdio: ['pipe', log, log],
    detached: true,
  });
  closeSync(log);
  supervisor.stdin?.on('error', () => undefined);
  supervisor.stdin?.write(JSON.stringify(order) + '\n');
  const ended = new AbortController();
  const exit = new Promise<number>((resolve) => {
    supervisor.once('exit', (code) => {
      ended.abort(new Error('the supervisor exited'));
      resolve(code ?? 1);
    });
  });
  supervisor.once('error', (error) => {
    ended.abort(error);
  });
  try {
    const stack = await recorded(dir, supervisor, ended.signal);
    const left = new Set<string>(services);
    await waitUntilReady(stack, services, {
      timeoutMs: READY_WITHIN_MS,
      signal: ended.signal,
      onReady: (name) => {
        left.delete(name);
        if (left.size > 0) onProgress(`waiting for ${[...left].join(', ')}`);
      },
    });
    // The stack file is read again below: a child may have been restarted before it was ready.
    const release = () => {
      supervisor.stdin?.end();
    };
    if (order.detach) {
      release();
      supervisor.unref();
    }
    return { stack: (await readStack(dir)) ?? stack, release, ended: exit };
  } catch (error) {
    await endSupervisor(supervisor);
    const tail = (await readFile(logFile)).subarray(logStart).toString('utf8').trim();
    throw new LocalStackError(
      `The local stack in ${dir} did not start: ${messageOf(error)}.\n${tail}\nThe logs of its services are in ${join(dir, 'logs')}.`,
      { cause: error },
    );
  }
}

/** Waits until this supervisor has written the stack file, and returns its content. */
async function recorded(dir: string, supervisor: ChildProcess, signal: AbortSignal): Promise<Stack> {
  for (;;) {
    signal.throwIfAborted();
    const stack = await readStack(dir);
    if (stack?.supervisor.pid === supervisor.pid && stack?.processes.length) return stack;
    await sleep(20);
  }
}

async function endSupervisor(supervisor: ChildProcess): Promise<void> {
  if (supervisor.pid === undefined || supervisor.exitCode !== null || supervisor.signalCode !== null) return;
  const gone = once(supervisor, 'exit');
  await endProcesses([supervisor.pid], 20_000);
  await Promise.race([gone, waitUntilGone([supervisor.pid], 1_000)]);
}
