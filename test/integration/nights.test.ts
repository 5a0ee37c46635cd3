import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { addDays, daysBetween } from '../../src/shared/day.js';
import { scheduleId, workflowId } from '../../src/shared/names.js';
import type { NightlyResult } from '../../src/shared/workflows.js';
import { applySchedule, withSchedule } from '../../src/temporal/schedule.js';
import { openDays, type DayProject } from '../support/day.js';
import { SMALL, SMALL_CONFIG } from '../support/lookback.js';
import { keyOf, lines, payment } from '../support/payments.js';
import { temporal } from '../support/temporal-cli.js';
import { until } from '../support/workflows.js';

const FIRST = '2026-05-01';
const DAYS = daysBetween(FIRST, addDays(FIRST, 9));
const dayOf = (number: number) => DAYS[number - 1] ?? '';
const LAST = dayOf(10);
const ZONE = 'America/New_York';

let project: DayProject;

beforeAll(async () => {
  project = await openDays(inject('stack'), SMALL, { ...SMALL_CONFIG, start: FIRST, lateDays: 1 });
  for (const [index, day] of DAYS.entries()) await put(day, 'a', payment(day, `user ${index}`, { amount: 1 }));
});
afterAll(() => project.close());

const put = (day: string, name: string, ...texts: string[]) => project.put(keyOf(day, name), lines(...texts));

/** Days of which some table has another generation than before. */
async function rebuiltBy(act: () => Promise<unknown>): Promise<string[]> {
  const generations = async () =>
    (await project.app.ledger.currentPublishes(FIRST, LAST)).map(
      ({ table, day, generation }) => `${day} ${table} ${generation}`,
    );
  const before = new Set(await generations());
  await act();
  return [...new Set((await generations()).filter((one) => !before.has(one)).map((one) => one.slice(0, 10)))].sort();
}

test('a backfill of ten days by the `temporal` executable publishes each of them, oldest first', async () => {
  const { name } = project;
  const client = await project.app.temporal();
  await applySchedule(client, { project: name, schedule: '30 23 * * *', timezone: ZONE }, { paused: true });
  try {
    await temporal(
      inject('stack').temporal,
      ...['schedule', 'backfill', '--schedule-id', scheduleId(name), '--overlap-policy', 'BufferAll'],
      // 23:30 in New York is the next morning in UTC; the project's days are cut in UTC.
      ...['--start-time', `${addDays(FIRST, 1)}T00:00:00Z`, '--end-time', `${addDays(LAST, 1)}T23:59:59Z`],
    );
    const query = `WorkflowId STARTS_WITH "${workflowId.nightly(name)}" AND ExecutionStatus = "Completed"`;
    await until(async () => (await client.workflow.count(query)).count >= DAYS.length);
    const built = [];
    for await (const { workflowId: id } of client.workflow.list({ query })) built.push(id);
    const results = await Promise.all(
      built.map(async (id) => (await client.workflow.getHandle(id).result()) as NightlyResult),
    );
    expect(results.map(({ day }) => day).sort()).toEqual(DAYS);
  } finally {
    await withSchedule(client, name, (handle) => handle.delete());
  }
  const rows = await project.rows('SELECT day, toInt32(total) AS total FROM running ORDER BY day');
  expect(rows).toEqual(DAYS.map((day, index) => ({ day, total: index + 1 })));
});

test('a nightly run without new data changes nothing and reports nothing', async () => {
  let night: NightlyResult | undefined;
  expect(await rebuiltBy(async () => (night = await project.night(LAST)))).toEqual([]);
  expect(night).toEqual({
    day: LAST,
    days: [dayOf(9), LAST].map((day) => ({ day, outcome: 'unchanged', reason: '' })),
    differences: [],
    notes: [],
  });
});

test('a late object and a rewritten one rebuild their day and what looks back on it', async () => {
  await put(dayOf(9), 'late', payment(dayOf(9), 'late', { amount: 10 }));
  expect(await rebuiltBy(() => project.night(LAST))).toEqual([dayOf(9), LAST]);
  await put(LAST, 'a', payment(LAST, 'user 9', { amount: 2 }));
  expect(await rebuiltBy(() => project.night(LAST))).toEqual([LAST]);
  expect(
    await project.rows('SELECT toInt32(total) AS total FROM running WHERE day = {day:Date}', { day: LAST }),
  ).toEqual([{ total: 21 }]);
});

test('a vanished object is reported, and its rows are kept', async () => {
  await project.app.store.remove(project.bucket, [keyOf(dayOf(9), 'late')]);
  let night: NightlyResult | undefined;
  expect(await rebuiltBy(async () => (night = await project.night(LAST)))).toEqual([]);
  expect(night?.notes).toEqual([
    expect.stringMatching(
      `^${dayOf(9)}: events: 1 of 2 objects that ${dayOf(9)} was published from is no longer listed`,
    ),
  ]);
});

test('days that an interrupted nightly run left stale are built by the next one, even before the late days', async () => {
  // Two days before the last one look back on this day; only it itself was built when the night ended.
  await put(dayOf(7), 'late', payment(dayOf(7), 'late', { amount: 100 }));
  await project.run(dayOf(7));
  expect(await rebuiltBy(() => project.night(LAST))).toEqual([dayOf(8), dayOf(9), LAST]);
  expect(
    await project.rows('SELECT toInt32(total) AS total FROM running WHERE day = {day:Date}', { day: LAST }),
  ).toEqual([{ total: 121 }]);
});

test('days too old for a nightly run are reported with a command: stale, missing, or different by SQL', async () => {
  const notes = async () => (await project.night(LAST)).notes.filter((note) => !note.includes('no longer listed'));
  await put(dayOf(3), 'late', payment(dayOf(3), 'late', { amount: 1000 }));
  await project.run(dayOf(3));
  const stale = `${dayOf(4)} to ${LAST}: stale: their inputs have changed: npx daybook backfill --start ${dayOf(4)} --end ${LAST}`;
  expect(await notes()).toEqual([stale]);

  await project.configure({ start: addDays(FIRST, -2) });
  await project.write(
    'sql/aggregates/rolling.sql',
    (SMALL['sql/aggregates/rolling.sql'] ?? '').replace('FROM events', 'FROM events AS events'),
  );
  const [from, to] = [addDays(FIRST, -2), addDays(FIRST, -1)];
  expect(await notes()).toEqual([
    `${from} to ${to}: not published, but expected: npx daybook backfill --start ${from} --end ${to}`,
    stale,
    `${FIRST} to ${dayOf(3)}: stale by code: they differ by SQL alone: npx daybook backfill --start ${FIRST} --end ${dayOf(3)}`,
  ]);
});
