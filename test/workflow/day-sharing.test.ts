import { expect, test } from 'vitest';
import { final } from '../../src/errors.js';
import { addDays } from '../../src/shared/day.js';
import { workflowId } from '../../src/shared/names.js';
import type { DayResult } from '../../src/shared/workflows.js';
import { built, LISTED, ONE_LINE, SHARED } from '../support/stubs.js';
import type { StubbedNight, StubbedNightOptions } from '../support/workflows.js';
import { night } from './night.js';

const DAY = '2026-11-10';

/** A small day of two sources, one chunk each; `events` is looked back on. */
const SMALL: StubbedNightOptions = {
  settings: { shares: true },
  listed: { todo: 2, tables: LISTED.tables.map((table) => ({ ...table, keep: table.name === 'events' ? 2 : 0 })) },
  stubs: SHARED,
};

const inputsOf = (one: StubbedNight, verb: string) =>
  one.calls.filter((call) => call.verb === verb).map((call) => call.input);

/** Runs a backfill of one day, and returns the day's result. */
async function resultOf(one: StubbedNight): Promise<DayResult> {
  await (await one.startBackfill({ start: DAY, end: DAY })).result();
  return (await one.client.workflow.getHandle(workflowId.day(one.project, DAY)).result()) as DayResult;
}

/** The day's own activities: a backfill begins with its outline, and ends with a sweep of what is old. */
const ownVerbs = (one: StubbedNight) => one.verbs().slice(1, -1);

const STEPS = ['recover', 'list', 'normalize', 'load', 'refresh', 'test', 'publish', 'sweep'];

test('in a backfill, steps of a small day share activities, and each is reported as before', async () => {
  const one = await night(SMALL);
  const result = await resultOf(one);
  expect(ownVerbs(one)).toEqual([
    ...['recover', 'list', 'normalize', 'normalize', 'refresh', 'refresh', 'test', 'publish', 'conclude'],
  ]);
  expect(inputsOf(one, 'refresh')).toMatchObject([
    { table: 'daily_visits', also: [{ table: 'daily_sales' }] },
    { table: 'daily_share', inputs: { daily_sales: 'fingerprint of daily_sales' } },
  ]);
  expect(result.steps.map(({ step }) => step)).toEqual(STEPS);
  expect(result.loaded.map(({ table }) => table)).toEqual(['events', 'orders']);
  expect(result.refreshed.map(({ table }) => table)).toEqual(['daily_visits', 'daily_sales', 'daily_share']);
  expect(result.published.map(({ table }) => table)).toHaveLength(5);
  const took = Object.fromEntries(result.steps.map(({ step, ms }) => [step, ms]));
  // Each activity took 20 ms; a load 1 ms of that, and the sweep says 3 ms.
  expect(took).toMatchObject({ normalize: 38, load: 2, refresh: 40, sweep: 3 });
  expect(result.notes).toEqual([]);
});

test('in a backfill, models are refreshed where the earlier days are copied, with their fingerprints', async () => {
  const one = await night(SMALL);
  const range = { start: DAY, end: addDays(DAY, 1) };
  await (await one.startBackfill({ ...range, concurrency: 2 })).result();
  expect(inputsOf(one, 'lookBack')).toMatchObject([
    {
      table: 'events',
      refresh: {
        models: [{ name: 'daily_visits' }, { name: 'daily_sales' }],
        staged: { events: { fingerprint: 'fingerprint of events' }, orders: {} },
      },
    },
  ]);
  const gated = one.client.workflow.getHandle(workflowId.day(one.project, range.end));
  const { steps, refreshed } = (await gated.result()) as DayResult;
  expect(steps.map(({ step }) => step)).toEqual(['recover', 'list', 'normalize', 'load', 'gate', ...STEPS.slice(4)]);
  expect(refreshed.map(({ table }) => table)).toEqual(['daily_visits', 'daily_sales', 'daily_share']);
  // The activity of the level above took 20 ms.
  expect(steps.find(({ step }) => step === 'refresh')?.ms).toBe(22);
});

test('a day that is no part of a backfill has an activity for each step', async () => {
  const one = await night(SMALL);
  await (await one.startDay({ day: DAY })).result();
  expect(one.verbs()).toEqual([
    ...['recover', 'list', 'normalize', 'normalize', 'load', 'load'],
    ...['refresh', 'refresh', 'refresh', 'test', 'publish', 'conclude', 'sweep'],
  ]);
  expect(one.calls.filter(({ input }) => Object.hasOwn(input as object, 'also'))).toEqual([]);
});

test('what an activity left out of what shares it is done by an activity of its own', async () => {
  const one = await night({
    ...SMALL,
    stubs: {
      normalize: ({ chunk }) => ({ ...ONE_LINE, source: chunk === 0 ? 'events' : 'orders' }),
      refresh: ({ table }) => built(table),
      lookBack: () => ({ earlier: {} }),
      conclude: () => ({}),
    },
  });
  const result = await resultOf(one);
  expect(ownVerbs(one)).toEqual([
    ...['recover', 'list', 'normalize', 'normalize', 'load', 'load'],
    ...['refresh', 'refresh', 'refresh', 'test', 'publish', 'conclude', 'sweep'],
  ]);
  expect(result.steps.map(({ step }) => step)).toEqual(STEPS);
  expect(result.refreshed.map(({ table }) => table)).toEqual(['daily_visits', 'daily_sales', 'daily_share']);
});

test.each([
  ['is large', { listed: { ...SMALL.listed, bytes: 1024 ** 3 } }],
  ['has several chunks of a source', { listed: { ...SMALL.listed, todo: 3 } }],
  ['is built on a node of a cluster', { listed: { ...SMALL.listed, build: { ...LISTED.build, node: 'one' } } }],
  ['an earlier version may have to replay', { settings: {} }],
] satisfies [string, Partial<StubbedNightOptions>][])(
  'a day that %s is loaded by activities of its own',
  async (_, of) => {
    const one = await night({ ...SMALL, ...of });
    const result = await resultOf(one);
    expect(inputsOf(one, 'normalize').some((input) => Object.hasOwn(input as object, 'load'))).toBe(false);
    expect(inputsOf(one, 'load')).toHaveLength(2);
    expect(result.steps.map(({ step }) => step)).toEqual(STEPS);
  },
);

test('a day whose end could not be recorded is swept all the same', async () => {
  const one = await night({
    ...SMALL,
    stubs: {
      ...SHARED,
      conclude: () => {
        throw final('NotApplied', 'The ledger is missing.');
      },
    },
  });
  const result = await resultOf(one);
  expect(ownVerbs(one).at(-1)).toBe('sweep');
  expect(result.outcome).toBe('published');
  expect(result.notes).toHaveLength(1);
});
