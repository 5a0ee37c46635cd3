import { randomUUID } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import {
  Client,
  Connection,
  type WorkflowHandle,
  type WorkflowHandleWithFirstExecutionRunId,
} from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import type { Activities, HeavyActivities } from '../../activities/index.js';
import type { ListResult } from '../../activities/list/index.js';
import type { RecoverResult } from '../../activities/recover/index.js';
import { taskQueue, workflowId } from '../../src/shared/names.js';
import type { BackfillInput, DayInput, NightlyInput } from '../../src/shared/workflows.js';
import { defaultStubs, LISTED, SETTINGS } from './stubs.js';
import { testBundle } from './worker.js';

type All = Activities & HeavyActivities;
export type Verb = keyof All;

/** Activities as plain functions, under the names that the workflows call. What a step took is filled in. */
export type Stubs = {
  [Name in Verb]: (
    input: Parameters<All[Name]>[0],
  ) => Promise<Omit<Awaited<ReturnType<All[Name]>>, 'ms'>> | Omit<Awaited<ReturnType<All[Name]>>, 'ms'>;
};

/** One attempt at an activity, as a worker saw it. */
export interface Call {
  verb: Verb;
  input: unknown;
  /** Verbs of the attempts that were running when this one began. */
  beside: Verb[];
  end: 'running' | 'done' | 'failed' | 'cancelled';
}

export interface StubbedNightOptions {
  stubs?: Partial<Stubs>;
  settings?: Partial<RecoverResult>;
  listed?: Partial<ListResult>;
  /** Default: a fresh name, and with it queues and workflow ids that no other test uses. */
  project?: string;
  /** Chunks that the worker normalizes at once; default: the SDK's. */
  heavySlots?: number;
  /** Light activities that the worker runs at once; default: the SDK's. */
  lightSlots?: number;
  /** The workflows that the worker runs; default: the real ones. */
  bundle?: string;
}

/** A project whose workflows are real and whose activities are stubs, with a worker for both of its queues. */
export interface StubbedNight {
  project: string;
  client: Client;
  calls: Call[];
  /** Verbs in the order in which their attempts began. */
  verbs(): Verb[];
  startDay(input: DayInput): Promise<WorkflowHandleWithFirstExecutionRunId>;
  startBackfill(input: BackfillInput): Promise<WorkflowHandleWithFirstExecutionRunId>;
  startNightly(input?: NightlyInput): Promise<WorkflowHandleWithFirstExecutionRunId>;
  stop(): Promise<void>;
}

/** How long every step of a stubbed night says that it took, in milliseconds. */
const TOOK = 20;

export async function stubbedNight(
  { address, namespace }: { address: string; namespace: string },
  options: StubbedNightOptions = {},
): Promise<StubbedNight> {
  const project = options.project ?? `w${randomUUID().slice(0, 8)}`;
  const calls: Call[] = [];
  const stubs: Stubs = {
    ...defaultStubs({ ...SETTINGS, project, ...options.settings }, { ...LISTED, ...options.listed }),
    ...options.stubs,
  };
  const { normalize, ...light } = Object.fromEntries(
    (Object.keys(stubs) as Verb[]).map((verb) => [verb, recorded(verb, stubs[verb] as AnyStub, calls)]),
  ) as Record<Verb, AnyStub>;
  const bundle = options.bundle ?? (await testBundle());
  const connection = await Connection.connect({ address });
  const native = await NativeConnection.connect({ address });
  const common = { connection: native, namespace, maxHeartbeatThrottleInterval: 100 };
  const workers = [
    await Worker.create({
      ...common,
      taskQueue: taskQueue.light(project),
      workflowBundle: { codePath: bundle },
      activities: light,
      ...(options.lightSlots === undefined ? {} : { maxConcurrentActivityTaskExecutions: options.lightSlots }),
    }),
    await Worker.create({
      ...common,
      taskQueue: taskQueue.heavy(project),
      activities: { normalize },
      ...(options.heavySlots === undefined ? {} : { maxConcurrentActivityTaskExecutions: options.heavySlots }),
    }),
  ];
  const running = Promise.all(workers.map((worker) => worker.run()));
  const client = new Client({ connection, namespace });
  const start = (type: string, id: string, input: object) =>
    client.workflow.start(type, { workflowId: id, taskQueue: taskQueue.light(project), args: [input] });
  return {
    project,
    client,
    calls,
    verbs: () => calls.map(({ verb }) => verb),
    startDay: (input) => start('day', workflowId.day(project, input.day), input),
    startBackfill: (input) => start('backfill', workflowId.backfill(project, input.start, input.end), input),
    startNightly: (input = {}) => start('nightly', workflowId.nightly(project), input),
    stop: async () => {
      for (const worker of workers) worker.shutdown();
      await running;
      await native.close();
      await connection.close();
    },
  };
}

type AnyStub = (input: unknown) => Promise<object> | object;

function recorded(verb: Verb, stub: AnyStub, calls: Call[]): AnyStub {
  return async (input) => {
    const beside = calls.filter(({ end }) => end === 'running').map((other) => other.verb);
    const call: Call = { verb, input, beside, end: 'running' };
    calls.push(call);
    try {
      const result = { ...(await stub(input)), ms: TOOK };
      call.end = 'done';
      return result;
    } catch (error) {
      call.end = Context.current().cancellationSignal.aborted ? 'cancelled' : 'failed';
      throw error;
    }
  };
}

/** A stub that ends only by being cancelled, which a worker learns with a heartbeat. */
export async function untilCancelled(): Promise<never> {
  const context = Context.current();
  const beat = setInterval(() => {
    context.heartbeat();
  }, 50);
  try {
    return await context.cancelled;
  } finally {
    clearInterval(beat);
  }
}

/** The search attributes of a workflow, by their names. */
export async function attributesOf(handle: WorkflowHandle): Promise<Record<string, unknown>> {
  const { typedSearchAttributes } = await handle.describe();
  return Object.fromEntries(typedSearchAttributes.getAll().map(({ key, value }) => [key.name, value]));
}

/** A gate: `opened` resolves when `open` is called. */
export function gate(): { opened: Promise<void>; open: () => void } {
  const bell = new EventEmitter();
  return { opened: once(bell, 'open').then(() => undefined), open: () => bell.emit('open') };
}

/** Waits until something holds; the test's own timeout is the limit. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await sleep(20);
}
