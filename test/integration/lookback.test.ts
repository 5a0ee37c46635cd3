import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { DayResult } from '../../src/shared/workflows.js';
import { openDays, type DayProject } from '../support/day.js';
import { DAYS, LOOKBACK, LOOKBACK_CONFIG } from '../support/lookback.js';
import { keyOf, lines, payment } from '../support/payments.js';

const [D1 = '', D2 = '', D3 = '', D4 = '', D5 = '', D6 = ''] = DAYS;

let project: DayProject;

beforeAll(async () => {
  project = await openDays(inject('stack'), LOOKBACK, LOOKBACK_CONFIG);
  for (const [index, day] of DAYS.entries()) {
    // Day n brings n units by a user of its own, and ten by one who is there each day.
    await put(day, 'a', payment(day, `user ${index + 1}`, { amount: index + 1 }), payment(day, 'all', { amount: 10 }));
    await project.put(`visits/${day}/a.json`, lines(payment(day, 'all')));
  }
});
afterAll(() => project.close());

const put = (day: string, name: string, ...texts: string[]) => project.put(keyOf(day, name), lines(...texts));

async function runAll(days = DAYS) {
  const results = new Map<string, DayResult>();
  for (const day of days) results.set(day, await project.run(day));
  return results;
}

const column = async <Value>(table: string, name: string): Promise<Value[]> =>
  (await project.rows<{ value: Value }>(`SELECT ${name} AS value FROM ${table} ORDER BY day`)).map(
    ({ value }) => value,
  );

/** Which generation of each table's day readers have: `rolling 3` is `rolling` of the third day. */
async function generations(): Promise<Record<string, number>> {
  const records = await project.app.ledger.currentPublishes(D1, D6);
  return Object.fromEntries(
    records.map(({ table, day, generation }) => [`${table} ${DAYS.indexOf(day) + 1}`, generation]),
  );
}

/** Returns the (table, day) pairs with another generation than before. */
const rebuilt = (before: Record<string, number>, after: Record<string, number>) =>
  Object.keys(after)
    .filter((pair) => before[pair] !== after[pair])
    .sort();

const pairs = (tables: Record<string, number[]>) =>
  Object.entries(tables)
    .flatMap(([table, days]) => days.map((day) => `${table} ${day}`))
    .sort();

const reasonOf = (result: DayResult | undefined) => result?.steps.find(({ step }) => step === 'list')?.what;

test('rolling, running and first-seen models are correct from the first day on, which has no earlier days', async () => {
  const results = await runAll();
  expect([...results.values()].map(({ outcome }) => outcome)).toEqual(DAYS.map(() => 'published'));
  expect(await column('rolling', 'toInt32(amount)')).toEqual([11, 23, 36, 39, 42, 45]);
  expect(await column('rolling', 'days')).toEqual([1, 2, 3, 3, 3, 3]);
  expect(await column('smoothed', 'amount')).toEqual([11, 17, 29.5, 37.5, 40.5, 43.5]);
  expect(await column('running', 'toInt32(total)')).toEqual([11, 23, 36, 50, 65, 81]);
  expect(
    await project.rows('SELECT id, since FROM first_seen WHERE day = {day:Date} ORDER BY id', { day: D3 }),
  ).toEqual([
    { id: 'all', since: D1 },
    { id: 'user 1', since: D1 },
    { id: 'user 2', since: D2 },
    { id: 'user 3', since: D3 },
  ]);
  expect(await column('far', 'toInt32(days)')).toEqual([1, 2, 3, 4, 5, 6]);
  expect(await column('weekly', 'toInt32(visits)')).toEqual([1, 2, 3, 4, 5, 6]);
});

test('a model without lookback sees one day, however it reads, although six were copied for others', async () => {
  const [seen] = (await column<Record<string, string>>('blind', 'seen')).slice(-1);
  expect(Object.entries(seen ?? {}).filter(([, days]) => Number(days) !== 1)).toEqual([]);
  expect(Object.keys(seen ?? {})).toHaveLength(14);
});

test('a changed old day rebuilds what its rows change, in the order of days, and nothing else', async () => {
  const before = await generations();
  await put(D2, 'b', payment(D2, 'late', { amount: 100 }));
  const results = await runAll();
  expect(rebuilt(before, await generations())).toEqual(
    // The other models were built again too, and gave the rows that readers have.
    pairs({
      events: [2],
      rolling: [2, 3, 4],
      // Reads `rolling` of its own day and of the day before.
      smoothed: [2, 3, 4, 5],
      running: [2, 3, 4, 5, 6],
      first_seen: [2, 3, 4, 5, 6],
    }),
  );
  expect(results.get(D1)?.outcome).toBe('unchanged');
  expect(results.get(D2)?.notes).toEqual([
    `4 days, ${D3} to ${D6}, look back on this day: stale until rebuilt, oldest first: npx daybook backfill --start ${D3} --end ${D6}`,
  ]);
  expect(reasonOf(results.get(D3))).toContain(`rolling reads events of ${D2}, published again since`);
  expect(reasonOf(results.get(D6))).toContain(`running reads running of ${D5}, published again since`);
  expect(reasonOf(results.get(D6))).not.toContain('rolling');
  expect(results.get(D6)?.notes).toEqual([]);
  expect(await column('rolling', 'toInt32(amount)')).toEqual([11, 123, 136, 139, 42, 45]);
  expect(await column('running', 'toInt32(total)')).toEqual([11, 123, 136, 150, 165, 181]);
  const again = await runAll();
  expect([...again.values()].map(({ outcome }) => outcome)).toEqual(DAYS.map(() => 'unchanged'));
});

test('a nightly run lists the late days again, builds what looks back on them, and leaves nothing stale', async () => {
  await put(D5, 'b', payment(D5, 'later', { amount: 1000 }));
  const before = await generations();
  const { days } = await project.night(D6);
  expect(days.map(({ day, outcome }) => [day, outcome])).toEqual(
    [D3, D4, D5, D6].map((day) => [day, day < D5 ? 'unchanged' : 'published']),
  );
  const tables = ['first_seen', 'rolling', 'running', 'smoothed'].map((table) => [table, [5, 6]]);
  expect(rebuilt(before, await generations())).toEqual(
    pairs({ ...(Object.fromEntries(tables) as Record<string, number[]>), events: [5] }),
  );
  expect(await column('running', 'toInt32(total)')).toEqual([11, 123, 136, 150, 1165, 1181]);
});
