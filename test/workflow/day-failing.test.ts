import { setTimeout as sleep } from 'node:timers/promises';
import { WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { expect, test } from 'vitest';
import { final } from '../../src/errors.js';
import { command } from '../../src/shared/commands.js';
import { plain, sentence } from '../../src/shared/sentence.js';
import type { DayResult } from '../../src/shared/workflows.js';
import { ONE_LINE } from '../support/stubs.js';
import { attributesOf, until, untilCancelled, type StubbedNight } from '../support/workflows.js';
import { concluded, night, nightAfterPublish } from './night.js';

const DAY = '2026-11-10';

/** Runs a day that must not end well, and answers why it did not. */
async function causeOf(one: StubbedNight): Promise<unknown> {
  const error: unknown = await (await one.startDay({ day: DAY })).result().catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(WorkflowFailedError);
  return (error as WorkflowFailedError).cause;
}

const failure = async (one: StubbedNight): Promise<ApplicationFailure> => {
  const cause = await causeOf(one);
  expect(cause).toBeInstanceOf(ApplicationFailure);
  return cause as ApplicationFailure;
};

test('a chunk that fails cancels the others, and the day fails only when all of them have ended', async () => {
  const one = await night({
    settings: { normalizeSlots: 3 },
    listed: { todo: 6, chunks: 6 },
    stubs: {
      normalize: async ({ chunk }) => {
        if (chunk !== 1) return await untilCancelled();
        await until(() => one.calls.filter(({ verb }) => verb === 'normalize').length === 3);
        throw final('BadObject', 'raw/b.gz ends in the middle of a block.');
      },
    },
  });
  const { message } = await failure(one);
  expect(message).toContain('raw/b.gz ends in the middle of a block.');
  const chunks = one.calls.filter(({ verb }) => verb === 'normalize');
  expect(chunks.map(({ end }) => end).sort()).toEqual(['cancelled', 'cancelled', 'failed']);
  expect(concluded(one)[0]?.beside).toEqual([]);
});

test('the failure says the step, the reason, and the command to type next', async () => {
  const reason = 'Test no_empty_country found 3 rows that must not exist.';
  const one = await night({
    stubs: {
      test: () => {
        throw final('TestFailed', reason);
      },
    },
  });
  const failed = await failure(one);
  expect(failed.message).toBe(
    `Day ${DAY} failed at step test: ${reason} Once fixed, run: npx daybook run --day ${DAY}`,
  );
  expect(failed.type).toBe('DayFailed');
  expect(failed.details).toEqual([{ step: 'test', type: 'TestFailed', reason, commands: [command.run(DAY)] }]);
  expect(one.verbs()).not.toContain('publish');
  expect(concluded(one)[0]?.input).toMatchObject({ day: DAY, outcome: 'failed', step: 'test', reason });
});

test('a reason that names its own command does not get a second one', async () => {
  const reason = sentence('These tables do not exist yet: analytics.events. Run: ', command.apply());
  const one = await night({
    stubs: {
      list: () => {
        throw final('NotApplied', reason);
      },
    },
  });
  expect((await failure(one)).message).toBe(`Day ${DAY} failed at step list: ${plain(reason)}`);
});

test('a final failure is not retried', async () => {
  const one = await night({
    stubs: {
      list: () => {
        throw final('BadConfig', 'project: expected a name.');
      },
    },
  });
  await failure(one);
  expect(one.verbs().filter((verb) => verb === 'list')).toHaveLength(1);
});

test('any other failure is retried until it succeeds', async () => {
  let attempts = 0;
  const one = await night({
    stubs: {
      normalize: () => {
        if (++attempts < 3) throw new Error('connect ECONNREFUSED');
        return ONE_LINE;
      },
    },
    listed: { todo: 1, chunks: 1 },
  });
  await (await one.startDay({ day: DAY })).result();
  expect(attempts).toBe(3);
});

test('a failure that never ends fails the day at giveUpAfter, with the last reason', async () => {
  const one = await night({
    // The next attempt would come after the last minute, which every step gets however late it starts.
    settings: {
      timings: { heartbeat: 5_000, startToClose: 5_000, retryFirst: 90_000, retryMost: 90_000, giveUpAfter: 1 },
    },
    listed: { todo: 1, chunks: 1 },
    stubs: {
      normalize: () => {
        throw new Error('connect ECONNREFUSED');
      },
    },
  });
  expect((await failure(one)).message).toContain('failed at step normalize: connect ECONNREFUSED');
});

test('an outcome that cannot be written down does not hide why the day failed', async () => {
  const one = await night({
    stubs: {
      test: () => {
        throw final('TestFailed', 'Test a found 1 row.');
      },
      conclude: () => {
        throw final('AccessDenied', 'the ledger refuses');
      },
    },
  });
  expect((await failure(one)).message).toContain('failed at step test: Test a found 1 row.');
});

test('a day cancelled while it normalizes ends as cancelled, after its chunks were stopped and its outcome recorded', async () => {
  const one = await night({ stubs: { normalize: untilCancelled } });
  const handle = await one.startDay({ day: DAY });
  await until(() => one.calls.filter(({ verb }) => verb === 'normalize').length === 2);
  await handle.cancel();
  const error: unknown = await handle.result().catch((caught: unknown) => caught);
  expect((error as WorkflowFailedError).cause).toBeInstanceOf(CancelledFailure);
  expect((await handle.describe()).status.name).toBe('CANCELLED');
  expect(one.calls.filter(({ verb }) => verb === 'normalize').map(({ end }) => end)).toEqual([
    'cancelled',
    'cancelled',
  ]);
  expect(concluded(one)[0]).toMatchObject({ beside: [], input: { outcome: 'cancelled', step: 'normalize' } });
  expect(one.verbs()).not.toContain('load');
});

test('where the project cannot even be read, the day fails without writing to a ledger', async () => {
  const one = await night({
    stubs: {
      recover: () => {
        throw final('BadConfig', 'daybook.config.ts: project: expected a name.');
      },
    },
  });
  expect((await failure(one)).message).toContain(`Day ${DAY} failed at step recover: daybook.config.ts`);
  expect(one.verbs()).toEqual(['recover']);
});

test('every step gets what is left of giveUpAfter, not all of it again', async () => {
  const one = await night({
    // How long this step takes is what the later ones have less.
    stubs: { test: () => sleep(1_500, { passed: 1, warned: [] }) },
  });
  const handle = await one.startDay({ day: DAY });
  await handle.result();
  const limits = await limitsOf(handle);
  const spent = (limits.get('list') ?? 0) - (limits.get('publish') ?? 0);
  expect(spent).toBeGreaterThan(1.4);
});

test('a step that starts late still gets the time of one whole attempt, so that a long healthy build continues', async () => {
  const one = await night({
    settings: { timings: { heartbeat: 5_000, startToClose: 30_000, retryFirst: 50, retryMost: 100, giveUpAfter: 1 } },
  });
  const handle = await one.startDay({ day: DAY });
  expect(await handle.result()).toMatchObject({ outcome: 'published' });
  const limits = await limitsOf(handle);
  expect(['list', 'load', 'publish', 'sweep'].map((verb) => limits.get(verb))).toEqual([30, 30, 30, 30]);
});

test('waiting for sources and in queues does not count towards giveUpAfter', async () => {
  const WAITED = 2_000;
  let looks = 0;
  const one = await night({
    heavySlots: 1,
    settings: { normalizeSlots: 4 },
    listed: { todo: 4, chunks: 4 },
    stubs: {
      wait: () => ({ ready: ++looks > 1, missing: ['events: 0 objects'], againInMs: WAITED }),
      // One slot for four chunks: the last one is queued for most of this.
      normalize: () => sleep(WAITED / 4, ONE_LINE),
    },
  });
  const handle = await one.startDay({ day: DAY, wait: true });
  await handle.result();
  const limits = await limitsOf(handle);
  const spent = (from: string, to: string) => (limits.get(from) ?? 0) - (limits.get(to) ?? 0);
  expect(spent('wait', 'list')).toBeLessThan(WAITED / 2_000);
  expect(spent('list', 'load')).toBeLessThan(WAITED / 2_000);
  // A day in the queue is no fault, so that no other day's chunks make this one fail.
  expect(limits.get('normalize')).toBeGreaterThan(24 * 60 * 60);
});

test('a chunk is retried until its pauses add up to giveUpAfter, however long it was queued', async () => {
  const one = await night({
    // Pauses of 10, 20, 20, 20 and 20 ms; another one would be too much.
    settings: { timings: { heartbeat: 5_000, startToClose: 30_000, retryFirst: 10, retryMost: 20, giveUpAfter: 100 } },
    listed: { todo: 1, chunks: 1 },
    stubs: {
      normalize: () => {
        throw new Error('connect ECONNREFUSED');
      },
    },
  });
  expect((await failure(one)).message).toContain('failed at step normalize: connect ECONNREFUSED');
  expect(one.verbs().filter((verb) => verb === 'normalize')).toHaveLength(6);
});

test('a published day stays published, whatever fails after it, and says what is left', async () => {
  const one = await night({
    stubs: {
      conclude: () => {
        throw final('AccessDenied', 'the ledger refuses');
      },
      sweep: () => {
        throw final('AccessDenied', 'the user may not drop databases');
      },
      publish: () => ({ tables: [{ table: 'events', rows: 1 }], burstMs: 1, touched: TOUCHED }),
    },
  });
  const result = (await (await one.startDay({ day: DAY })).result()) as DayResult;
  expect(result).toMatchObject({ outcome: 'published', touched: TOUCHED });
  expect(result.notes.slice(-2)).toEqual([
    'the day is published, but the outcome could not be recorded: the ledger refuses',
    "the day's stages were not cleaned up; a nightly run will remove them: the user may not drop databases",
  ]);
});

test('a day that is cancelled after its publish is recorded as published', async () => {
  const one = await night({ stubs: { sweep: untilCancelled } });
  const handle = await one.startDay({ day: DAY });
  await until(() => one.verbs().includes('sweep'));
  await handle.cancel();
  expect(await handle.result()).toMatchObject({
    outcome: 'published',
    notes: ["the day's stages were not cleaned up; a nightly run will remove them: cancelled"],
  });
  expect(concluded(one).map(({ input }) => input)).toMatchObject([{ outcome: 'published' }]);
});

test.each([
  ['finished', 1, 'published'],
  ['rolled back', 0, 'failed'],
] as const)(
  'a publish that was interrupted and is then %s ends the day as what readers have',
  async (_, published, outcome) => {
    const one = await nightAfterPublish(published, () => {
      throw final('AccessDenied', 'the connection is gone');
    });
    const handle = await one.startDay({ day: DAY });
    const result = (await handle.result().catch(() => undefined)) as DayResult | undefined;
    expect(result?.outcome).toBe(outcome === 'published' ? outcome : undefined);
    // What it touched is unknown: a backfill checks all later days.
    if (result) expect(result).toMatchObject({ recovered: true });
    if (result) expect(result.notes.map(plain)).toEqual([expect.stringContaining('the connection is gone')]);
    expect(concluded(one).map(({ input }) => input)).toMatchObject([{ outcome }]);
    expect((await attributesOf(handle))['DaybookOutcome']).toBe(outcome);
  },
);

const TOUCHED = { first: '2026-11-11', last: '2026-11-12', days: 2 };

/** How long all attempts at an activity may take together, in seconds; of several calls of one, the last one's. */
const limitsOf = async (handle: WorkflowHandle) =>
  new Map(
    (await handle.fetchHistory()).events?.flatMap(({ activityTaskScheduledEventAttributes: scheduled }) => {
      const { seconds, nanos } = scheduled?.scheduleToCloseTimeout ?? {};
      return scheduled ? [[scheduled.activityType?.name, Number(seconds) + (nanos ?? 0) / 1e9] as const] : [];
    }),
  );
