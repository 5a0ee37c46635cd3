// Over 300 lines: all that one workflow promises, with the same stubs.
import { randomUUID } from 'node:crypto';
import {
  ScheduleOverlapPolicy,
  WorkflowFailedError,
  type ScheduleHandle,
  type WorkflowHandle,
} from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { expect, onTestFinished, test } from 'vitest';
import { final } from '../../src/errors.js';
import { command } from '../../src/shared/commands.js';
import { addDays, dayIn } from '../../src/shared/day.js';
import { scheduleId, taskQueue, workflowId } from '../../src/shared/names.js';
import { plain, sentence } from '../../src/shared/sentence.js';
import type { NightlyResult } from '../../src/shared/workflows.js';
import { lookOf, surveyOf } from '../support/real-activities.js';
import { LISTED, surveyed } from '../support/stubs.js';
import { attributesOf, gate, until, untilCancelled, type StubbedNight } from '../support/workflows.js';
import { night } from './night.js';

const ZONE = 'Europe/Berlin';
const CONFIG = { timezone: ZONE, lateDays: 0, start: '2026-01-01' };
const UNCHANGED = { outcome: 'unchanged', todo: 0 } as const;

const listedDays = (one: StubbedNight) =>
  one.calls.flatMap(({ verb, input }) => (verb === 'list' ? [(input as { day: string }).day] : []));

/** The failure that a night must end with: what people read, and what is kept beside it. */
async function failureOf(handle: WorkflowHandle): Promise<{ message: string; details: NightlyResult }> {
  const failed: unknown = await handle.result().catch((error: unknown) => error);
  if (!(failed instanceof WorkflowFailedError && failed.cause instanceof ApplicationFailure)) throw failed;
  expect(failed.cause.type).toBe('NightFailed');
  return { message: failed.cause.message, details: (failed.cause.details as [NightlyResult])[0] };
}

/** A paused schedule as `apply` makes it, so that only what the test asks for runs. */
async function schedule(one: StubbedNight, cron: string): Promise<ScheduleHandle> {
  const handle = await one.client.schedule.create({
    scheduleId: scheduleId(one.project),
    spec: { cronExpressions: [cron], timezone: ZONE },
    action: {
      type: 'startWorkflow',
      workflowType: 'nightly',
      workflowId: workflowId.nightly(one.project),
      taskQueue: taskQueue.light(one.project),
      args: [{}],
    },
    policies: { overlap: ScheduleOverlapPolicy.BUFFER_ALL },
    state: { paused: true },
  });
  onTestFinished(() => handle.delete());
  return handle;
}

/** The workflows that a schedule has started, oldest first. */
async function started(handle: ScheduleHandle, count: number): Promise<string[]> {
  let ids: string[] = [];
  await until(async () => {
    const { recentActions } = (await handle.describe()).info;
    ids = recentActions.map(({ action }) => action.workflow.workflowId);
    return ids.length >= count;
  });
  return ids;
}

test("a backfilled nightly run is for the day before its nominal time, in the project's time zone", async () => {
  const project = `n${randomUUID().slice(0, 8)}`;
  const one = await night({ project, stubs: { survey: surveyOf(project, CONFIG) }, listed: UNCHANGED });
  // Half past midnight in Berlin is still the evening before in UTC.
  const handle = await schedule(one, '30 0 * * *');
  await handle.backfill({ start: new Date('2026-11-10T23:00:00Z'), end: new Date('2026-11-11T23:59:00Z') });
  const ids = await started(handle, 2);
  expect(ids.map((id) => id.slice(-20))).toEqual(['2026-11-10T23:30:00Z', '2026-11-11T23:30:00Z']);
  const results = await Promise.all(
    ids.map((id) => one.client.workflow.getHandle(id).result() as Promise<NightlyResult>),
  );
  expect(results.map(({ day }) => day)).toEqual(['2026-11-10', '2026-11-11']);
  expect(listedDays(one)).toEqual(['2026-11-10', '2026-11-11']);
});

test('a triggered nightly run is for yesterday', async () => {
  const project = `n${randomUUID().slice(0, 8)}`;
  const one = await night({ project, stubs: { survey: surveyOf(project, CONFIG) }, listed: UNCHANGED });
  const handle = await schedule(one, '30 4 * * *');
  const before = dayIn(ZONE, new Date());
  await handle.trigger();
  const [id = ''] = await started(handle, 1);
  const { day } = (await one.client.workflow.getHandle(id).result()) as NightlyResult;
  expect([before, dayIn(ZONE, new Date())].map((today) => addDays(today, -1))).toContain(day);
});

