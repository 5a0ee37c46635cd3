import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { execa } from 'execa';
import type { Stack } from '../../src/local/stack-file.js';
import { taskQueue } from '../../src/shared/names.js';
import { workflowPollers } from '../../src/temporal/pollers.js';
import { environment } from './command.js';
import { compiledProgram } from './compiled.js';
import type { DayProject } from './day.js';

/** A worker in a process of its own. */
export interface WorkerProcess {
  /** As Temporal names it in histories. */
  identity: string;
  /** Ends it with SIGTERM, as a platform does that replaces it; returns when its running steps are done. */
  stop(): Promise<void>;
  /** Ends it with SIGKILL; returns when it is gone. */
  kill(): Promise<void>;
}

/** Characters of the output of a worker that ended by itself. */
const LAST_WORDS = 1_000;
/** Milliseconds until a worker polls. */
const UP_WITHIN = 60_000;
/** Between two looks at the pollers, in milliseconds. */
const LOOK = 100;

/**
 * Starts a worker of a project; returns when it polls.
 *
 * @param changes of its environment
 * @param launcher of another version; left out, the compiled program of this one
 */
export async function startWorkerProcess(
  stack: Stack,
  { app }: DayProject,
  { changes = {}, launcher }: { changes?: Record<string, string>; launcher?: string } = {},
): Promise<WorkerProcess> {
  const args = [launcher ?? (await compiledProgram()), 'worker', '--project', app.project.dir];
  const child = execa(process.execPath, args, {
    env: environment(stack, changes),
    extendEnv: false,
    reject: false,
    stdin: 'ignore',
  });
  const identity = `${child.pid ?? ''}@${hostname()}`;
  const end = async (signal: 'SIGTERM' | 'SIGKILL') => {
    child.kill(signal);
    await child;
  };
  const worker = { identity, stop: () => end('SIGTERM'), kill: () => end('SIGKILL') };
  const ended = child.then(({ stderr }) => {
    throw new Error(`a worker ended before it polled: ${stderr.slice(-LAST_WORDS)}`);
  });
  try {
    await Promise.race([polls(await app.temporal(), taskQueue.light(app.project.config.project), identity), ended]);
  } catch (error) {
    await worker.kill();
    throw error;
  }
  return worker;
}

async function polls(client: Client, queue: string, identity: string): Promise<void> {
  const deadline = Date.now() + UP_WITHIN;
  while (!(await workflowPollers(client, queue)).some((poller) => poller.identity === identity)) {
    if (Date.now() > deadline) throw new Error(`the worker ${identity} did not poll within ${UP_WITHIN / 1000} s`);
    await sleep(LOOK);
  }
}

/** An activity of a run's history, as it was started the last time. */
export interface StartedActivity {
  workflowId: string;
  type: string;
  /** The worker that ran it. */
  identity: string;
  attempt: number;
  /** Milliseconds since 1970. */
  at: number;
  /** Of the attempt before. */
  lastFailure: string | undefined;
}

/** Reads the activities of the last run of a workflow. */
export async function startedActivities(client: Client, workflowId: string): Promise<StartedActivity[]> {
  const { events } = await client.workflow.getHandle(workflowId).fetchHistory();
  const types = new Map<string, string>();
  const found: StartedActivity[] = [];
  for (const { eventId, eventTime, ...event } of events ?? []) {
    const { activityType } = event.activityTaskScheduledEventAttributes ?? {};
    if (activityType) types.set(String(eventId), activityType.name ?? '');
    const started = event.activityTaskStartedEventAttributes;
    if (!started) continue;
    found.push({
      workflowId,
      type: types.get(String(started.scheduledEventId)) ?? '',
      identity: started.identity ?? '',
      attempt: started.attempt ?? 0,
      at: Number(eventTime?.seconds ?? 0) * 1_000 + Math.round((eventTime?.nanos ?? 0) / 1e6),
      lastFailure: started.lastFailure?.message ?? undefined,
    });
  }
  return found;
}
