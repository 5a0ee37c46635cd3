import { expect, test } from 'vitest';
import { tableFingerprint } from '../../src/ledger/fingerprints.js';
import { staleDays, stalenessOf, staleSince, type LedgerDay } from '../../src/ledger/staleness.js';
import { rangesOf, addDays, daysBetween } from '../../src/shared/day.js';

const before = { generation: 1, code: 'c1', data: 'd1', rows: 5 };

test.each([
  ['was never published', undefined, 'c1', 'd1', 'missing'],
  ['is as it was', before, 'c1', 'd1', 'fresh'],
  ['is made from other data', before, 'c1', 'd2', 'data'],
  ['is made by other code', before, 'c2', 'd1', 'code'],
  ['differs in both', before, 'c2', 'd2', 'data'],
  ['has data that is not known before it is normalized', before, 'c1', undefined, 'data'],
] as const)('a day that %s', (_, known, code, data, staleness) => {
  expect(stalenessOf(known, code, data)).toBe(staleness);
});

const SINCE = '2026-03-02';
const fingerprint = (table: string, day: string) => tableFingerprint('code', `${table} ${day}`);

/** A week of `events`, of `rolling` over two days of them, and of `running` over its own day before. */
const WEEK = daysBetween('2026-03-01', '2026-03-07').flatMap((day): LedgerDay[] => {
  const before = addDays(day, -1);
  const record = (table: string, ...inputs: [string, string][]): LedgerDay => ({
    day,
    table,
    code: 'code',
    data: `${table} ${day}`,
    first_code: 'code',
    first_data: `${table} ${day}`,
    inputs: Object.fromEntries(
      inputs.map(([input, of]) => [of === day ? input : `${input}@${of}`, fingerprint(input, of)]),
    ),
  });
  return [
    record('events'),
    record('rolling', ['events', day], ['events', before]),
    record('running', ['rolling', day], ['running', before]),
  ];
});
const published = (day: string, data: string) =>
  WEEK.map((one) => (one.table === 'events' && one.day === day ? { ...one, data, first_data: data } : one));

test('a day whose inputs are unchanged is not stale; days before the first one are not checked', () => {
  expect(staleDays(WEEK, SINCE)).toEqual([]);
});

test('days are stale if an input has changed, or is stale itself', () => {
  expect(staleDays(published('2026-03-05', 'others'), SINCE)).toEqual(['2026-03-05', '2026-03-06', '2026-03-07']);
  const rolling = WEEK.filter(({ table }) => table !== 'running');
  const changed = rolling.map((one) =>
    one.table === 'events' && one.day === '2026-03-03' ? { ...one, data: 'x', first_data: 'x' } : one,
  );
  expect(staleDays(changed, SINCE)).toEqual(['2026-03-03', '2026-03-04']);
});

test('a day that was published or removed since makes the days that look back on it stale', () => {
  const without = WEEK.filter(({ day, table }) => table === 'rolling' || day !== '2026-03-04').filter(
    ({ table }) => table !== 'running',
  );
  expect(staleDays(without, SINCE)).toEqual(['2026-03-04', '2026-03-05']);
});

test('a rebuild that gave the same rows from other data makes no day stale', () => {
  const reproduced = WEEK.map((one) =>
    one.table === 'events' && one.day === '2026-03-05' ? { ...one, data: 'other chunks' } : one,
  );
  expect(staleDays(reproduced, SINCE)).toEqual([]);
});

test('a chunk that a day has not used makes it stale, and all days that depend on it', () => {
  expect(staleDays(WEEK, SINCE, new Set(['events@2026-03-06']))).toEqual(['2026-03-06', '2026-03-07']);
});

test('a running total of ten years is checked without a deep stack', () => {
  const days = daysBetween('2016-01-01', '2026-01-01');
  const chain = days.map((day, index): LedgerDay => ({
    day,
    table: 'running',
    code: 'code',
    data: day,
    first_code: 'code',
    first_data: day,
    inputs: index === 0 ? {} : { [`running@${addDays(day, -1)}`]: tableFingerprint('code', addDays(day, -1)) },
  }));
  expect(staleDays([...chain].reverse(), '2016-01-01')).toEqual([]);
});

test('days that follow each other are one range, also over months and across a short day', () => {
  expect(
    rangesOf(['2026-03-30', '2026-03-28', '2026-03-29', '2026-04-02', '2026-02-28', '2026-03-01', '2026-03-01']),
  ).toEqual([
    { start: '2026-02-28', end: '2026-03-01' },
    { start: '2026-03-28', end: '2026-03-30' },
    { start: '2026-04-02', end: '2026-04-02' },
  ]);
  expect(rangesOf([])).toEqual([]);
});

test('of days that changed, those are named that were made from them before, and not those that are stale for another reason', () => {
  const rolling = published('2026-03-03', 'others').filter(({ table }) => table !== 'running');
  expect(staleSince(new Set(['2026-03-03']), rolling)).toEqual(['2026-03-03', '2026-03-04']);
  expect(staleSince(new Set(['2026-03-01', '2026-03-04']), rolling)).toEqual([]);
});