test('late days come first, oldest first; only the last day waits for its sources, late ones are checked once', async () => {
  const project = `n${randomUUID().slice(0, 8)}`;
  const one = await night({
    project,
    stubs: { survey: surveyOf(project, { ...CONFIG, lateDays: 2 }) },
    listed: UNCHANGED,
  });
  const handle = await schedule(one, '30 4 * * *');
  await handle.trigger();
  const [id = ''] = await started(handle, 1);
  const { day, days } = (await one.client.workflow.getHandle(id).result()) as NightlyResult;
  const expected = [addDays(day, -2), addDays(day, -1), day];
  expect(days.map((ended) => ended.day)).toEqual(expected);
  expect(listedDays(one)).toEqual(expected);
  const waited = one.calls.flatMap(({ verb, input }) => (verb === 'wait' ? [input] : []));
  expect(waited).toEqual([
    // They were never built: if their sources are not complete by now, they are not built either.
    ...expected.slice(0, 2).map((late) => ({ day: late, looks: 0, since: null })),
    { day, looks: 0, since: expect.stringMatching(/^2\d{3}-.*Z$/) as string },
  ]);
});

test('a nightly run for the past waits for nothing: its sources are complete, or never will be', async () => {
  const project = `n${randomUUID().slice(0, 8)}`;
  const one = await night({ project, stubs: { survey: surveyOf(project, CONFIG) }, listed: UNCHANGED });
  const handle = await schedule(one, '30 4 * * *');
  await handle.backfill({ start: new Date('2026-11-11T00:00:00Z'), end: new Date('2026-11-11T12:00:00Z') });
  const [id = ''] = await started(handle, 1);
  await one.client.workflow.getHandle(id).result();
  expect(listedDays(one)).toEqual(['2026-11-10']);
  expect(one.verbs()).not.toContain('wait');
});

test('a nightly run for a given day does not wait', async () => {
  const one = await night({ listed: UNCHANGED });
  const result = (await (await one.startNightly({ day: '2026-11-03' })).result()) as NightlyResult;
  expect(result).toEqual({
    day: '2026-11-03',
    days: [{ day: '2026-11-03', outcome: 'unchanged', reason: '' }],
    notes: [],
    differences: [],
  });
  expect(one.verbs()).not.toContain('wait');
  const child = await one.client.workflow.getHandle(workflowId.day(one.project, '2026-11-03')).describe();
  expect(await child.staticSummary()).toBe('day 2026-11-03');
  expect(await child.staticDetails()).toBe(
    `Started by \`${workflowId.nightly(one.project)}\`. Run it again: \`npx daybook run --day 2026-11-03\``,
  );
});

test('a late day that fails does not stop the others, and the nightly run reports it', async () => {
  const project = `n${randomUUID().slice(0, 8)}`;
  const one = await night({
    project,
    stubs: {
      survey: () => surveyed({ project, late: ['2026-11-08', '2026-11-09'] }),
      load: ({ build, table }) => {
        if (build.day === '2026-11-08') throw final('AccountsDiffer', 'events: 3 rows are missing.');
        const same = { fingerprint: 'f', data: 'd', changed: false, earlier: {}, inputs: {} };
        return { table, rows: 1, hash: '1', ...same, ...COUNTS };
      },
    },
  });
  const handle = await one.startNightly();
  const { message, details } = await failureOf(handle);
  expect(details.days.map(({ day, outcome }) => [day, outcome])).toEqual([
    ['2026-11-08', 'failed'],
    ['2026-11-09', 'published'],
    ['2026-11-10', 'published'],
  ]);
  expect(message).toBe(
    '1 of 3 days failed.\n' +
      'Day 2026-11-08 failed at step load: events: 3 rows are missing. Once fixed, run: npx daybook run --day 2026-11-08',
  );
  expect(await attributesOf(handle)).toMatchObject({
    DaybookProject: project,
    DaybookDay: '2026-11-10',
    DaybookKind: 'nightly',
    DaybookOutcome: 'failed',
  });
});

test('a failed late day stops the days that look back on it, and theirs in turn, but no other', async () => {
  const one = await night({
    listed: UNCHANGED,
    stubs: {
      survey: () =>
        surveyed({
          project: one.project,
          late: ['2026-11-05', '2026-11-06', '2026-11-07', '2026-11-09'],
          looksBack: 1,
        }),
      list: ({ day }) => {
        if (day === '2026-11-05') throw final('BadObject', 'raw/a.gz ends in the middle of a block.');
        return { ...LISTED, ...UNCHANGED };
      },
    },
  });
  const { message, details } = await failureOf(await one.startNightly());
  expect(details.days.map(({ day, outcome }) => [day, outcome])).toEqual([
    ['2026-11-05', 'failed'],
    ['2026-11-06', 'failed'],
    ['2026-11-07', 'failed'],
    // Nothing within its lookback is bad: the day before is good, whatever happened before that.
    ['2026-11-09', 'unchanged'],
    ['2026-11-10', 'unchanged'],
  ]);
  expect(listedDays(one)).toEqual(['2026-11-05', '2026-11-09', '2026-11-10']);
  expect(message.split('\n')).toEqual([
    '3 of 5 days failed.',
    'Day 2026-11-05 failed at step list: raw/a.gz ends in the middle of a block. Once fixed, run: npx daybook run --day 2026-11-05',
    'Day 2026-11-06 was not started: it looks back on 2026-11-05, which did not succeed. Once fixed, run: npx daybook backfill --start 2026-11-05 --end 2026-11-06',
    'Day 2026-11-07 was not started: it looks back on 2026-11-06, which did not succeed. Once fixed, run: npx daybook backfill --start 2026-11-06 --end 2026-11-07',
  ]);
});

