import { WorkflowFailedError } from '@temporalio/client';
import { expect, test } from 'vitest';
import { final } from '../../src/errors.js';
import { plain } from '../../src/shared/sentence.js';
import type { DayResult } from '../../src/shared/workflows.js';
import { attributesOf } from '../support/workflows.js';
import { night } from './night.js';

const DAY = '2026-11-10';

test('a rollback recovers, undoes one publish and concludes; it lists and builds nothing', async () => {
  const one = await night();
  const handle = await one.startDay({ day: DAY, rollback: true, reason: 'wrong prices' });
  const result = (await handle.result()) as DayResult;
  expect(one.verbs()).toEqual(['recover', 'planRollback', 'rollback', 'conclude', 'sweep']);
  expect(one.calls[2]?.input).toMatchObject({ undoes: 2, reason: 'wrong prices', build: { generation: 3 } });
  expect(result).toMatchObject({ outcome: 'rolled-back', generation: 3, published: [{ table: 'events', rows: 24 }] });
  expect(plain(result.notes[0] ?? '')).toContain(`npx daybook unhold --day ${DAY}`);
  expect(result.steps.map(({ step }) => step)).toEqual(['recover', 'rollback', 'sweep']);
  expect((await attributesOf(handle))['DaybookOutcome']).toBe('rolled-back');
});

test('a rollback that is refused leaves the day in the ledger as it was', async () => {
  const one = await night({
    stubs: {
      planRollback: () => {
        throw final('NothingPublished', 'Nothing is published.');
      },
    },
  });
  const handle = await one.startDay({ day: DAY, rollback: true });
  await expect(handle.result()).rejects.toBeInstanceOf(WorkflowFailedError);
  expect(one.verbs()).toEqual(['recover', 'planRollback']);
});

test('a held day ends as held, without further steps', async () => {
  const one = await night({ listed: { outcome: 'held', todo: 0, notes: ['held since then'] } });
  const handle = await one.startDay({ day: DAY });
  expect(await handle.result()).toMatchObject({ outcome: 'held', notes: ['held since then'] });
  expect(one.verbs()).toEqual(['recover', 'list']);
  expect((await attributesOf(handle))['DaybookOutcome']).toBe('held');
});

test('a comparison builds everything, publishes nothing, and says which tables differ', async () => {
  const compared = { table: 'events', equal: false, liveRows: 5, rebuiltRows: 7, edited: true };
  const one = await night({ stubs: { compare: () => ({ tables: [compared] }) } });
  const result = (await (await one.startDay({ day: DAY, compare: true })).result()) as DayResult;
  expect(one.verbs()).not.toContain('publish');
  expect(one.verbs().slice(-3)).toEqual(['compare', 'conclude', 'sweep']);
  expect(one.calls.find(({ verb }) => verb === 'list')?.input).toMatchObject({ force: true });
  expect(result).toMatchObject({ outcome: 'different', compared: [compared] });
  expect(result.notes.map(plain)).toEqual([
    'events: readers have 5 rows, a rebuild makes 7 rows; its SQL, its options or its table was edited since',
    `publish the rebuild with: npx daybook run --day ${DAY} --force`,
  ]);
});
