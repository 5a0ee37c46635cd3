import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { WorkflowHandle } from '@temporalio/client';
import { execa } from 'execa';
import { startBackfill } from '../../src/cli/backfill/start.js';
import { readStack, type Stack } from '../../src/local/stack-file.js';
import { addDays, daysBetween } from '../../src/shared/day.js';
import { workflowId } from '../../src/shared/names.js';
import type { BackfillProgress, BackfillResult } from '../../src/shared/workflows.js';
import { DAYBOOK, environment } from '../support/command.js';
import { openDays, type DayProject } from '../support/day.js';
import { SMALL, SMALL_CONFIG } from '../support/lookback.js';
import { keyOf, lines, payment } from '../support/payments.js';

/** A range of small days that is disturbed while it is built. */
export interface Trial {
  days: number;
  /** Processes killed at random moments, workers and servers in turn. */
  kills: number;
  seed: number;
  concurrency: number;
  report(what: string): void;
}

const FIRST = '2025-01-01';
const VICTIMS = ['worker', 'temporal', 'worker', 'clickhouse', 'worker', 's3'] as const;
/** A long trial continues as new; more events than this in one history would be a fault. */
const MOST_EVENTS = 5_000;
const LOOK = 200;

/**
 * Builds the range once undisturbed and once while processes are killed, it is paused, resumed, cancelled and started again.
 *
 * @returns what differs in the end, in words; nothing where all is as it should be.
 */
export async function runTrial(stack: Stack, trial: Trial): Promise<string[]> {
  const opened: DayProject[] = [];
  try {
    const calm = await prepared(stack, trial);
    opened.push(calm);
    const worker = startWorker(stack, calm);
    const started = Date.now();
    const result = await ended(await startBackfill(calm.app, rangeOf(trial)));
    trial.report(`undisturbed: ${trial.days} days in ${Math.round((Date.now() - started) / 1000)} s`);
    await worker.kill();
    const project = await prepared(stack, trial);
    opened.push(project);
    return [
      ...differing('the undisturbed result', result?.counts.published, trial.days),
      ...(await disturb(stack, project, trial)),
      ...(await compare(project, calm, trial)),
    ];
  } finally {
    for (const worker of workers) await worker.kill();
    for (const one of opened) await one.close();
  }
}

const rangeOf = ({ days, concurrency }: Trial) => ({ start: FIRST, end: addDays(FIRST, days - 1), concurrency });

async function prepared(stack: Stack, { days }: Trial): Promise<DayProject> {
  const timings = { heartbeat: '2 seconds', sticky: '1 second', retryFirst: '100 ms', retryMost: '500 ms' };
  const project = await openDays(stack, SMALL, { ...SMALL_CONFIG, start: FIRST, timings }, { worker: false });
  for (const [index, day] of daysBetween(FIRST, addDays(FIRST, days - 1)).entries()) {
    // One line a day comes twice.
    const texts = [`${day} a`, `${day} b`, `${day} b`].map((id) => payment(day, id, { amount: index + 1 }));
    await project.put(keyOf(day, 'a'), lines(...texts));
  }
  return project;
}

/** Kills, a pause and a cancel, spread over the range by how many days are done. */
async function disturb(stack: Stack, project: DayProject, trial: Trial): Promise<string[]> {
  const random = seeded(trial.seed);
  const wrong: string[] = [];
  let worker = startWorker(stack, project);
  let handle = await startBackfill(project.app, rangeOf(trial));
  const kill = async (victim: (typeof VICTIMS)[number]) => {
    trial.report(`killed: ${victim}`);
    if (victim === 'worker') {
      await worker.kill();
      worker = startWorker(stack, project);
    } else await killService(stack, victim);
  };
  const doneIs = async (least: number) => {
    for (;;) {
      const progress = await progressOf(handle);
      if (progress && progress.done >= least) return;
      if ((await statusOf(handle)) !== 'RUNNING') return;
      await sleep(LOOK);
    }
  };

  const half = Math.floor(trial.kills / 2);
  for (let index = 0; index < trial.kills; index++) {
    if (index === half) {
      wrong.push(...(await pauseAndResume(handle, kill)));
      wrong.push(...(await cancel(project, handle, trial)));
      handle = await again(() => startBackfill(project.app, rangeOf(trial)));
      trial.report('cancelled, and started again');
    }
    // The second start counts from zero; days that are up to date cost a listing.
    const share = (index < half ? index : index - half) / (trial.kills + 1);
    await doneIs(Math.floor(trial.days * share));
    // No moment is special: a kill may come at any.
    await sleep(random() * 2_000);
    await kill(VICTIMS[index % VICTIMS.length] ?? 'worker');
  }
  const result = await ended(handle);
  await worker.kill();
  trial.report(`ended: ${JSON.stringify(result?.counts)}`);
  return [...wrong, ...differing('failed days', result?.failed, [])];
}

/** Pauses, checks that running days end and none is started, kills the worker meanwhile, and resumes. */
async function pauseAndResume(handle: WorkflowHandle, kill: (victim: 'worker') => Promise<void>): Promise<string[]> {
  await again(() => handle.signal('pause'));
  let paused: BackfillProgress | undefined;
  while (!(paused?.paused && paused.running.length === 0)) {
    await sleep(LOOK);
    paused = await progressOf(handle);
    if (paused && paused.done === paused.total) break;
  }
  await kill('worker');
  let after: BackfillProgress | undefined;
  while (!after) after = await progressOf(handle);
  await again(() => handle.signal('resume'));
  return differing('days done in a pause', after.done, paused.done);
}

