import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { readStack, type Stack } from '../../src/local/stack-file.js';
import { environment } from '../support/command.js';
import { compiledProgram } from '../support/compiled.js';
import { openDays, type DayProject } from '../support/day.js';
import { openProxy, type FaultProxy, type Interceptor } from '../support/fault-proxy.js';
import type { Disk } from './disk.js';
import { emptyBucket } from './ended.js';
import type { Victim } from './plan.js';
import { CONFIG, FILES } from './project.js';

/** A project of its own with a worker of its own, whose every word to the engine and the store passes through a proxy. */
export interface World {
  project: DayProject;
  stack: Stack;
  disk: Disk;
  /** Intercepts statements, or requests to the store from the worker or from ClickHouse. */
  intercept(who: 'statements' | 'worker' | 'engine', interceptor: Interceptor): void;
  /** Kills with SIGKILL, all at once. The local stack restarts its services; the worker is restarted here. */
  kill(victims: readonly Victim[]): Promise<void>;
  /** Aborts where the worker ends without having been killed. */
  lost: AbortSignal;
  /** From here on everything passes. */
  calm(): void;
  close(): Promise<void>;
}

/** Characters of a dead worker's output that are shown. */
const LAST_WORDS = 1_000;

export async function openWorld(stack: Stack, disk: Disk): Promise<World> {
  const proxies = {
    statements: await openProxy(stack.clickhouse.url),
    worker: await openProxy(stack.s3.endpoint),
    engine: await openProxy(stack.s3.endpoint),
  };
  const project = await openDays(stack, FILES, CONFIG, { worker: false });
  // Compiled: it starts in half the time of the sources, and a ring starts hundreds of workers.
  const launcher = await compiledProgram();
  const env = environmentOf(stack, proxies);
  const end = new AbortController();
  const startWorker = () => {
    const args = [launcher, 'worker', '--project', project.app.project.dir];
    const started = execa(process.execPath, args, { env, extendEnv: false, reject: false, stdin: 'ignore' });
    void started.then(({ signal, stderr }) => {
      if (signal !== 'SIGKILL') end.abort(new Error(`the worker ended by itself: ${stderr.slice(-LAST_WORDS)}`));
    });
    return started;
  };
  let worker = startWorker();
  return {
    lost: end.signal,
    project,
    stack,
    disk,
    intercept: (who, interceptor) => {
      proxies[who].intercept(interceptor);
    },
    kill: async (victims) => {
      const pids = await pidsOf(
        stack,
        victims.filter((victim) => victim !== 'worker'),
      );
      for (const pid of pids) process.kill(pid, 'SIGKILL');
      if (!victims.includes('worker')) return;
      worker.kill('SIGKILL');
      await worker;
      worker = startWorker();
    },
    calm: () => {
      for (const proxy of Object.values(proxies)) proxy.intercept(undefined);
    },
    close: async () => {
      worker.kill('SIGKILL');
      await worker;
      for (const proxy of Object.values(proxies)) await proxy.close();
      await emptyBucket(project.app.store, project.bucket);
      await project.close();
    },
  };
}

const environmentOf = (stack: Stack, proxies: Record<'statements' | 'worker' | 'engine', FaultProxy>) =>
  environment(stack, {
    CLICKHOUSE_URL: proxies.statements.url,
    AWS_ENDPOINT_URL_S3: proxies.worker.url,
    DAYBOOK_S3_ENGINE_ENDPOINT: proxies.engine.url,
  });

/** Between two looks at the stack's file, in milliseconds: a service that was just killed has no process for a moment. */
const LOOK = 20;

async function pidsOf(stack: Stack, names: readonly string[]): Promise<number[]> {
  for (;;) {
    const processes = (await readStack(stack.dir))?.processes ?? [];
    const found = names.flatMap((name) => processes.find((one) => one.name === name)?.pid ?? []);
    if (found.length === names.length) return found;
    await sleep(LOOK);
  }
}
