import { expect, test } from 'vitest';
import type { LoadInput } from '../../activities/load/index.js';
import { final } from '../../src/errors.js';
import { taskQueue, workflowId } from '../../src/shared/names.js';
import type { DayResult, EraseResult } from '../../src/shared/workflows.js';
import { defaultStubs, LISTED, SETTINGS } from '../support/stubs.js';
import type { StubbedNight } from '../support/workflows.js';
import { concluded, night } from './night.js';

const [DAY, NEXT] = ['2026-11-10', '2026-11-11'];
const ID = '0123-4567';

const FOUND = { project: '', table: 'events', days: [DAY, NEXT], rows: 4, chunks: 1, rejects: 1 };

const start = ({ client, project }: StubbedNight, input: object = { id: ID }) =>
  client.workflow.start('erase', {
    workflowId: workflowId.erase(project, ID),
    taskQueue: taskQueue.light(project),
    args: [input],
  });

test('an erasure removes chunks first, then the rows of each day before its models, and archives last', async () => {
  const one = await night({
    listed: { outcome: 'unchanged', todo: 0 },
    stubs: { eraseChunks: () => ({ ...FOUND, project: one.project }) },
  });
  const result = (await (await start(one)).result()) as EraseResult;
  const erased = ['recover', 'eraseRows', 'publish', 'conclude', 'sweep'];
  const rebuilt = ['recover', 'list'];
  expect(one.verbs()).toEqual(['eraseChunks', ...erased, ...rebuilt, ...erased, ...rebuilt, 'endErasure']);
  expect(one.calls.at(-1)?.input).toEqual({ id: ID, days: [DAY, NEXT], rows: 4 });
  expect(result).toEqual({ table: 'events', days: 2, rows: 4, chunks: 1, rejects: 1, archives: 1, stale: [] });
});

test('a day that fails does not stop the others; the condition is kept, so that the same erasure can continue', async () => {
  const one = await night({
    listed: { outcome: 'unchanged', todo: 0 },
    stubs: {
      eraseChunks: () => ({ ...FOUND, project: one.project }),
      eraseRows: ({ day }) => {
        if (day === DAY) throw final('LiveDiffers', 'Something else wrote to it.');
        return { build: { day, generation: 2, plan: '' }, tables: [], erased: 0 };
      },
    },
  });
  await expect((await start(one)).result()).rejects.toMatchObject({
    cause: {
      type: 'EraseFailed',
      message: expect.stringMatching(
        /Rows of events were not erased in 1 day, first 2026-11-10: .*Something else wrote/,
      ) as string,
    },
  });
  expect(one.calls.filter(({ verb }) => verb === 'eraseRows')).toHaveLength(2);
  expect(one.verbs()).not.toContain('endErasure');
});

test.each([
  ['held', 'the day is held'],
  ['skipped', 'the folder of a source is empty, so the day was skipped'],
] as const)(
  'models of a day that is %s, and of days that the ledger knows as stale, are named with the reason',
  async (outcome, reason) => {
    const one = await night({
      listed: { outcome, todo: 0 },
      stubs: {
        eraseChunks: () => ({ ...FOUND, project: one.project, days: [DAY] }),
        endErasure: () => ({ archives: 0, left: [], stale: [DAY, '2026-11-12', '2026-11-13'] }),
      },
    });
    expect(((await (await start(one)).result()) as EraseResult).stale).toEqual([
      { first: DAY, last: DAY, kind: outcome, reason },
      { first: '2026-11-12', last: '2026-11-13', kind: 'later', reason: 'looks back on erased days' },
    ]);
  },
);

test('a day that holds rows at the end is erased like the others, and so are the chunks that it was built from', async () => {
  const looks = [[{ day: NEXT, rows: 1 }], []];
  const times = ['then', 'later'];
  const one = await night({
    listed: { outcome: 'unchanged', todo: 0 },
    stubs: {
      eraseChunks: () => ({ ...FOUND, project: one.project, days: [DAY], since: times.shift() ?? '' }),
      endErasure: () => ({ archives: 1, left: looks.shift() ?? [], stale: [] }),
    },
  });
  const result = (await (await start(one)).result()) as EraseResult;
  expect(one.calls.filter(({ verb }) => verb === 'eraseRows').map(({ input }) => input)).toEqual([
    { id: ID, day: DAY },
    { id: ID, day: NEXT },
  ]);
  expect(one.verbs().slice(-2)).toEqual(['eraseChunks', 'endErasure']);
  expect(one.calls.at(-1)?.input).toEqual({ id: ID, days: [DAY, NEXT], rows: 5, since: 'later' });
  expect(result).toMatchObject({ days: 2, rows: 5, chunks: 2, rejects: 2, archives: 2 });
});

test('a day of which nothing is published is not built by an erasure', async () => {
  const one = await night({
    stubs: {
      eraseChunks: () => ({ ...FOUND, project: one.project, days: [DAY] }),
      eraseRows: ({ day }) => ({ build: { day, generation: 0, plan: '' }, tables: [], erased: 0 }),
    },
  });
  await (await start(one)).result();
  expect(one.verbs()).toEqual(['eraseChunks', 'recover', 'eraseRows', 'endErasure']);
});

test('rows that builds load again each time fail the erasure in the end, and the condition is kept', async () => {
  const one = await night({
    listed: { outcome: 'unchanged', todo: 0 },
    stubs: {
      eraseChunks: () => ({ ...FOUND, project: one.project, days: [DAY] }),
      endErasure: () => ({ archives: 0, left: [{ day: DAY, rows: 1 }] }),
    },
  });
  await expect((await start(one)).result()).rejects.toMatchObject({
    cause: {
      type: 'EraseFailed',
      message: expect.stringMatching(/found again in 1 day, first 2026-11-10: builds that run beside/) as string,
    },
  });
  expect(one.verbs().filter((verb) => verb === 'endErasure')).toHaveLength(4);
});

test.each([
  [{}, 'id is missing'],
  [{ id: ID, where: "user_id = 'u1'" }, 'unknown key "where"'],
])('an erasure that is started with %j is refused before anything is done', async (input, wrong) => {
  const one = await night();
  await expect((await start(one, input)).result()).rejects.toMatchObject({
    cause: { type: 'BadInput', message: expect.stringContaining(wrong) as string },
  });
  expect(one.calls).toEqual([]);
});

test('a chunk that was deleted after the day was listed is normalized again, once; the day fails if it vanishes again', async () => {
  const gone = final('ObjectVanished', 'Manifest daybook/shop/events/c.json was deleted after the day was planned.');
  const vanishing = (times: number) =>
    night({
      stubs: {
        load: (input: LoadInput) => {
          if (input.table === 'events' && times-- > 0) throw gone;
          return defaultStubs(SETTINGS, LISTED).load(input);
        },
      },
    });
  const lists = (one: StubbedNight) => one.verbs().filter((verb) => verb === 'list').length;
  const one = await vanishing(1);
  const result = (await (await one.startDay({ day: DAY })).result()) as DayResult;
  expect([result.outcome, lists(one), concluded(one).length]).toEqual(['published', 2, 1]);
  const two = await vanishing(9);
  await expect((await two.startDay({ day: DAY })).result()).rejects.toMatchObject({
    cause: { message: expect.stringContaining('was deleted after the day was planned') as string },
  });
  expect([lists(two), concluded(two)[0]?.input]).toMatchObject([2, { outcome: 'failed', step: 'load' }]);
});
