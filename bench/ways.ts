import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { openApp, type App } from '../src/app.js';
import { apply } from '../src/cli/apply/index.js';
import { startOrAttachDay } from '../src/cli/common/start.js';
import { taskQueue } from '../src/shared/names.js';
import type { DayResult, FinishedStep } from '../src/shared/workflows.js';
import { pollers } from '../src/temporal/pollers.js';
import { handWritten } from './by-hand.js';
import { resetPeak, peakMemory } from './memory.js';
import type { World } from './world.js';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const PROJECT = here('project');

/** The measurement of one way to load a day into ClickHouse. Memory is the peak, in bytes. */
export interface Measured {
  ms: number;
  /** Of the process that loads: Daybook's worker, or the Node script. */
  memory?: number | undefined;
  engineMemory?: number | undefined;
  steps?: FinishedStep[];
}

/** Runs `way` and measures its time and the engine's memory. */
async function timed(world: World, way: () => Promise<Partial<Measured>>): Promise<Measured> {
  const engine = world.stack.processes.find(({ name }) => name === 'clickhouse')?.pid ?? 0;
  await resetPeak(engine);
  const started = performance.now();
  const more = await way();
  return { ms: performance.now() - started, engineMemory: await peakMemory(engine), ...more };
}

/** (a) Runs a day with Daybook, end to end, by a worker in a separate process. */
export async function daybookWay(world: World, worker: Worker, day: string): Promise<Measured> {
  const app = await openApp(world.env, PROJECT);
  try {
    return await timed(world, async () => {
      await resetPeak(worker.pid);
      const { steps } = (await (await startOrAttachDay(app, { day })).result()) as DayResult;
      return { steps, memory: await peakMemory(worker.pid) };
    });
  } finally {
    await app.close();
  }
}

/** A worker in a separate process. */
export interface Worker {
  pid: number;
  stop(): Promise<void>;
}

/** Output folder of the build: inside the repository, so that it finds its packages. */
const BUILD = here('../.daybook/bench-build');
/** Time between two checks whether the worker polls, in milliseconds. */
const POLL_INTERVAL = 200;

/** What the worker logs. */
const WORKER_LOG = here('../.daybook/bench-worker.log');
/** Characters of that log of a worker that ended by itself. */
const LAST_WORDS = 1_000;

/**
 * Creates a project's tables and starts its worker, compiled as in production; returns when it polls its queues. Throws with the end of
 * its log if it ends before.
 */
export async function startDaybook(world: World, project = PROJECT): Promise<Worker> {
  await execa(process.execPath, [here('../bin/build.js'), '--out', BUILD]);
  const app = await openApp(world.env, project);
  await apply(app);
  const child = execa(process.execPath, [`${BUILD}/bin/daybook.js`, 'worker', '--project', project], {
    env: world.variables,
    extendEnv: false,
    reject: false,
    stdin: 'ignore',
    stdout: 'ignore',
    stderr: { file: WORKER_LOG },
  });
  const stop = async () => {
    child.kill('SIGTERM');
    await child;
  };
  let over = false;
  const ended = child.then(async ({ exitCode }) => {
    const log = await readFile(WORKER_LOG, 'utf8').catch(() => '');
    throw new Error(`the worker ended with ${exitCode ?? 'a signal'} before it polled: ${log.slice(-LAST_WORDS)}`);
  });
  try {
    await Promise.race([polls(app, () => over), ended]);
  } catch (error) {
    await stop();
    throw error;
  } finally {
    over = true;
    ended.catch(() => undefined);
    await app.close();
  }
  return { pid: child.pid ?? 0, stop };
}

/** Waits until a worker polls both queues of the project, or until `over` says that no one waits for it. */
async function polls(app: App, over: () => boolean): Promise<void> {
  const { project } = app.project.config;
  const client = await app.temporal();
  const idle = async () => {
    const found = [taskQueue.light(project), taskQueue.heavy(project)].map((queue) => pollers(client, queue));
    return (await Promise.all(found)).some(({ activities }) => activities === 0);
  };
  while (!over() && (await idle())) await sleep(POLL_INTERVAL);
}

/** Creates the project's tables in another database. */
export async function createTables({ clickhouse }: World, database: string): Promise<void> {
  await clickhouse.run({ sql: `CREATE DATABASE ${database}` });
  for (const table of ['events', 'daily_sales', 'daily_users'])
    await clickhouse.run({ sql: `CREATE TABLE ${database}.${table} AS bench_daybook.${table}` });
}

/** (b) Runs the engine alone: no rejects, no accounts, no tests. */
export const engineWay = (world: World, day: string, files?: string): Promise<Measured> =>
  timed(world, async () => {
    await world.clickhouse.run(handWritten(world, day, 'bench_engine', files));
    await aggregate(world, 'bench_engine', day);
    return {};
  });

/** (c) Runs the script that most teams would write: stream, gunzip, JSON.parse, map, insert. */
export const nodeWay = (world: World, day: string): Promise<Measured> =>
  timed(world, async () => {
    const { stdout } = await execa(
      process.execPath,
      ['--import', import.meta.resolve('tsx'), here('node-script.ts'), day],
      {
        env: world.variables,
        extendEnv: false,
      },
    );
    await aggregate(world, 'bench_node', day);
    return { memory: Number(stdout) };
  });

/** Builds the project's two aggregates by hand. */
async function aggregate({ clickhouse }: World, database: string, day: string): Promise<void> {
  await clickhouse.run({
    sql: `INSERT INTO ${database}.daily_sales SELECT day, country, count(), toDecimal64(sum(amount), 2) FROM ${database}.events WHERE day = {day:Date} AND type = 'purchase' GROUP BY day, country`,
    params: { day },
  });
  await clickhouse.run({
    sql: `INSERT INTO ${database}.daily_users SELECT day, uniqExact(user_id), count() FROM ${database}.events WHERE day = {day:Date} GROUP BY day`,
    params: { day },
  });
}
