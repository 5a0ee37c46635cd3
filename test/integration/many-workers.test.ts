import { NativeConnection, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { addDays } from '../../src/shared/day.js';
import { grouped } from '../../src/shared/grouped.js';
import { bucketAndKey, taskQueue, workflowId } from '../../src/shared/names.js';
import { workflowPollers } from '../../src/temporal/pollers.js';
import { isStatement } from '../faults/points.js';
import { openDays, type DayConfig, type DayProject, type DayState } from '../support/day.js';
import { openProxy } from '../support/fault-proxy.js';
import { openGrpcProxy } from '../support/grpc-proxy.js';
import { keyOf, lines, payment, PAYMENTS, PAYMENTS_CONFIG } from '../support/payments.js';
import { startedActivities, startWorkerProcess, type StartedActivity } from '../support/worker-processes.js';
import { testBundle } from '../support/worker.js';

/* Several workers of one project, each a process of its own, as on several hosts. */

const DAYS = Array.from({ length: 4 }, (_, index) => addDays('2026-05-01', index));
const RANGE = { start: DAYS[0] ?? '', end: DAYS.at(-1) ?? '' };
const CHUNKS = 6;
const SLOTS = 2;

/** Of an activity, in milliseconds. */
const HEARTBEAT = 4_000;
const CONFIG: DayConfig = {
  ...PAYMENTS_CONFIG,
  start: RANGE.start,
  limits: { normalizeSlots: SLOTS },
  timings: { heartbeat: `${HEARTBEAT / 1_000} seconds`, sticky: '1 second' },
};

/** As in {@link PAYMENTS_CONFIG}, but a chunk may have many objects. */
const MANY_IN_A_CHUNK = { events: { prefix: 'raw/{YYYY}-{MM}-{DD}/', arrival: { before: 0, after: 0 } } };

const stack = inject('stack');
/** Tables of the days as one worker builds them. */
let alone: DayState['tables'][];
/** What a test opened, closed in reverse. */
const ends: (() => Promise<void>)[] = [];

async function opened(options: { worker: boolean }): Promise<DayProject> {
  const project = await openDays(stack, PAYMENTS, CONFIG, options);
  ends.unshift(() => project.close());
  for (const day of DAYS)
    for (let object = 0; object < CHUNKS; object++) {
      const ids = Array.from({ length: 20 }, (_, index) => `${object}-${index}`);
      // A payment of the object before comes twice.
      const texts = [...ids, `${object - 1}-1`].map((id) => payment(day, id, { amount: object + 1 }));
      await project.put(keyOf(day, String(object)), lines(...texts));
    }
  return project;
}

const tablesOf = async (project: DayProject): Promise<DayState['tables'][]> => {
  const states = await Promise.all(DAYS.map((day) => project.state(day)));
  return states.map(({ tables }) => tables);
};

const activitiesOf = async ({ app, name }: DayProject): Promise<StartedActivity[]> => {
  const client = await app.temporal();
  return (await Promise.all(DAYS.map((day) => startedActivities(client, workflowId.day(name, day))))).flat();
};

beforeAll(async () => {
  const project = await opened({ worker: true });
  await project.backfill(RANGE);
  alone = await tablesOf(project);
});
afterAll(async () => {
  for (const end of ends) await end();
});

test.each([2, 4])('%i workers share the chunks of a backfill evenly, with the rows of one worker', async (count) => {
  const project = await opened({ worker: false });
  const workers = await Promise.all(Array.from({ length: count }, () => startWorkerProcess(stack, project)));
  ends.unshift(...workers.map((worker) => () => worker.kill()));
  const polling = await workflowPollers(await project.app.temporal(), taskQueue.light(project.name));
  expect(polling.map(({ identity }) => identity).sort()).toEqual(workers.map(({ identity }) => identity).sort());
  // As many chunks at once as all workers have slots: none takes a third one while another has none.
  const result = await project.backfill({ ...RANGE, concurrency: count });
  expect(result.counts).toMatchObject({ published: DAYS.length, failed: 0 });
  const activities = await activitiesOf(project);
  expect(activities.filter(({ attempt }) => attempt > 1)).toEqual([]);
  const chunks = activities.filter(({ type }) => type === 'normalize');
  expect(chunks).toHaveLength(DAYS.length * CHUNKS);
  const shares = workers.map(({ identity }) => chunks.filter((chunk) => chunk.identity === identity).length);
  // Half of the even share: chunks take unequally long, and at the ends of days fewer are in progress than there are slots.
  expect(Math.min(...shares), shares.join(', ')).toBeGreaterThanOrEqual(chunks.length / count / 2);
  expect(await tablesOf(project)).toEqual(alone);
});

test('a worker that is killed in the middle of a chunk costs one heartbeat timeout', async () => {
  const project = await opened({ worker: false });
  const proxies = [await openProxy(stack.clickhouse.url), await openProxy(stack.clickhouse.url)];
  const workers = await Promise.all(
    proxies.map(({ url }) => startWorkerProcess(stack, project, { changes: { CLICKHOUSE_URL: url } })),
  );
  ends.unshift(...workers.map((worker) => () => worker.kill()), ...proxies.map((proxy) => () => proxy.close()));
  const killed = { identity: '', at: 0 };
  let chunks = 0;
  for (const [index, proxy] of proxies.entries())
    proxy.intercept(({ asked, forward, stop }) => {
      if (killed.at > 0 || !isStatement('normalize', asked) || ++chunks <= CHUNKS) return undefined;
      Object.assign(killed, { identity: workers[index]?.identity, at: Date.now() });
      // The engine finishes the statement, and writes the chunk of a worker that is gone.
      const written = forward();
      return Promise.all([written, workers[index]?.kill()]).then(() => stop());
    });
  const result = await project.backfill({ ...RANGE, concurrency: 2 });
  expect(result.counts).toMatchObject({ published: DAYS.length, failed: 0 });
  const again = (await activitiesOf(project)).filter(({ attempt }) => attempt > 1);
  const ofChunks = again.filter(({ type }) => type === 'normalize');
  expect(ofChunks.length).toBeGreaterThanOrEqual(1);
  expect(ofChunks.length, 'no chunk but those that it was normalizing').toBeLessThanOrEqual(SLOTS);
  for (const { type, attempt, identity, at, lastFailure } of again) {
    expect({ type, attempt, lastFailure }).toEqual({ type, attempt: 2, lastFailure: 'activity Heartbeat timeout' });
    expect(identity).not.toBe(killed.identity);
    // The timeout counts from the last heartbeat before the kill: with a margin of as much again for timers and slots.
    expect(at - killed.at).toBeLessThan(2 * HEARTBEAT);
  }
  expect(await tablesOf(project)).toEqual(alone);
});

const putMany = async (project: DayProject, day: string): Promise<string[]> => {
  const keys = Array.from({ length: 1_001 }, (_, index) => keyOf(day, String(index)));
  for (const group of grouped(keys, 64))
    await Promise.all(group.map((key) => project.put(key, lines(payment(day, key)))));
  return keys;
};

/** Plans the day, and counts the objects that the plan itself names. */
const namedInPlan = async (project: DayProject, day: string, keys: readonly string[]): Promise<number> => {
  const { build } = await project.attempt().list({ day, force: false });
  const plan = await project.app.store.read(...bucketAndKey(build.plan));
  return keys.filter((key) => plan?.includes(`"${key}"`)).length;
};

test('where the server does not list its workers, a plan names all objects and a backfill runs every day', async () => {
  const proxy = await openGrpcProxy(stack.temporal.address, (path) =>
    path.endsWith('/DescribeTaskQueue') ? 'refuse' : 'pass',
  );
  ends.unshift(() => proxy.close());
  const behind = { ...stack, temporal: { ...stack.temporal, address: proxy.address } };
  const project = await openDays(behind, PAYMENTS, { ...PAYMENTS_CONFIG, sources: MANY_IN_A_CHUNK }, { worker: false });
  ends.unshift(() => project.close());
  const day = RANGE.start;
  const keys = await putMany(project, day);
  expect(await namedInPlan(project, day, keys)).toBe(keys.length);
  const outlined = await project.attempt().outline({ start: day, end: day, which: 'all', unchanged: { code: true } });
  expect(outlined.days).toEqual([day]);
  expect(outlined).not.toHaveProperty('unchanged');
});

test('while a worker of an earlier version polls, a plan of many objects names them all', async () => {
  const project = await openDays(stack, PAYMENTS, { ...PAYMENTS_CONFIG, sources: MANY_IN_A_CHUNK }, { worker: false });
  ends.unshift(() => project.close());
  const day = RANGE.start;
  const keys = await putMany(project, day);
  const keysInPlan = () => namedInPlan(project, day, keys);
  expect(await keysInPlan()).toBe(0);

  const codePath = await testBundle();
  const connection = await NativeConnection.connect({ address: stack.temporal.address });
  // It names no build.
  const earlier = await Worker.create({
    connection,
    taskQueue: taskQueue.light(project.name),
    workflowBundle: { codePath },
  });
  const polls = async () => (await workflowPollers(await project.app.temporal(), taskQueue.light(project.name))).length;
  await earlier.runUntil(async () => {
    await expect.poll(polls, { timeout: 60_000 }).toBe(1);
    expect(await keysInPlan()).toBe(keys.length);
  });
  await connection.close();
});