/** Cancels, and sees that no day is left between: no publish is open, and no workflow runs. */
async function cancel(project: DayProject, handle: WorkflowHandle, trial: Trial): Promise<string[]> {
  // A backfill at work, at no particular point of it.
  await sleep(1_000);
  await again(() => handle.cancel());
  while ((await statusOf(handle)) === 'RUNNING') await sleep(LOOK);
  const { start, end } = rangeOf(trial);
  const open = await again(() => project.app.ledger.openIntents(start, end));
  return differing(
    'open publishes after a cancel',
    open.map(({ day }) => day),
    [],
  );
}

async function compare(project: DayProject, calm: DayProject, trial: Trial): Promise<string[]> {
  const wrong: string[] = [];
  for (const table of ['events', 'rolling', 'running'])
    wrong.push(...differing(`rows of ${table}`, await contents(project, table), await contents(calm, table)));
  const { start, end } = rangeOf(trial);
  const { clickhouse, store, ledger } = project.app;
  const params = { project: project.name };

  // A committed chunk is never normalized again: every Parquet object beside a manifest is older than the manifest.
  const objects = await store.list(project.bucket, project.app.project.config.store.normalized);
  const manifests = objects.filter(({ key }) => key.endsWith('.json') && !/\/_(plans|schemas)\//.test(key));
  wrong.push(...differing('chunks', manifests.length, trial.days));
  for (const { key, modified } of manifests) {
    const folder = key.slice(0, key.lastIndexOf('/') + 1);
    const later = objects.filter((one) => one.key.startsWith(folder) && one.modified > modified);
    wrong.push(...later.map((one) => `${one.key} was written after its manifest`));
  }
  const chunks = await clickhouse.rows({
    sql: 'SELECT uniqExact(chunk) AS chunks FROM daybook.chunks WHERE project = {project:String}',
    params,
  });
  wrong.push(...differing('chunks in the ledger', chunks, [{ chunks: String(trial.days) }]));

  // A published table's day is never published again.
  const twice = await clickhouse.rows({
    sql: `
SELECT day, table FROM daybook.publishes WHERE project = {project:String} AND event = 'done'
GROUP BY day, table HAVING uniqExact(generation) > 1`,
    params,
  });
  wrong.push(...differing('days that were published twice', twice, []));
  wrong.push(...differing('open publishes', await ledger.openIntents(start, end), []));

  const client = await project.app.temporal();
  const id = workflowId.backfill(project.name, start, end);
  for await (const { historyLength, runId } of client.workflow.list({ query: `WorkflowId = '${id}'` }))
    if (historyLength >= MOST_EVENTS) wrong.push(`run ${runId} has ${historyLength} events`);
  return wrong;
}

const contents = (project: DayProject, table: string) =>
  project.rows(
    `SELECT day, count() AS rows, sum(cityHash64(tuple(*))) AS hash FROM ${table} GROUP BY day ORDER BY day`,
  );

const differing = (what: string, found: unknown, expected: unknown): string[] =>
  isDeepStrictEqual(found, expected)
    ? []
    : [`${what}: found ${JSON.stringify(found)}, expected ${JSON.stringify(expected)}`.slice(0, 2_000)];

/** A generator of numbers from 0 to 1, the same for the same seed (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** While a server restarts its connection is refused; what was asked is asked again. */
async function again<T>(ask: () => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt++)
    try {
      return await ask();
    } catch (error) {
      if (attempt > 100) throw error;
      await sleep(LOOK);
    }
}

const progressOf = async (handle: WorkflowHandle) =>
  await handle.query<BackfillProgress>('progress').catch(() => undefined);

const statusOf = async (handle: WorkflowHandle) => (await again(() => handle.describe())).status.name;

/** The result; a failed or cancelled backfill has none, a broken connection is asked again. */
async function ended(handle: WorkflowHandle): Promise<BackfillResult | undefined> {
  for (;;)
    try {
      return (await handle.result()) as BackfillResult;
    } catch (error) {
      if (error instanceof Error && error.name === 'WorkflowFailedError') return undefined;
      await sleep(LOOK);
    }
}

/** Those that live. */
const workers = new Set<{ kill: () => Promise<void> }>();

function startWorker(stack: Stack, { app }: DayProject) {
  const child = execa(process.execPath, [DAYBOOK, 'worker', '--project', app.project.dir], {
    env: environment(stack),
    extendEnv: false,
    reject: false,
    stdio: 'ignore',
  });
  const worker = {
    kill: async () => {
      child.kill('SIGKILL');
      await child;
      workers.delete(worker);
    },
  };
  workers.add(worker);
  return worker;
}

/** The stack brings a killed service back by itself. */
async function killService(stack: Stack, name: string): Promise<void> {
  const { pid } = (await readStack(stack.dir))?.processes.find((one) => one.name === name) ?? {};
  if (pid !== undefined) process.kill(pid, 'SIGKILL');
}
