import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { processVariables, readEnv } from '../../src/env.js';
import { findTemporal } from '../../src/local/programs/executables.js';
import { addDays, daysBetween } from '../../src/shared/day.js';
import { taskQueue, workflowId } from '../../src/shared/names.js';
import type { BackfillProgress, BackfillResult } from '../../src/shared/workflows.js';
import { daybook, environment, start as startCommand } from '../support/command.js';
import { openDays, type DayProject } from '../support/day.js';
import { keyOf, lines, payment, PAYMENTS, PAYMENTS_CONFIG } from '../support/payments.js';

const START = '2026-02-01';
const END = '2026-02-03';

let project: DayProject;
let temporal: string;

beforeAll(async () => {
  temporal = await findTemporal(readEnv(processVariables()), () => undefined);
  project = await openDays(inject('stack'), PAYMENTS, PAYMENTS_CONFIG);
  for (const day of daysBetween(START, END)) await project.put(keyOf(day, 'a'), lines(payment(day, 'a')));
});
afterAll(() => project.close());

const backfill = (...args: string[]) =>
  daybook(['backfill', ...args, '--project', project.app.project.dir], environment(inject('stack')));
const range = ['--start', START, '--end', END];

test('a dry run shows each day with its tables and what would be read, and changes nothing', async () => {
  const { code, stdout, stderr } = await backfill(...range, '--dry-run');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toContain(`${START} to ${END}  build, 1 object, `);
  expect(stdout).toContain('events is not published yet');
  expect(stdout).toContain('To read: 3 objects, ');
  expect(await project.app.ledger.latestBuilds(START, END)).toEqual([]);
});

test('a range is built and reported; a second start finds nothing to do; the next dry run knows how long a day takes', async () => {
  const first = await backfill(...range);
  expect({ code: first.code, stderr: first.stderr }).toEqual({ code: 0, stderr: '' });
  expect(first.stdout).toContain(`${START} to ${END}: 3 published (3 rows)`);
  const second = await backfill(...range, '--output', 'json');
  expect(JSON.parse(second.stdout)).toMatchObject({ outcome: 'unchanged', counts: { unchanged: 3 } });
  const { stdout } = await backfill(...range, '--dry-run', '--force', '--output', 'json');
  expect((JSON.parse(stdout) as { estimate: { builds: number; ms: number } }).estimate.builds).toBe(3);
  const status = await backfill('status', ...range);
  expect(status).toMatchObject({ code: 0 });
  expect(status.stdout).toContain(`${START} to ${END}  completed\n3 of 3 days done`);
});

test('a failed day is named with its reason and the command that repeats it, and the exit code is 1', async () => {
  const bad = addDays(END, 1);
  await project.put(keyOf(bad, 'a'), lines(payment(bad, 'a', { note: 'forbidden' })));
  const { code, stdout } = await backfill('--start', END, '--end', bad);
  expect(code).toBe(1);
  expect(stdout).toContain('1 failed');
  expect(stdout).toMatch(new RegExp(`${bad} +test +Test no_forbidden_note found 1 row`));
  expect(stdout).toContain(`npx daybook backfill --start ${END} --end ${bad} --reprocess failed`);
});

test('without a running backfill, its commands say so and exit with 1; wrong usage exits with 2', async () => {
  for (const args of [['pause'], ['resume'], ['cancel'], ['concurrency', '2']]) {
    const { code, stderr } = await backfill(...args);
    expect(code).toBe(1);
    expect(stderr).toContain('No backfill is running');
  }
  expect(await backfill('--start', START)).toMatchObject({ code: 2 });
  expect(await backfill('concurrency', '0')).toMatchObject({ code: 2 });
});

/** As docs/operating.md has them. */
test('the temporal CLI starts, queries, pauses, resumes and cancels a backfill like our own commands', async () => {
  const [start, end] = ['2026-03-01', '2026-03-06'];
  for (const day of daysBetween(start, end)) await project.put(keyOf(day, 'a'), lines(payment(day, 'a')));
  const id = workflowId.backfill(project.name, start, end);
  const { address } = inject('stack').temporal;
  const run = async (...args: string[]) =>
    (await execa(temporal, ['workflow', ...args, '--workflow-id', id, '--address', address])).stdout;
  const input = JSON.stringify({ start, end, concurrency: 1 });
  const begin = () =>
    run(
      'start',
      '--fail-existing',
      '--type',
      'backfill',
      '--task-queue',
      taskQueue.light(project.name),
      '--input',
      input,
    );
  const progress = async (): Promise<BackfillProgress> => {
    const { queryResult } = JSON.parse(await run('query', '--type', 'progress', '--output', 'json')) as {
      queryResult: (Omit<BackfillProgress, 'running'> & { running: string[] | null })[];
    };
    const [answer] = queryResult;
    if (!answer) throw new Error('the query has no answer');
    // The CLI prints an empty list as null.
    return { ...answer, running: answer.running ?? [] };
  };

  await begin();
  await run('signal', '--name', 'pause');
  await run('signal', '--name', 'concurrency', '--input', '2');
  await expect.poll(async () => (await progress()).running.length, { timeout: 60_000 }).toBe(0);
  const paused = await progress();
  expect(paused).toMatchObject({ paused: true, concurrency: 2, total: 6 });
  expect((await backfill('status', '--start', start, '--end', end)).stdout).toContain('paused');
  // Who attaches with other wishes hears what runs.
  const attaching = startCommand(
    ['backfill', '--start', start, '--end', end, '--concurrency', '3', '--force', '--project', project.app.project.dir],
    environment(inject('stack')),
  );
  let said = '';
  attaching.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await expect
    .poll(() => said, { timeout: 30_000 })
    .toContain(`${id} is already running with other options: reprocess is "none", not "all"; concurrency is 1, not 3.`);
  attaching.kill('SIGINT');
  await attaching;
  await run('signal', '--name', 'resume');
  await expect.poll(async () => (await progress()).done, { timeout: 60_000 }).toBeGreaterThan(paused.done);
  await run('cancel');
  await expect.poll(() => run('describe'), { timeout: 60_000 }).toMatch(/Cancel+ed/i);
  await begin();
  const result = JSON.parse(await run('result', '--output', 'json')) as { result: BackfillResult };
  expect(result.result.counts).toMatchObject({ failed: 0 });
  expect(result.result.counts.published + result.result.counts.unchanged).toBe(6);
});

const TCTL = (processVariables()['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, 'tctl')));

test.skipIf(!TCTL)('tctl asks and signals as the documented lines say, where it is installed', async () => {
  const id = workflowId.backfill(project.name, '2026-03-01', '2026-03-06');
  const env = { TEMPORAL_CLI_ADDRESS: inject('stack').temporal.address };
  const asked = await execa('tctl', ['workflow', 'query', '--workflow_id', id, '--query_type', 'progress'], { env });
  expect(asked.stdout).toContain('concurrency');
});
