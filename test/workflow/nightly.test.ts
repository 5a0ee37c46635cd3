import { randomUUID } from 'node:crypto';
import { Context } from '@temporalio/activity';
import { ScheduleOverlapPolicy, WorkflowFailedError, type ScheduleHandle } from '@temporalio/client';
import { expect, onTestFinished, test } from 'vitest';
import { attend } from '../../activities/attend.js';
import type { Dependencies } from '../../activities/dependencies.js';
import type { Step } from '../../activities/step.js';
import { survey } from '../../activities/survey.js';
import { addDays, dayIn } from '../../src/core/day.js';
import type { NightlyResult } from '../../src/core/messages.js';
import { scheduleId, taskQueue, workflowId } from '../../src/core/names.js';
import { final } from '../../src/errors.js';
import { LISTED } from '../support/stubs.js';
import { attributesOf, gate, until, untilCancelled, type StubbedNight, type Stubs } from '../support/workflows.js';
import { night } from './night.js';

const ZONE = 'Europe/Berlin';
const UNCHANGED = { outcome: 'unchanged', todo: 0 } as const;

const listedDays = (one: StubbedNight) =>
  one.calls.flatMap(({ verb, input }) => (verb === 'list' ? [(input as { day: string }).day] : []));

/** The real survey, over a project of which only the config is real. */
const surveyOf =
  (project: string, lateDays = 0): Stubs['survey'] =>
  (input) =>
    survey(
      {
        loadProject: () =>
          Promise.resolve({ config: { project, timezone: ZONE, lateDays, start: '2026-01-01' }, aggregates: [] }),
        ledger: { currentPublishes: () => Promise.resolve([]) },
      } as unknown as Dependencies,
      input,
    );

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

test('a backfilled night is for the day before its nominal time, by the clocks of the project', async () => {
  const project = `n${randomUUID().slice(0, 8)}`;
  const one = await night({ project, stubs: { survey: surveyOf(project) }, listed: UNCHANGED });
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

test('a triggered night is for yesterday', async () => {
  const project = `n${randomUUID().slice(0, 8)}`;
  const one = await night({ project, stubs: { survey: surveyOf(project) }, listed: UNCHANGED });
  const handle = await schedule(one, '30 4 * * *');
  const before = dayIn(ZONE, new Date());
  await handle.trigger();
  const [id = ''] = await started(handle, 1);
  const { day } = (await one.client.workflow.getHandle(id).result()) as NightlyResult;
  expect([before, dayIn(ZONE, new Date())].map((today) => addDays(today, -1))).toContain(day);
});

test('late days come first, oldest first; only the last day waits for its sources', async () => {
  const project = `n${randomUUID().slice(0, 8)}`;
  const one = await night({ project, stubs: { survey: surveyOf(project, 2) }, listed: UNCHANGED });
  const handle = await schedule(one, '30 4 * * *');
  await handle.backfill({ start: new Date('2026-11-11T00:00:00Z'), end: new Date('2026-11-11T12:00:00Z') });
  const [id = ''] = await started(handle, 1);
  const result = (await one.client.workflow.getHandle(id).result()) as NightlyResult;
  expect(result.days.map(({ day }) => day)).toEqual(['2026-11-08', '2026-11-09', '2026-11-10']);
  expect(listedDays(one)).toEqual(['2026-11-08', '2026-11-09', '2026-11-10']);
  const waited = one.calls.flatMap(({ verb, input }) => (verb === 'wait' ? [input] : []));
  expect(waited).toEqual([{ day: '2026-11-10' }]);
});

test('a night for a day that somebody names does not wait', async () => {
  const one = await night({ listed: UNCHANGED });
  const result = (await (await one.startNightly({ day: '2026-11-03' })).result()) as NightlyResult;
  expect(result).toEqual({ day: '2026-11-03', days: [{ day: '2026-11-03', outcome: 'unchanged', reason: '' }] });
  expect(one.verbs()).not.toContain('wait');
});

test('a late day that fails does not stop the others, and the night says so', async () => {
  const project = `n${randomUUID().slice(0, 8)}`;
  const one = await night({
    project,
    stubs: {
      survey: () => ({ project, day: '2026-11-10', late: ['2026-11-08', '2026-11-09'] }),
      load: ({ build, table }) => {
        if (build.day === '2026-11-08') throw final('AccountsDiffer', 'events: 3 rows are missing.');
        return { table, rows: 1, fingerprint: 'f', data: 'd', changed: false, earlier: {}, inputs: {}, ...COUNTS };
      },
    },
  });
  const handle = await one.startNightly();
  const { days } = (await handle.result()) as NightlyResult;
  expect(days.map(({ day, outcome }) => [day, outcome])).toEqual([
    ['2026-11-08', 'failed'],
    ['2026-11-09', 'published'],
    ['2026-11-10', 'published'],
  ]);
  expect(days[0]?.reason).toBe(
    'Day 2026-11-08 failed at step load: events: 3 rows are missing. When it is mended: npx daybook run --day 2026-11-08',
  );
  expect(await attributesOf(handle)).toMatchObject({
    DaybookProject: project,
    DaybookDay: '2026-11-10',
    DaybookKind: 'nightly',
    DaybookOutcome: 'failed',
  });
});

const COUNTS = { lines: 1, rejected: 0, skipped: 0, blank: 0, duplicates: 0, chunks: 1 };

test('a day that somebody else runs already is awaited; then the ledger says what is left to do', async () => {
  const { opened, open } = gate();
  const one = await night({
    listed: UNCHANGED,
    stubs: {
      wait: () => opened.then(() => ({ ready: true, missing: [], againInMs: 1 })),
      attend: (input) =>
        attend({ temporal: () => Promise.resolve(one.client) } as unknown as Dependencies, input, {
          signal: Context.current().cancellationSignal,
        } as Step),
    },
  });
  const other = await one.startDay({ day: '2026-11-10', wait: true });
  await until(() => one.verbs().includes('wait'));
  const handle = await one.startNightly({ day: '2026-11-10' });
  await until(() => one.verbs().includes('attend'));
  expect(one.verbs()).not.toContain('list');
  open();
  await other.result();
  const { days } = (await handle.result()) as NightlyResult;
  expect(days).toEqual([{ day: '2026-11-10', outcome: 'unchanged', reason: '' }]);
  expect(listedDays(one)).toEqual(['2026-11-10', '2026-11-10']);
});

test('who cancels one day of a night cancels only that', async () => {
  const one = await night({
    listed: UNCHANGED,
    stubs: {
      survey: () => ({ project: one.project, day: '2026-11-10', late: ['2026-11-09'] }),
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

test('who cancels the night cancels its day, and the night waits until that has cleaned up', async () => {
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
