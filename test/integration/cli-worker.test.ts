import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Worker } from '@temporalio/worker';
import { afterAll, beforeAll, expect, inject, test, vi } from 'vitest';
import { readEnv } from '../../src/env.js';
import { addDays, dayIn, EVER } from '../../src/shared/day.js';
import { connectTemporal } from '../../src/temporal/client.js';
import { missingSearchAttributes } from '../../src/temporal/namespace.js';
import { daybook, environment, start } from '../support/command.js';
import { openDays, type DayProject } from '../support/day.js';
import { keyOf, lines, payment, PAYMENTS, PAYMENTS_CONFIG } from '../support/payments.js';
import { startTestWorker } from '../support/worker.js';

const DAY = '2026-11-02';
const EMPTY = '2026-11-03';

/** A file of a model that was never applied. */
const NEW_MODEL = `
CREATE TABLE daily_ids (day Date, ids UInt64) ENGINE = MergeTree PARTITION BY day ORDER BY day;
SELECT day, count() AS ids FROM events WHERE day = {day:Date} GROUP BY day;`;

let project: DayProject;

beforeAll(async () => {
  project = await openDays(inject('stack'), PAYMENTS, PAYMENTS_CONFIG, { worker: false });
  await project.put(keyOf(DAY, 'a'), lines(payment(DAY, 'a')));
});
afterAll(() => project.close());

const own = (...args: string[]) => [...args, '--project', project.app.project.dir];

/** Starts a worker and waits until it says that it is ready. */
async function ready(changes: Record<string, string> = {}) {
  const worker = start(own('worker'), environment(inject('stack'), changes));
  const log = { text: '' };
  worker.stderr.on('data', (chunk: Buffer) => (log.text += chunk.toString()));
  await expect.poll(() => log.text, { timeout: 60_000 }).toContain('worker is ready');
  return { worker, log };
}

test('run says at once when no worker polls, and how to start one', async () => {
  const run = start(own('run', '--day', DAY), environment(inject('stack')));
  let said = '';
  run.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await expect.poll(() => said, { timeout: 30_000 }).toContain(`No worker polls daybook-${project.name}: `);
  expect(said).toMatch(/npx daybook worker( --project \S+)? \(or run this with --with-worker\)/);
  run.kill('SIGINT');
  expect((await run).exitCode).toBe(130);
});

test('what a worker would refuse is refused before one is asked for or started', async () => {
  const tomorrow = addDays(dayIn('UTC', new Date()), 1);
  const stack = environment(inject('stack'));
  const refused = async (args: string[], message: string, code = 1) => {
    const found = await daybook(own(...args), stack);
    expect(found.stderr, args.join(' ')).toContain(message);
    expect(found.stderr).not.toContain('No worker');
    expect(found).toMatchObject({ code, stdout: '' });
  };
  for (const worker of [[], ['--with-worker']]) {
    await refused(['run', '--day', tomorrow, ...worker], `${tomorrow} is in the future`);
    await refused(['backfill', '--start', DAY, '--end', tomorrow, ...worker], `${tomorrow} is in the future`);
  }
  await refused(['rollback', '--day', DAY], `${DAY} was never published`);
  await refused(['verify', '--day', tomorrow, '--rebuild'], `${tomorrow} is in the future`);
  // The run of the test before waits for a worker: another kind of run cannot start, and no worker would help.
  await refused(['rejects', 'retry', '--day', DAY], `${DAY} is already running, so its retry of rejects cannot start.`);
  await refused(['schedule', 'trigger'], 'does not exist');
  await refused(['status', '--day', tomorrow], `${tomorrow} is in the future`);
  await refused(['rejects', '--day', tomorrow], `${tomorrow} is in the future`);
  await refused(['verify', '--start', tomorrow], 'is in the future');
  await refused(['plan', '--start', dayIn('UTC', new Date())], 'holds no day');
  await refused(['verify', '--start', EMPTY, '--end', DAY], `'--end' ${DAY} is before '--start' ${EMPTY}`, 2);
  await refused(['run', '--day', '1026-11-02'], "'1026-11-02' is invalid. Expected a day from 1970-01-01 on", 2);
  // One end alone must not choose whichever backfill is running.
  await refused(['backfill', 'cancel', '--start', DAY], "expected both '--start' and '--end', or neither", 2);
  await project.write('sql/aggregates/daily_ids.sql', NEW_MODEL);
  for (const args of [
    ['run', '--day', EMPTY],
    ['backfill', '--start', DAY, '--end', EMPTY],
    ['rejects', 'retry', '--day', EMPTY],
  ])
    await refused(args, `These tables do not exist yet: ${project.database}.daily_ids. Run: npx daybook apply`);
  await rm(join(project.app.project.dir, 'sql/aggregates/daily_ids.sql'));
  await project.configure({ database: `${project.database}_of_another` });
  await refused(['run', '--day', EMPTY], 'another project');
  await refused(['backfill', '--start', DAY, '--end', EMPTY], 'another project');
  await project.configure({});
  expect(await project.app.ledger.latestBuilds(...EVER)).toEqual([]);
});

