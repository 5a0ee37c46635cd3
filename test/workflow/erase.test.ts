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

test('models of a held day, and of later days that look back, are named with the reason', async () => {
  const one = await night({
    listed: { outcome: 'held', todo: 0 },
    stubs: {
      eraseChunks: () => ({ ...FOUND, project: one.project, days: [DAY] }),
      publish: ({ tables }) => ({
        tables: tables.map(({ table }) => ({ table, rows: 1 })),
        burstMs: 1,
        touched: { first: '2026-11-12', last: '2026-11-13', days: 2 },
      }),
    },
  });
  expect(((await (await start(one)).result()) as EraseResult).stale).toEqual([
    { first: DAY, last: DAY, kind: 'held', reason: 'the day is held' },
    { first: '2026-11-12', last: '2026-11-13', kind: 'later', reason: `looks back on ${DAY}` },
  ]);
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
