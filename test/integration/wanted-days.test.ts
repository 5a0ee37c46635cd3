import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { addDays, dayIn } from '../../src/shared/day.js';
import { taskQueue, workflowId } from '../../src/shared/names.js';
import { commandOf } from '../support/command.js';
import { openDays, type DayProject } from '../support/day.js';
import { keyOf, lines, payment, PAYMENTS, PAYMENTS_CONFIG } from '../support/payments.js';

const START = '2026-02-02';
const BEFORE = '2026-02-01';
const REAL = '2026-02-03';
const TOMORROW = addDays(dayIn('UTC', new Date()), 1);

let project: DayProject;

beforeAll(async () => {
  project = await openDays(inject('stack'), PAYMENTS, { ...PAYMENTS_CONFIG, start: START });
  await project.put(keyOf(REAL, 'a'), lines(payment(REAL, 'a')));
  await project.run(REAL);
});
afterAll(() => project.close());

const command = commandOf(inject('stack'), () => project);

/** Everything that the ledger holds of builds and holds. */
const recorded = async () => [
  await project.app.ledger.latestBuilds('1970-01-01', '2149-06-06'),
  await project.app.ledger.holds('1970-01-01', '2149-06-06'),
];

describe('a day in the future or before the project starts is refused before anything is recorded', () => {
  let before: unknown;
  beforeEach(async () => {
    before = await recorded();
  });

  test.each([
    [['run', '--day', TOMORROW], `${TOMORROW} is in the future: today is`],
    [['run', '--day', BEFORE], `${BEFORE} is before the project's first day, ${START} (start in daybook.config.ts)`],
    [['plan', '--day', BEFORE], `${BEFORE} is before`],
    [['backfill', '--start', REAL, '--end', TOMORROW], `${TOMORROW} is in the future`],
    [['backfill', '--start', BEFORE, '--end', REAL, '--dry-run'], `${BEFORE} is before`],
    [['rollback', '--day', TOMORROW], `${TOMORROW} is in the future`],
    [['hold', '--day', BEFORE], `${BEFORE} is before`],
    [['verify', '--day', TOMORROW], `${TOMORROW} is in the future`],
    [['rejects', 'retry', '--day', TOMORROW], `${TOMORROW} is in the future`],
  ])('%j', async (args, message) => {
    const { code, stderr } = await command(...args);
    expect(stderr).toContain(message);
    expect(stderr).toContain('To list the days: npx daybook status');
    expect(code).not.toBe(0);
    expect(await recorded()).toEqual(before);
  });

  test.each([
    ['day', (day: string) => ({ id: workflowId.day(project.name, day), input: { day } })],
    [
      'backfill',
      (day: string) => {
        const [start, end] = [REAL, day].sort() as [string, string];
        return { id: workflowId.backfill(project.name, start, end), input: { start, end } };
      },
    ],
    ['nightly', (day: string) => ({ id: workflowId.nightly(project.name), input: { day } })],
  ] as const)('also by a %s that is started by hand', async (type, of) => {
    const client = await project.app.temporal();
    for (const day of [TOMORROW, BEFORE]) {
      const { id, input } = of(day);
      const handle = await client.workflow.start(type, {
        workflowId: id,
        taskQueue: taskQueue.light(project.name),
        args: [input],
      });
      await expect(handle.result()).rejects.toMatchObject({
        cause: { message: expect.stringMatching(`${day} is (in the future|before)`) as string },
      });
    }
    expect(await recorded()).toEqual(before);
  });
});

test('a day in the future that was recorded long ago does not hide the real ones', async () => {
  const build = {
    generation: 1,
    event: 'failed' as const,
    step: 'load',
    reason: 'once',
    run: 'r',
    plan: '',
    engine: '',
  };
  for (const day of ['2140-01-01', '2140-01-31']) await project.app.ledger.recordBuild({ ...build, day });
  const { stdout } = await command('status', '--days', '2');
  expect(stdout).toMatch(new RegExp(`^${REAL} +published`, 'm'));
  expect(stdout).not.toContain('2140');
});
