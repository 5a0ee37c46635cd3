import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { WorkflowHandle } from '@temporalio/client';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { startDay } from '../../src/cli/run.js';
import type { DayProgress, DayResult } from '../../src/core/messages.js';
import { readStack } from '../../src/local/stack-file.js';
import { openDays, type DayProject } from '../support/day.js';
import { keyOf, lines, payment, PAYMENTS, PAYMENTS_CONFIG } from '../support/payments.js';
import { testVariables } from '../support/stack.js';

/*
 * Processes are killed with SIGKILL while a day runs. The local stack brings its services back by itself, the test starts the
 * worker anew; then the day must end as if nothing had happened: the same tables, row for row, and the same accounts.
 */

const DAY = '2026-11-10';
const OBJECTS = 6;
const LAUNCHER = fileURLToPath(new URL('../../bin/daybook.js', import.meta.url));

/** From the end of a day's first step, over all the others. The seed makes the moments the same in every run. */
const SEED = 20261110;
const VICTIMS = [
  'worker',
  'clickhouse',
  's3',
  'temporal',
  'worker',
  'clickhouse',
  'clickhouse',
  's3',
  'worker',
  'temporal',
];
const FAULTS = VICTIMS.map((victim, index) => ({ victim, afterMs: 150 + (((index + 1) * SEED) % 2_200) }));

/** Between two looks at a day that is starting, in milliseconds. */
const LOOK = 50;

interface Ended {
  tables: unknown;
  accounts: unknown;
}
let undisturbed: Ended;
const opened: DayProject[] = [];

beforeAll(async () => {
  const project = await openProject();
  const worker = startWorker(project);
  await project.run(DAY);
  undisturbed = await ended(project);
  await worker.kill();
});

afterAll(async () => {
  for (const project of opened) await project.close();
});

test.each(FAULTS)('a day survives that $victim is killed after $afterMs ms', async ({ victim, afterMs }) => {
  const project = await openProject();
  let worker = startWorker(project);
  const handle = await startDay(project.app, { day: DAY });
  await begun(handle);
  await sleep(afterMs);
  if (victim === 'worker') {
    await worker.kill();
    worker = startWorker(project);
  } else await killService(victim);

  // The connection may go with the server; the day does not.
  let result: DayResult | undefined;
  while (!result) result = (await handle.result().catch(passing)) as DayResult | undefined;
  expect(result.outcome).toBe('published');
  expect(await ended(project)).toEqual(undisturbed);
  await worker.kill();
});

async function openProject(): Promise<DayProject> {
  const timings = { heartbeat: '2 seconds', sticky: '1 second', retryFirst: '100 ms', retryMost: '500 ms' };
  const project = await openDays(
    inject('stack'),
    PAYMENTS,
    { ...PAYMENTS_CONFIG, timings, limits: { normalizeSlots: 1 } },
    { worker: false },
  );
  opened.push(project);
  for (let object = 0; object < OBJECTS; object++) {
    const ids = Array.from({ length: 50 }, (_, index) => `${object}-${index}`);
    const texts = [...ids, `${object}-0`].map((id) => payment(DAY, id));
    await project.put(keyOf(DAY, `object-${object}`), lines(...texts, ''));
  }
  return project;
}

function startWorker({ app }: DayProject) {
  const child = execa(process.execPath, [LAUNCHER, 'worker', '--project', app.project.dir], {
    env: testVariables(inject('stack')),
    extendEnv: false,
    reject: false,
    stdio: 'ignore',
  });
  return {
    kill: async () => {
      child.kill('SIGKILL');
      await child;
    },
  };
}

async function killService(name: string): Promise<void> {
  const stack = await readStack(inject('stack').dir);
  const { pid } = stack?.processes.find((one) => one.name === name) ?? {};
  if (pid === undefined) throw new Error(`the stack has no process ${name}`);
  process.kill(pid, 'SIGKILL');
}

/** Returns when the day's first step is done: a worker takes seconds to start, and a kill before that would prove little. */
async function begun(handle: WorkflowHandle): Promise<void> {
  const progress = async () => await handle.query<DayProgress>('progress').catch(() => undefined);
  while (((await progress())?.told.length ?? 0) === 0) await sleep(LOOK);
}

/** A failed day is a difference; a broken connection is not. */
function passing(error: unknown): undefined {
  if (error instanceof Error && error.name === 'WorkflowFailedError') throw error;
  return undefined;
}

/** What readers and the accounts have in the end. */
async function ended(project: DayProject): Promise<Ended> {
  const { tables } = await project.state(DAY);
  const accounts = await project.app.clickhouse.rows({
    sql: `
SELECT DISTINCT account, source, object, lines, rows, rejected, skipped, blank, loaded, duplicates
FROM daybook.accounts WHERE project = {project:String} ORDER BY ALL`,
    params: { project: project.name },
  });
  return { tables, accounts };
}