const COUNTS = {
  lines: 1,
  rejected: 0,
  skipped: 0,
  blank: 0,
  duplicates: 0,
  chunks: 1,
  quarantined: 0,
  notes: [],
};

test('a day that is running already is awaited; then the ledger says what is left to do', async () => {
  const { opened, open } = gate();
  const one = await night({
    listed: UNCHANGED,
    stubs: {
      wait: () => opened.then(() => ({ ready: true, missing: [], againInMs: 1 })),
      look: lookOf(() => one),
    },
  });
  const other = await one.startDay({ day: '2026-11-10', wait: true });
  await until(() => one.verbs().includes('wait'));
  const handle = await one.startNightly({ day: '2026-11-10' });
  await until(() => one.verbs().includes('look'));
  expect(one.verbs()).not.toContain('list');
  open();
  await other.result();
  const { days } = (await handle.result()) as NightlyResult;
  expect(days).toEqual([{ day: '2026-11-10', outcome: 'unchanged', reason: '' }]);
  expect(listedDays(one)).toEqual(['2026-11-10', '2026-11-10']);
});

test('cancelling one day of a nightly run cancels only that day', async () => {
  const one = await night({
    listed: UNCHANGED,
    stubs: {
      survey: () => surveyed({ project: one.project, late: ['2026-11-09'] }),
      list: ({ day }) => (day === '2026-11-09' ? untilCancelled() : { ...LISTED, ...UNCHANGED }),
    },
  });
  const handle = await one.startNightly();
  await until(() => one.verbs().includes('list'));
  await one.client.workflow.getHandle(workflowId.day(one.project, '2026-11-09')).cancel();
  const { days } = (await handle.result()) as NightlyResult;
  expect(days.map(({ day, outcome }) => [day, outcome])).toEqual([
    ['2026-11-09', 'cancelled'],
    ['2026-11-10', 'unchanged'],
  ]);
});

test("cancelling a nightly run cancels its day, and waits for the day's cleanup", async () => {
  const one = await night({ stubs: { wait: untilCancelled } });
  const handle = await one.startNightly();
  await until(() => one.verbs().includes('wait'));
  await handle.cancel();
  await expect(handle.result()).rejects.toBeInstanceOf(WorkflowFailedError);
  expect((await handle.describe()).status.name).toBe('CANCELLED');
  const child = await one.client.workflow.getHandle(workflowId.day(one.project, '2026-11-10')).describe();
  expect(child.status.name).toBe('CANCELLED');
  expect(one.calls.find(({ verb }) => verb === 'conclude')?.input).toMatchObject({ outcome: 'cancelled' });
});

test('a nightly run whose days all succeed fails if readers have other rows than were published', async () => {
  const again = command.run('2026-11-09', '--force');
  const what = sentence('shop.events of 2026-11-09: found 4 rows, expected 2. ', again);
  const one = await night({
    listed: UNCHANGED,
    stubs: {
      survey: () => surveyed({ project: one.project, late: ['2026-11-09'], alerts: true }),
      verify: () => ({
        days: 2,
        tables: 6,
        differences: [{ kind: 'rows', table: 'events', day: '2026-11-09', found: 4, expected: 2, what }],
        found: 1,
      }),
    },
  });
  const handle = await one.startNightly();
  const { message, details } = await failureOf(handle);
  const compare = 'Once fixed, compare the same days again: npx daybook verify --start 2026-11-09 --end 2026-11-10';
  expect(message).toBe(
    `No day failed (2 days run).\nReaders do not have what was published:\n${plain(what)}\n${compare}`,
  );
  expect(details).toMatchObject({
    days: [{ outcome: 'unchanged' }, { outcome: 'unchanged' }],
    differences: [plain(what), compare],
  });
  expect(one.calls.find(({ verb }) => verb === 'verify')?.input).toEqual({ first: '2026-11-09', last: '2026-11-10' });
  expect(one.calls.find(({ verb }) => verb === 'alert')?.input).toMatchObject({
    kind: 'failed',
    day: '2026-11-09',
    step: 'verify',
    next: [again, command.verify('2026-11-09', '2026-11-10')],
  });
  expect((await attributesOf(handle))['DaybookOutcome']).toBe('failed');
});

test('a nightly run fails if it cannot compare, but not if it cannot clean up', async () => {
  const one = await night({
    listed: UNCHANGED,
    stubs: {
      verify: () => {
        throw final('AccessDenied', 'The user may not read system.columns.');
      },
    },
  });
  const { message } = await failureOf(await one.startNightly({ day: '2026-11-10' }));
  expect(message).toMatch(
    /could not be compared with the ledger: The user may not .* npx daybook verify --start 2026-11-10/,
  );

  const other = await night({
    listed: UNCHANGED,
    stubs: {
      sweep: () => {
        throw final('AccessDenied', 'The user may not drop tables.');
      },
    },
  });
  const handle = await other.startNightly({ day: '2026-11-10' });
  expect(await handle.result()).toMatchObject({ differences: [], days: [{ outcome: 'unchanged' }] });
});
