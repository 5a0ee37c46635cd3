import { expect, test } from 'vitest';
import type { PublishInput } from '../../activities/publish/index.js';
import type { RefreshInput } from '../../activities/refresh/index.js';
import { taskQueue, workflowId } from '../../src/shared/names.js';
import type { DayInput, DayProgress, DayResult } from '../../src/shared/workflows.js';
import { built, ONE_LINE } from '../support/stubs.js';
import { attributesOf, gate, until } from '../support/workflows.js';
import { night } from './night.js';

const DAY = '2026-11-10';

const STEPS_BEFORE_CHUNKS = ['recover', 'list'];
const STEPS_OF_A_BUILD = [
  ...STEPS_BEFORE_CHUNKS,
  ...['normalize', 'normalize', 'normalize'],
  ...['load', 'load'],
  ...['refresh', 'refresh', 'refresh'],
  ...['test', 'publish', 'conclude', 'sweep'],
];

test('a build runs its steps in order, and reports each of them', async () => {
  const one = await night();
  const result = (await (await one.startDay({ day: DAY })).result()) as DayResult;
  expect(one.verbs()).toEqual(STEPS_OF_A_BUILD);
  expect(result).toMatchObject({
    day: DAY,
    outcome: 'published',
    normalized: { chunks: 3, lines: 30, rows: 24, rejected: 3, skipped: 3, blank: 0, quarantined: 0 },
    tested: { passed: 2, warned: [] },
  });
  expect(result.published.map(({ table }) => table)).toEqual([
    ...['events', 'orders'],
    ...['daily_visits', 'daily_sales', 'daily_share'],
  ]);
  expect(result.steps.map(({ step }) => step)).toEqual([
    ...['recover', 'list', 'normalize', 'load', 'refresh', 'test', 'publish', 'sweep'],
  ]);
  expect(one.calls.find(({ verb }) => verb === 'conclude')?.input).toMatchObject({ day: DAY, outcome: 'published' });
});

test.each(['unchanged', 'skipped'] as const)('a day that is %s ends after its listing', async (outcome) => {
  const one = await night({ listed: { outcome, todo: 0, notes: ['a note'] } });
  const result = (await (await one.startDay({ day: DAY })).result()) as DayResult;
  expect(one.verbs()).toEqual(STEPS_BEFORE_CHUNKS);
  expect(result).toMatchObject({ outcome, published: [], notes: ['a note'] });
});

test('tables that are equal to what readers have are not published again', async () => {
  const same = (table: string) => ({
    table,
    rows: 1,
    hash: '1',
    fingerprint: 'f',
    data: 'd',
    changed: false,
    earlier: {},
    inputs: {},
  });
  const counts = {
    lines: 1,
    rejected: 0,
    skipped: 0,
    blank: 0,
    duplicates: 0,
    chunks: 1,
    quarantined: 0,
    notes: [],
  };
  const one = await night({
    stubs: { load: ({ table }) => ({ ...same(table), ...counts }), refresh: ({ table }) => same(table) },
  });
  const result = (await (await one.startDay({ day: DAY })).result()) as DayResult;
  expect(one.verbs()).not.toContain('publish');
  expect(result).toMatchObject({ outcome: 'unchanged', published: [] });
});

test('a table that was built with the same rows is recorded, not published', async () => {
  const one = await night({
    stubs: {
      refresh: ({ table }) => ({
        ...built(table),
        ...(table === 'daily_share' ? { changed: false, reproduces: 3, inputs: { daily_sales: 'f' } } : {}),
      }),
    },
  });
  await (await one.startDay({ day: DAY })).result();
  const input = one.calls.find(({ verb }) => verb === 'publish')?.input as PublishInput;
  expect(input.tables.map(({ table }) => table)).toEqual(['events', 'orders', 'daily_visits', 'daily_sales']);
  expect(input.same).toEqual([
    { table: 'daily_share', generation: 3, data: 'data of daily_share', inputs: { daily_sales: 'f' } },
  ]);
});

test('force is passed to the listing, and only if it was given', async () => {
  const one = await night({ listed: { outcome: 'unchanged', todo: 0 } });
  await (await one.startDay({ day: DAY, force: true })).result();
  await (await one.startDay({ day: '2026-11-11' })).result();
  expect(one.calls.filter(({ verb }) => verb === 'list').map(({ input }) => input)).toEqual([
    { day: DAY, force: true, code: false },
    { day: '2026-11-11', force: false, code: false },
  ]);
});

test('no more chunks are normalized at once than the project allows', async () => {
  const chunks = 8;
  let [begun, running] = [0, 0];
  const one = await night({
    settings: { normalizeSlots: 3 },
    listed: { todo: chunks, chunks, sizes: [] },
    stubs: {
      normalize: async () => {
        begun += 1;
        running += 1;
        await until(() => running >= 3 || begun === chunks);
        // Long enough for others to begin meanwhile, if more could.
        await new Promise((resolve) => setTimeout(resolve, 50));
        running -= 1;
        return ONE_LINE;
      },
    },
  });
  await (await one.startDay({ day: DAY })).result();
  const calls = one.calls.filter(({ verb }) => verb === 'normalize');
  expect(calls).toHaveLength(chunks);
  expect(Math.max(...calls.map(({ beside }) => beside.length + 1))).toBe(3);
});