test('a worker runs days, logs each entry as one JSON line, and exits with 0 on SIGTERM, with nothing on stdout', async () => {
  const { worker, log } = await ready({ LOG_FORMAT: 'json' });
  try {
    await project.run(DAY);
    await project.fail(EMPTY);
  } finally {
    worker.kill('SIGTERM');
  }
  const { exitCode, stdout } = await worker;
  expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: '' });
  const entries = log.text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { level: string; msg: string; workflow_id?: string });
  const messages = entries.map(({ msg }) => msg);
  expect(messages.filter((msg) => msg === 'worker is ready')).toHaveLength(1);
  expect(messages.at(-1)).toBe('worker has stopped');
  for (const step of ['recover', 'list', 'normalize', 'load', 'refresh', 'test', 'publish', 'sweep'])
    expect(messages).toContainEqual(expect.stringMatching(new RegExp(`^${DAY} ${step} done \\(.*\\)$`)));
  expect(messages.filter((msg) => msg.startsWith(`Day ${EMPTY} failed at step list: `))).toHaveLength(1);
  expect(entries.filter(({ level }) => level !== 'info')).toMatchObject([
    { level: 'error', project: project.name, day: EMPTY },
  ]);
  expect(entries.find(({ msg }) => msg.startsWith(`${DAY} list`))?.workflow_id).toBe(
    `daybook/${project.name}/day/${DAY}`,
  );
});

test('a worker of which one half fails stops the other half, and gives the reason of the first', async () => {
  const run = Reflect.get(Worker.prototype, 'run');
  const halves: Worker[] = [];
  const spy = vi.spyOn(Worker.prototype, 'run').mockImplementation(async function (this: Worker) {
    const running = run.call(this);
    if (halves.push(this) === 1) this.shutdown();
    await running;
    if (halves[0] === this) throw new Error('the thread of the workflows ended');
  });
  try {
    const worker = await startTestWorker(project.app);
    await expect(worker.done).rejects.toThrow('the thread of the workflows ended');
    expect(halves.map((half) => half.getState())).toEqual(['STOPPED', 'STOPPED']);
    // A signal that comes meanwhile.
    await worker.stop();
  } finally {
    spy.mockRestore();
  }
});

test('a worker refuses a namespace without the search attributes, and names the commands that create them', async () => {
  const namespace = `bare-${randomUUID().slice(0, 8)}`;
  const { workflowService } = (await project.app.temporal()).connection;
  await workflowService.registerNamespace({
    namespace,
    workflowExecutionRetentionPeriod: { seconds: 86_400 as never },
  });
  const inNamespace = environment(inject('stack'), { TEMPORAL_NAMESPACE: namespace });
  const client = await connectTemporal(readEnv(inNamespace).temporal);
  // The server learns of a new namespace within seconds.
  const missing = () => missingSearchAttributes(client).catch(() => []);
  await expect.poll(missing, { timeout: 60_000 }).toHaveLength(4);
  await client.connection.close();
  const { code, stderr } = await daybook(own('worker'), inNamespace);
  expect(code).toBe(1);
  expect(stderr).toMatch(/^The Temporal namespace bare-\w+ lacks the search attributes DaybookProject, /);
  expect(stderr).toContain(
    `temporal operator search-attribute create --namespace ${namespace} --address ${inject('stack').temporal.address} --name DaybookDay --type Keyword`,
  );
});

test('worker and check refuse a namespace that does not exist, and name it, the address and the variables', async () => {
  const { address } = inject('stack').temporal;
  const nowhere = environment(inject('stack'), { TEMPORAL_NAMESPACE: 'nope' });
  const said =
    `Temporal at ${address} has no namespace nope. Correct TEMPORAL_NAMESPACE or TEMPORAL_ADDRESS, or create it: ` +
    `temporal operator namespace create --namespace nope --address ${address}`;
  const worker = await daybook(own('worker'), nowhere);
  expect([worker.code, worker.stderr]).toEqual([1, expect.stringContaining(said)]);
  const check = await daybook(own('check'), nowhere);
  expect([check.code, check.stdout]).toEqual([1, expect.stringContaining(`error: Temporal\n  ${said}`)]);
});

test('pausing and cancelling a backfill returns at once without a worker, and the next worker carries it out and stops in order on SIGHUP', async () => {
  const range = ['--start', '2026-10-01', '--end', '2026-10-02'];
  const backfill = start(own('backfill', ...range), environment(inject('stack')));
  let said = '';
  backfill.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await expect.poll(() => said, { timeout: 30_000 }).toContain(`No worker polls daybook-${project.name}: `);
  const control = (verb: string) => daybook(own('backfill', verb, ...range), environment(inject('stack')));
  await expect.poll(async () => (await control('pause')).code, { timeout: 60_000 }).toBe(0);
  const shown = async () => (await control('status')).stdout.trimEnd();
  expect(await shown()).toBe('2026-10-01 to 2026-10-02  paused');
  expect((await control('resume')).code).toBe(0);
  expect(await shown()).toBe('2026-10-01 to 2026-10-02  running, waits for a worker');
  expect((await control('pause')).code).toBe(0);
  const { code, stdout, stderr } = await control('cancel');
  expect({ code, stdout }).toEqual({
    code: 0,
    stdout: expect.stringMatching(/^Cancel requested: running days stop first, and published days stay\. /) as string,
  });
  expect(stderr).toContain(`No worker polls daybook-${project.name}: the request waits for one.`);
  expect(await shown()).toBe('2026-10-01 to 2026-10-02  cancelling, waits for a worker');
  const { worker } = await ready();
  try {
    expect((await backfill).stderr).toContain('The backfill was cancelled. Published days stay.');
  } finally {
    // Its terminal closes.
    worker.kill('SIGHUP');
  }
  expect((await worker).exitCode).toBe(0);
  expect(await project.app.ledger.latestBuilds('2026-10-01', '2026-10-02')).toEqual([]);
});
