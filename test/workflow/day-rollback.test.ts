import { setTimeout as sleep } from 'node:timers/promises';
import { WorkflowFailedError } from '@temporalio/client';
import { CancelledFailure } from '@temporalio/common';
import { expect, test } from 'vitest';
import { final } from '../../src/errors.js';
import { plain } from '../../src/shared/sentence.js';
import type { DayResult } from '../../src/shared/workflows.js';
import { SETTINGS, surveyed } from '../support/stubs.js';
import { attributesOf, until, untilCancelled } from '../support/workflows.js';
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

test('a rollback to what readers have already changes nothing, and answers as the first one did', async () => {
  const one = await night({
    stubs: {
      planRollback: ({ day }) => ({ build: { day, generation: 3, plan: '' }, undoes: 0, target: 1, tables: [] }),
    },
  });
  const result = (await (await one.startDay({ day: DAY, rollback: true, generation: 1 })).result()) as DayResult;
  expect(result).toMatchObject({ outcome: 'rolled-back', published: [{ table: 'events', rows: 24 }], notes: [] });
  expect(one.verbs()).toEqual(['recover', 'planRollback', 'rollback']);
  expect(result.steps.at(-1)?.what).toContain('readers have generation 1 already, nothing was changed: events 24 rows');
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

test.each([
  { how: 'had been done', published: 1, end: 'rolled-back' },
  { how: 'had not begun', published: 2, end: 'cancelled' },
])('a rollback that is cancelled is reported as what it became: it $how', async ({ published, end }) => {
  const one = await night({
    stubs: {
      recover: () => ({ ...SETTINGS, published: one.verbs().includes('rollback') ? published : 2 }),
      rollback: untilCancelled,
    },
  });
  const handle = await one.startDay({ day: DAY, rollback: true, generation: 1 });
  await until(() => one.verbs().includes('rollback'));
  await handle.cancel();
  const result = handle.result() as Promise<DayResult>;
  if (end === 'cancelled')
    await expect(result).rejects.toMatchObject({ cause: expect.any(CancelledFailure) as unknown });
  else {
    const { outcome, notes } = await result;
    expect(outcome).toBe('rolled-back');
    expect(plain(notes[1] ?? '')).toContain(
      'the rollback was interrupted (cancelled) and then finished: readers have generation 1.',
    );
  }
  expect((await attributesOf(handle))['DaybookOutcome']).toBe(end);
  expect(one.calls.find(({ verb }) => verb === 'conclude')?.input).toMatchObject({ outcome: end });
});

test('a rollback whose end is not known says that it may be half done, and how it is finished', async () => {
  const one = await night({
    stubs: {
      recover: () => {
        if (one.verbs().includes('rollback')) throw final('AccessDenied', 'the ledger refuses the credentials.');
        return SETTINGS;
      },
      rollback: () => {
        throw final('AccessDenied', 'the ledger refuses the credentials.');
      },
    },
  });
  const handle = await one.startDay({ day: DAY, rollback: true, generation: 1 });
  await expect(handle.result()).rejects.toMatchObject({
    cause: {
      message:
        `Rollback of ${DAY} failed: the ledger refuses the credentials. It may be half done: the next run of the day, ` +
        `or the same rollback again, finishes it. Repeat it: npx daybook rollback --day ${DAY} --generation 1`,
    },
  });
});

test('tests that are newer than a publish run on the published tables, and nothing is built', async () => {
  const one = await night({ listed: { outcome: 'unchanged', todo: 0, untested: ['no_gaps'] } });
  const result = (await (await one.startDay({ day: DAY })).result()) as DayResult;
  expect(one.verbs()).toEqual(['recover', 'list', 'test', 'conclude']);
  expect(one.calls[2]?.input).toMatchObject({ published: ['no_gaps'] });
  expect(result).toMatchObject({ outcome: 'unchanged', tested: { passed: 2 } });
});

test('a failed day that is repaired by hand reports that it recovered; one of a nightly run leaves that to the run', async () => {
  const one = await night({
    stubs: {
      recover: () => ({ ...SETTINGS, project: one.project, failedBefore: true }),
      survey: () => surveyed({ project: one.project, day: DAY, bad: [DAY], alerts: true }),
    },
  });
  // A comparison repairs nothing.
  await (await one.startDay({ day: DAY, compare: true })).result();
  expect(one.verbs()).not.toContain('alert');
  await (await one.startDay({ day: DAY })).result();
  expect(one.calls.find(({ verb }) => verb === 'alert')?.input).toMatchObject({ kind: 'recovered', day: DAY });
  await (await one.startNightly({ day: DAY })).result();
  expect(one.verbs().filter((verb) => verb === 'alert')).toHaveLength(2);
});

test.each(['in its cleanup', 'while the webhook hangs'])(
  'a repaired day that is cancelled %s, after its publish, ends as published',
  async (when) => {
    const verb = when === 'in its cleanup' ? 'sweep' : 'alert';
    const one = await night({
      stubs: {
        recover: () => ({ ...SETTINGS, project: one.project, failedBefore: true }),
        ...(verb === 'sweep' ? { sweep: untilCancelled } : { alert: () => sleep(2_000).then(() => ({ sent: true })) }),
      },
    });
    const handle = await one.startDay({ day: DAY });
    await until(() => one.verbs().includes(verb));
    await handle.cancel();
    expect(await handle.result()).toMatchObject({ outcome: 'published' });
    expect((await attributesOf(handle))['DaybookOutcome']).toBe('published');
    expect(one.calls.filter((call) => call.verb === 'conclude').map(({ input }) => input)).toMatchObject([
      { outcome: 'published' },
    ]);
    expect(one.calls.find((call) => call.verb === 'alert')?.end).toBe('done');
  },
);

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
  expect(one.calls.find(({ verb }) => verb === 'list')?.input).toMatchObject({ force: true, compare: true });
  // Its record is not one of a build, so that the day stays what it was.
  expect(one.calls.find(({ verb }) => verb === 'conclude')?.input).toMatchObject({
    outcome: 'different',
    step: 'compare',
  });
  expect(result).toMatchObject({ outcome: 'different', compared: [compared] });
  expect(result.notes.map(plain)).toEqual([
    'events: readers have 5 rows, a rebuild makes 7 rows; its SQL, its options or its table was edited since',
    `publish the rebuild with: npx daybook run --day ${DAY} --force`,
  ]);
});
