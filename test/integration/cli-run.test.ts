import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { command, commandLine } from '../../src/shared/commands.js';
import { workflowId } from '../../src/shared/names.js';
import { daybook, environment, start } from '../support/command.js';
import { openDays, type DayProject } from '../support/day.js';
import { keyOf, lines, payment, PAYMENTS, PAYMENTS_CONFIG } from '../support/payments.js';

const GOOD = '2026-11-02';
const FORBIDDEN = '2026-11-03';
const WAITING = '2026-11-04';

let project: DayProject;

beforeAll(async () => {
  project = await openDays(inject('stack'), PAYMENTS, PAYMENTS_CONFIG, { worker: false });
  for (const day of [GOOD, WAITING]) await project.put(keyOf(day, 'a'), lines(payment(day, 'a'), payment(day, 'b')));
  await project.put(keyOf(FORBIDDEN, 'a'), lines(payment(FORBIDDEN, 'a', { note: 'forbidden' })));
});
afterAll(() => project.close());

const own = (...args: string[]) => [...args, '--project', project.app.project.dir];
const run = (...args: string[]) => daybook(own('run', ...args), environment(inject('stack')));

async function statusOf(day: string): Promise<string> {
  const client = await project.app.temporal();
  return (await client.workflow.getHandle(workflowId.day(project.name, day)).describe()).status.name;
}

test('run --with-worker builds the day, prints each step once, exits with 0, and leaves stderr empty', async () => {
  const { code, stdout, stderr } = await run('--day', GOOD, '--with-worker');
  expect(stderr).toBe('');
  expect(code).toBe(0);
  const lines = stdout.split('\n');
  expect(lines.slice(0, -1).map((line) => line.trim().split(' ')[0])).toEqual([
    ...['recover', 'list', 'normalize', 'load', 'refresh', 'test', 'publish', 'sweep'],
  ]);
  expect(lines.at(-1)).toBe(`${GOOD} published`);
});

test('run --output json prints one document and nothing else: the result of a day that needed nothing', async () => {
  const { code, stdout, stderr } = await run('--day', GOOD, '--with-worker', '--output', 'json');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(JSON.parse(stdout)).toMatchObject({ day: GOOD, outcome: 'unchanged', generation: 1 });
});

test('a failed day exits with 1; stderr names step, test and the next command, once', async () => {
  const { code, stdout, stderr } = await run('--day', FORBIDDEN, '--with-worker');
  expect(code).toBe(1);
  expect(stdout.trimEnd().split('\n').at(-1)).toMatch(/^ +refresh /);
  expect(stderr).toMatch(/^Day 2026-11-03 failed at step test: Test no_forbidden_note found 1 row/);
  expect(stderr).toContain(`npx daybook run --day ${FORBIDDEN}`);
  expect(stderr.match(/failed/g)).toHaveLength(1);
});

test('a failed day is one document on stdout with --output json, with step and message', async () => {
  const { code, stdout } = await run('--day', FORBIDDEN, '--with-worker', '--output', 'json');
  expect(code).toBe(1);
  const document = JSON.parse(stdout) as { message: string };
  expect(document).toMatchObject({ day: FORBIDDEN, outcome: 'failed', step: 'test' });
  expect(document.message).toContain('Test no_forbidden_note found 1 row');
});

test('without a worker, run says so at once; Ctrl-C leaves the day running, and a worker that starts later finishes it', async () => {
  const waiting = start(own('run', '--day', WAITING), environment(inject('stack')));
  let said = '';
  waiting.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await expect.poll(() => statusOf(WAITING).catch(() => 'unknown'), { timeout: 30_000 }).toBe('RUNNING');
  waiting.kill('SIGINT');
  const { exitCode } = await waiting;
  expect(exitCode).toBe(130);
  expect(said).toContain(
    `Day ${WAITING} continues. Attach again: ${commandLine(command.run(WAITING), project.app.project.dir)}\n`,
  );
  expect(said).not.toMatch(/^ +at /m);
  expect(await statusOf(WAITING)).toBe('RUNNING');

  // It was not asked for what it would have been started with, so that must be said.
  const attached = await run('--day', WAITING, '--with-worker', '--force');
  expect(attached).toMatchObject({ code: 0 });
  expect(attached.stderr).toContain(
    `${workflowId.day(project.name, WAITING)} is already running with other options: force is false, not true. ` +
      'This follows that run; once it has ended, run the same command again.',
  );
  expect(attached.stdout).toContain(`${WAITING} published`);
});
