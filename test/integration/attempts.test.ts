import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { workflowId } from '../../src/shared/names.js';
import { byHand, openDays, type DayProject } from '../support/day.js';
import { keyOf, lines, payment, PAYMENTS, PAYMENTS_CONFIG } from '../support/payments.js';

const DAY = '2026-07-01';

let project: DayProject;

beforeAll(async () => {
  project = await openDays(inject('stack'), PAYMENTS, PAYMENTS_CONFIG, { worker: false });
  await project.put(keyOf(DAY, 'a'), lines(payment(DAY, 'a')));
});
afterAll(() => project.close());

const running = async (handle: string) =>
  (
    await project.rows("SELECT 1 FROM system.processes WHERE startsWith(Settings['log_comment'], {handle:String})", {
      handle,
    })
  ).length;

/** Starts a statement that would run for hours, as a zombie attempt may leave one. @returns how it ended. */
async function runningStatement(handle: string): Promise<Promise<unknown>[]> {
  const ended = project.app.clickhouse
    .rows({ sql: 'SELECT sum(sipHash64(number)) FROM numbers(1000000000000)' }, { handle })
    .catch(String);
  await expect.poll(() => running(handle)).toBe(1);
  return [ended];
}

test('a second attempt starts only when the statements of the first one have ended', async () => {
  const first = byHand(project.name);
  const handle = `${first.workflowId}/${first.runId}/by-hand/1`;
  const [ended] = await runningStatement(handle);
  const seen: number[] = [];
  const { ledger } = project.app;
  const world = {
    ledger: {
      ...ledger,
      holdOf: async (day: string) => {
        seen.push(await running(handle));
        return await ledger.holdOf(day);
      },
    },
  };
  await project.attempt({ attempt: 2, world }).list({ day: DAY, force: false });
  expect(seen[0]).toBe(0);
  expect(await ended).toMatch(/394|QUERY_WAS_CANCELLED/);
});

test('a new run of a day kills the statements that a terminated run of that day left, and none of another day', async () => {
  const own = `${workflowId.day(project.name, DAY)}/an-older-run/5/1`;
  const other = `${workflowId.day(project.name, '2026-07-02')}/its-run/5/1`;
  const [ended] = await runningStatement(own);
  const [undisturbed] = await runningStatement(other);
  await project.attempt().recover({ day: DAY });
  expect(await running(own)).toBe(0);
  expect(await ended).toMatch(/394|QUERY_WAS_CANCELLED/);
  expect(await running(other)).toBe(1);
  await project.app.clickhouse.endQueries(other);
  await undisturbed;
});