test('a model starts only after everything that it reads, and with the fingerprints of that', async () => {
  const finished: string[] = [];
  const seen = new Map<string, string[]>();
  const one = await night({
    stubs: {
      refresh: async ({ table }) => {
        seen.set(table, [...finished]);
        // One of the first level is slower, so that the second would overtake it if it could.
        if (table === 'daily_visits') await until(() => finished.includes('daily_sales'));
        if (table === 'daily_visits') await new Promise((resolve) => setTimeout(resolve, 200));
        finished.push(table);
        return {
          table,
          rows: 1,
          hash: '1',
          fingerprint: `fingerprint of ${table}`,
          data: '',
          changed: true,
          earlier: {},
          inputs: {},
        };
      },
    },
  });
  await (await one.startDay({ day: DAY })).result();
  expect(seen.get('daily_share')).toEqual(['daily_sales', 'daily_visits']);
  expect(seen.get('daily_visits')).not.toContain('daily_share');
  const share = one.calls.map(({ input }) => input as RefreshInput).find(({ table }) => table === 'daily_share');
  expect(share?.inputs).toEqual({
    daily_sales: 'fingerprint of daily_sales',
    daily_visits: 'fingerprint of daily_visits',
  });
});

test.each([1, 2])('models of one level are refreshed at once, up to the %i that the project allows', async (most) => {
  const one = await night({
    settings: { refreshConcurrency: most },
    stubs: {
      refresh: async ({ table }) => {
        // Long enough for others to begin meanwhile, if they could.
        await new Promise((resolve) => setTimeout(resolve, 200));
        return { table, rows: 1, hash: '1', fingerprint: table, data: '', changed: true, earlier: {}, inputs: {} };
      },
    },
  });
  await (await one.startDay({ day: DAY })).result();
  const calls = one.calls.filter(({ verb }) => verb === 'refresh');
  expect(calls.map(({ input }) => (input as RefreshInput).table).sort()).toEqual([
    'daily_sales',
    'daily_share',
    'daily_visits',
  ]);
  expect(Math.max(...calls.map(({ beside }) => beside.filter((verb) => verb === 'refresh').length + 1))).toBe(most);
});

test('a running day answers its step and its progress', async () => {
  const { opened, open } = gate();
  const one = await night({
    settings: { normalizeSlots: 1 },
    stubs: {
      normalize: async ({ chunk }) => {
        if (chunk === 2) await opened;
        return ONE_LINE;
      },
    },
  });
  const handle = await one.startDay({ day: DAY });
  await until(() => one.calls.filter(({ verb }) => verb === 'normalize').length === 3);
  const progress = await handle.query<DayProgress>('progress');
  open();
  expect(progress).toMatchObject({ day: DAY, step: 'normalize', done: 2, total: 3 });
  expect(progress.steps.map(({ step }) => step)).toEqual(['recover', 'list']);
  await handle.result();
  expect((await handle.query<DayProgress>('progress')).steps).toHaveLength(8);
});

test('a day workflow without a day says what was expected', async () => {
  const one = await night();
  const handle = await one.client.workflow.start('day', {
    workflowId: workflowId.day(one.project, 'none'),
    taskQueue: taskQueue.light(one.project),
  });
  await expect(handle.result()).rejects.toMatchObject({
    cause: { type: 'BadInput', message: expect.stringContaining('the input is missing; expected an object') as string },
  });
});

test.each([
  ['day', { day: DAY, force: 'false' }, 'force is "false"'],
  ['day', { day: DAY, rollback: 'no' }, 'rollback is "no"'],
  ['day', { day: DAY, rolback: true }, 'did you mean rollback?'],
  ['day', { day: '2026-02-30' }, 'day is "2026-02-30"'],
  ['nightly', { days: DAY }, 'did you mean day?'],
  ['backfill', { start: DAY, end: '2026-11-01' }, 'start 2026-11-10 is after end 2026-11-01'],
  ['backfill', { start: DAY, end: DAY, reproces: 'all' }, 'did you mean reprocess?'],
] as const)('a %s that is started with %j fails by name before anything is done', async (type, input, message) => {
  const one = await night();
  const handle = await one.client.workflow.start(type, {
    workflowId: `${one.project}-typed-by-hand`,
    taskQueue: taskQueue.light(one.project),
    args: [input],
  });
  await expect(handle.result()).rejects.toMatchObject({
    cause: { type: 'BadInput', nonRetryable: true, message: expect.stringContaining(message) as string },
  });
  expect(one.verbs()).toEqual([]);
  expect(await attributesOf(handle)).toMatchObject({ DaybookKind: type, DaybookOutcome: 'failed' });
});

test("the first step gets the workflow id, which must be the day's own", async () => {
  const one = await night({ listed: { outcome: 'unchanged', todo: 0 } });
  await (await one.startDay({ day: DAY })).result();
  expect(one.calls[0]?.input).toEqual({ day: DAY, workflowId: workflowId.day(one.project, DAY) });
});

test('a choice about folders is passed to the step that lists them', async () => {
  const one = await night({ listed: { outcome: 'unchanged', todo: 0 } });
  await (await one.startDay({ day: DAY, replaceFolder: true, keepVanished: false, allowEmpty: true })).result();
  await (await one.startDay({ day: DAY, keepVanished: true })).result();
  const inputs = one.calls.filter(({ verb }) => verb === 'list').map(({ input }) => input);
  expect(inputs).toEqual([
    { day: DAY, force: false, code: false, replaceFolder: true, allowEmpty: true },
    { day: DAY, force: false, code: false, keepVanished: true },
  ]);
});

test.each([
  [{ replaceFolder: 'no' }, 'replaceFolder is "no"; expected true or false'],
  [{ allowEmpty: 1 }, 'allowEmpty is 1; expected true or false'],
  [{ replaceFolder: true, keepVanished: true }, 'they contradict each other'],
])('a contradictory choice about folders is refused: %j', async (wrong, message) => {
  const one = await night();
  const handle = await one.startDay({ day: DAY, ...wrong } as DayInput);
  await expect(handle.result()).rejects.toMatchObject({
    cause: { type: 'BadInput', message: expect.stringContaining(message) as string },
  });
  expect(one.verbs()).toEqual([]);
});
