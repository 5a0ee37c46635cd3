import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import type { Logger } from 'pino';
import { createActivities, createHeavyActivities } from '../activities/index.js';
import type { App } from './app.js';
import { MOST_CONCURRENCY } from './shared/inputs/backfill.js';
import { buildName, taskQueue, WORKER_BUILD } from './shared/names.js';
import { temporalConfig } from './temporal/client.js';
import { assertSearchAttributes } from './temporal/namespace.js';
import { runtimeLog } from './worker-log.js';
import { ownWorkflows } from './workflow-bundle.js';

export interface WorkerOptions {
  app: App;
  log: Logger;
  /** Path of a prebuilt workflow bundle; the default is {@link ownWorkflows}. */
  bundle?: string;
}

/** A running worker. */
export interface RunningWorker {
  /** Settles when the worker has stopped; rejects with the reason if it failed. */
  done: Promise<void>;
  /** Waits for running activities, then stops. Never rejects: a failure is that of `done`. */
  stop(): Promise<void>;
}

/** Grace period of running activities after a stop, in milliseconds; those that do not end are retried on another worker. */
const GRACE = 30_000;
/**
 * A backfill runs up to this many days at once, and two may overlap: each is a workflow whose history would have to be replayed if
 * the cache lost it. The rest are nightly runs, days by hand and the backfills themselves.
 */
const WORKFLOWS_CACHED = 2 * MOST_CONCURRENCY + 32;
/** No day of the widest backfill waits for a slot; how much the engine does at once, the backfill's concurrency says. */
const LIGHT_SLOTS = MOST_CONCURRENCY;

/** Installs Temporal's runtime: once for each process, before the first connection. */
export function installRuntime(log: Logger, logs: { failedRuns: boolean } = { failedRuns: true }): void {
  Runtime.install({
    logger: new DefaultLogger('DEBUG', runtimeLog(log, logs)),
    telemetryOptions: { logging: { filter: { core: 'WARN', other: 'WARN' }, forward: {} } },
    shutdownSignals: [],
  });
}

/** Starts both halves of a worker in this process: workflows with light activities, and normalization with few slots. */
export async function startWorker({ app, log, bundle }: WorkerOptions): Promise<RunningWorker> {
  const { config } = app.project;
  await assertSearchAttributes(await app.temporal());
  const { connectionOptions, namespace = 'default' } = temporalConfig(app.env.temporal);
  const connection = await NativeConnection.connect(connectionOptions);
  const common = {
    connection,
    namespace,
    shutdownGraceTime: GRACE,
    workerDeploymentOptions: {
      version: { deploymentName: taskQueue.light(config.project), buildId: buildName(WORKER_BUILD) },
      useWorkerVersioning: false,
    } as const,
  };
  const light = await Worker.create({
    ...common,
    taskQueue: taskQueue.light(config.project),
    ...(bundle === undefined ? await ownWorkflows() : { workflowBundle: { codePath: bundle } }),
    activities: createActivities(app.dependencies),
    maxConcurrentActivityTaskExecutions: LIGHT_SLOTS,
    maxCachedWorkflows: WORKFLOWS_CACHED,
    stickyQueueScheduleToStartTimeout: config.timings.sticky,
  });
  const heavy = await Worker.create({
    ...common,
    taskQueue: taskQueue.heavy(config.project),
    activities: createHeavyActivities(app.dependencies),
    maxConcurrentActivityTaskExecutions: config.limits.normalizeSlots,
  });
  const workers = [light, heavy];
  const shutDown = () => {
    for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
  };
  const done = endOfAll(
    workers.map((worker) => worker.run()),
    shutDown,
  ).then(
    () => connection.close(),
    async (reason: unknown) => {
      await connection.close().catch(() => undefined);
      throw reason;
    },
  );
  log.info(
    { project: config.project, namespace, queues: [taskQueue.light(config.project), taskQueue.heavy(config.project)] },
    'worker is ready',
  );
  return {
    done,
    stop: async () => {
      shutDown();
      await done.catch(() => undefined);
    },
  };
}

/**
 * Waits until all have ended. If one fails, the others are shut down and awaited first: they hold the connection until then.
 *
 * @throws what the first one failed with.
 */
async function endOfAll(running: readonly Promise<void>[], shutDown: () => void): Promise<void> {
  try {
    await Promise.all(running);
  } catch (error) {
    shutDown();
    await Promise.allSettled(running);
    throw error;
  }
}
