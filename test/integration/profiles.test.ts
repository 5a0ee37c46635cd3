import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { openDays, type DayProject } from '../support/day.js';
import { openProxy, type FaultProxy } from '../support/fault-proxy.js';
import { keyOf, lines, payment, paymentIds, PAYMENTS, PAYMENTS_CONFIG } from '../support/payments.js';

/* Settings of the profile of Daybook's user: what a request does not set itself. */

let proxy: FaultProxy;
let project: DayProject;
let profile: Record<string, string> = {};

beforeAll(async () => {
  const stack = inject('stack');
  proxy = await openProxy(stack.clickhouse.url);
  proxy.intercept(({ asked: { url }, forward, answer }) => {
    const own = Object.entries(profile).filter(([name]) => !url.searchParams.has(name));
    return forward(Object.fromEntries(own)).then(answer);
  });
  const behind = { ...stack, clickhouse: { ...stack.clickhouse, url: proxy.url } };
  project = await openDays(behind, PAYMENTS, PAYMENTS_CONFIG, { worker: false });
});
afterAll(async () => {
  await project.close();
  await proxy.close();
});

const IDS = ['a', 'b', 'c', 'd'];

async function publishWith(settings: Record<string, string>, day: string): Promise<void> {
  for (const id of IDS) await project.put(keyOf(day, id), lines(payment(day, id)));
  profile = settings;
  try {
    await project.publish(day);
  } finally {
    profile = {};
  }
}

const amounts = (day: string) =>
  project.rows('SELECT events, amount FROM daily_amounts WHERE day = {day:Date}', { day });

test('a profile that cuts or filters results takes no row from a day', async () => {
  const day = '2026-06-01';
  await publishWith({ limit: '1', offset: '1', additional_result_filter: '0' }, day);
  expect(await paymentIds(project, day)).toEqual(IDS);
  expect(await amounts(day)).toEqual([{ events: 4, amount: 4 }]);
});

test.each([
  [{ max_rows_to_read: '1', read_overflow_mode: 'break' }, 'TOO_MANY_ROWS'],
  [{ max_result_rows: '1', result_overflow_mode: 'break' }, 'TOO_MANY_ROWS_OR_BYTES'],
  [{ max_rows_to_sort: '1', sort_overflow_mode: 'break' }, 'TOO_MANY_ROWS_OR_BYTES'],
  [{ max_execution_time: '0.001', timeout_overflow_mode: 'break' }, 'TIMEOUT_EXCEEDED'],
])('a limit of a profile that would be met with a part of the rows is an error: %j', async (settings, name) => {
  const day = '2026-06-02';
  await expect(publishWith(settings, day)).rejects.toThrow(`(${name})`);
  expect(await amounts(day)).toEqual([]);
});
