import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { workflowId } from '../../src/shared/names.js';
import type { DayState } from '../support/day.js';
import { openDays, type DayProject } from '../support/day.js';
import { DAYS, LOOKBACK, LOOKBACK_CONFIG } from '../support/lookback.js';
import { keyOf, lines, payment } from '../support/payments.js';

const [D1 = '', D2 = '', , D4 = '', D5 = '', D6 = ''] = DAYS;

let project: DayProject;
/** The same days, run one after another by hand. */
let byHand: DayProject;

beforeAll(async () => {
  project = await openDays(inject('stack'), LOOKBACK, LOOKBACK_CONFIG);
  byHand = await openDays(inject('stack'), LOOKBACK, LOOKBACK_CONFIG);
  for (const to of [project, byHand])
    for (const [index, day] of DAYS.entries()) {
      const both = [payment(day, `user ${index + 1}`, { amount: index + 1 }), payment(day, 'all', { amount: 10 })];
      await to.put(keyOf(day, 'a'), lines(...both));
      await to.put(`visits/${day}/a.json`, lines(payment(day, 'all')));
    }
});
afterAll(async () => {
  await project.close();
  await byHand.close();
});

const tablesOf = async (of: DayProject): Promise<DayState['tables'][]> => {
  const states = await Promise.all(DAYS.map((day) => of.state(day)));
  return states.map(({ tables }) => tables);
};

test('models that look back are correct although their days were loaded in parallel', async () => {
  for (const day of DAYS) await byHand.run(day);
  const result = await project.backfill({ start: D1, end: D5 });
  expect(result).toMatchObject({ outcome: 'published', failed: [], notRun: 0 });
  expect(result.counts).toMatchObject({ published: 5, unchanged: 0, failed: 0 });
  await project.run(D6);
  expect(await tablesOf(project)).toEqual(await tablesOf(byHand));
});

/** How often each day's workflow was started. */
const runsOf = async (days: readonly string[]): Promise<number[]> => {
  const client = await project.app.temporal();
  const counted = days.map(
    async (day) =>
      (await client.workflow.count(`WorkflowId = '${workflowId.day(project.name, day)}' AND DaybookKind = 'day'`))
        .count,
  );
  return await Promise.all(counted);
};

test('a range that is up to date starts no day and publishes nothing', async () => {
  const before = await tablesOf(project);
  const runs = await runsOf(DAYS);
  const result = await project.backfill({ start: D1, end: D6 });
  expect(result).toMatchObject({ outcome: 'unchanged', counts: { published: 0, unchanged: 6 } });
  expect(await tablesOf(project)).toEqual(before);
  expect(await runsOf(DAYS)).toEqual(runs);
});

test('a day whose build failed and one that is held are run although what readers have is up to date', async () => {
  await project.app.ledger.recordHold('held', D4, 'look into it');
  const { build } = await project.attempt().list({ day: D5, force: true });
  await project.attempt().conclude({ day: D5, build, outcome: 'failed', step: 'test', reason: 'no' });
  const runs = await runsOf(DAYS);
  const result = await project.backfill({ start: D1, end: D6 });
  expect(result.counts).toMatchObject({ held: 1, unchanged: 5 });
  const started = (await runsOf(DAYS)).map((count, index) => count - (runs[index] ?? 0));
  expect(started).toEqual(DAYS.map((day) => (day === D4 || day === D5 ? 1 : 0)));
  expect((await project.app.ledger.latestBuilds(D5, D5))[0]?.event).toBe('unchanged');
  await project.app.ledger.recordHold('released', D4, '');
});

test('an old day that changed rebuilds the days that look back on it, in the range and after it', async () => {
  for (const to of [project, byHand]) await to.put(keyOf(D2, 'b'), lines(payment(D2, 'late', { amount: 100 })));
  for (const day of DAYS) await byHand.run(day);
  const result = await project.backfill({ start: D2, end: D4 });
  // Two after the range: they read running totals of the day before.
  expect(result.counts).toMatchObject({ published: 5, failed: 0 });
  expect(await tablesOf(project)).toEqual(await tablesOf(byHand));
});
