import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { connectClickHouse, type ClickHouse } from '../../src/clickhouse/client.js';
import { workflowId } from '../../src/shared/names.js';
import { byHand, openDays, type DayProject } from '../support/day.js';
import { openProxy } from '../support/fault-proxy.js';
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
  const ask: typeof ledger.ask = async (asked) => {
    seen.push(await running(handle));
    return await ledger.ask(asked);
  };
  const world = { ledger: { ...ledger, ask } };
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

/** An engine that answers to every KILL and ends nothing, as for a statement that never looks whether it was killed. */
async function deafEngine(): Promise<{ clickhouse: ClickHouse; close: () => Promise<void> }> {
  const { env } = project.app;
  const proxy = await openProxy(env.clickhouse.url);
  proxy.intercept((passage) => {
    if (!passage.asked.body.includes('KILL QUERY')) return undefined;
    passage.answer({ status: 200, headers: {}, body: Buffer.from('') });
    return Promise.resolve();
  });
  const clickhouse = connectClickHouse({ ...env.clickhouse, url: proxy.url });
  return {
    clickhouse,
    close: async () => {
      await clickhouse.close();
      await proxy.close();
    },
  };
}

test('an aborted step ends within seconds although its statement cannot be killed', async () => {
  const { clickhouse, close } = await deafEngine();
  const handle = `${workflowId.day(project.name, DAY)}/deaf/5/1`;
  const abort = new AbortController();
  const ended = clickhouse
    .rows({ sql: 'SELECT sum(sipHash64(number)) FROM numbers(1000000000000)' }, { handle, signal: abort.signal })
    .catch((error: unknown) => error);
  await expect.poll(() => running(handle)).toBe(1);
  const since = performance.now();
  abort.abort(new Error('cancelled'));
  expect(await ended).toEqual(new Error('cancelled'));
  expect(performance.now() - since).toBeLessThan(15_000);
  await project.app.clickhouse.endQueries(handle);
  await close();
});

test('waiting for a statement that cannot be killed is bounded, says which one it is, and can be cancelled', async () => {
  const { clickhouse, close } = await deafEngine();
  const handle = `${workflowId.day(project.name, '2026-07-03')}/deaf/5/1`;
  const [ended] = await runningStatement(handle);
  await expect(clickhouse.endQueries(handle, { within: 500 })).rejects.toThrow(
    /^A statement of an earlier attempt was killed and still runs after 0\.5 s: [0-9a-f-]{36} \(since \d+ s\)\. /,
  );
  const abort = new AbortController();
  const waiting = clickhouse.endQueries(handle, { signal: abort.signal });
  abort.abort(new Error('cancelled'));
  await expect(waiting).rejects.toThrow('cancelled');
  await project.app.clickhouse.endQueries(handle);
  await ended;
  await close();
});
