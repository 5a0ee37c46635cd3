import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { defineSearchAttributeKey } from '@temporalio/common';
import { execa } from 'execa';
import { expect, inject, onTestFinished, test } from 'vitest';
import { daysBetween, nightFor } from '../../src/shared/day.js';
import { SEARCH_ATTRIBUTES, scheduleId, taskQueue, workflowId } from '../../src/shared/names.js';
import type { NightlyResult } from '../../src/shared/workflows.js';
import { applySchedule, describeSchedule, withSchedule } from '../../src/temporal/schedule.js';
import { freePort } from '../support/http.js';
import { surveyOf } from '../support/real-activities.js';
import { temporaryFolder } from '../support/stack.js';
import { temporal, temporalExecutable } from '../support/temporal-cli.js';
import { stubbedNight, until, type StubbedNight } from '../support/workflows.js';
import { night } from './night.js';

/*
 * Which day a night is for is a promise about the server, too: these nights are started by real schedules, through the `temporal`
 * executable where people would use it. Only the days themselves are stubs.
 */

const NOMINAL = defineSearchAttributeKey('TemporalScheduledStartTime', 'DATETIME');
const freshName = () => `z${randomUUID().slice(0, 8)}`;

/** Nights that have ended, in the order of their nominal times: that time, and the day that each was for. */
async function nights(one: Pick<StubbedNight, 'client' | 'project'>, count: number) {
  const query = `WorkflowId STARTS_WITH "${workflowId.nightly(one.project)}" AND ExecutionStatus = "Completed"`;
  const found = async () => {
    const infos = [];
    for await (const info of one.client.workflow.list({ query })) infos.push(info);
    return infos;
  };
  await until(async () => (await found()).length >= count);
  const ended = await Promise.all(
    (await found()).map(async ({ workflowId: id, runId, typedSearchAttributes }) => ({
      nominal: typedSearchAttributes.get(NOMINAL) ?? new Date(0),
      day: ((await one.client.workflow.getHandle(id, runId).result()) as NightlyResult).day,
    })),
  );
  return ended.sort((a, b) => a.nominal.getTime() - b.nominal.getTime());
}

test.each([
  // Clocks go forward, clocks go back; local times of the nights before, on and after the change.
  ['Europe/Berlin', ['2026-03-28', '2026-03-30'], ['2026-10-24', '2026-10-26'], '30 4 * * *', '04:30'],
  ['America/New_York', ['2026-03-07', '2026-03-09'], ['2026-10-31', '2026-11-02'], '5 0 * * *', '00:05'],
  // Half an hour forward and back, and nights that lie on the evening before in UTC.
  ['Australia/Lord_Howe', ['2026-10-03', '2026-10-05'], ['2026-04-04', '2026-04-06'], '30 4 * * *', '04:30'],
] as const)(
  'in %s each nightly run is for the day before, through both clock changes',
  async (zone, forward, back, cron, at) => {
    const project = freshName();
    const one = await night({
      project,
      stubs: { survey: surveyOf(project, { timezone: zone, lateDays: 0, start: undefined }) },
      listed: { outcome: 'unchanged', todo: 0 },
    });
    await applySchedule(one.client, { project, schedule: cron, timezone: zone }, { paused: true });
    onTestFinished(() => withSchedule(one.client, project, (handle) => handle.delete()));
    for (const [first, last] of [forward, back])
      await temporal(
        inject('stack').temporal,
        ...['schedule', 'backfill', '--schedule-id', scheduleId(project), '--overlap-policy', 'BufferAll'],
        ...['--start-time', `${nightFor('UTC', new Date(first))}T16:00:00Z`, '--end-time', `${last}T12:00:00Z`],
      );
    const clock = new Intl.DateTimeFormat('en-GB', { timeStyle: 'short', timeZone: zone });
    const found = await nights(one, 6);
    // Each runs at the same time by the clocks on the wall, whatever that is in UTC.
    expect(new Set(found.map(({ nominal }) => clock.format(nominal)))).toEqual(new Set([at]));
    const runs = [forward, back].sort().flatMap(([first, last]) => daysBetween(first, last));
    expect(found.map(({ day }) => day)).toEqual(runs.map((run) => nightFor('UTC', new Date(run))));
  },
);

/** As docs/operating.md has the line. */
test('a nightly run that the `temporal` executable triggers is for yesterday', async () => {
  const project = freshName();
  const zone = 'Europe/Berlin';
  const one = await night({
    project,
    stubs: { survey: surveyOf(project, { timezone: zone, lateDays: 0, start: undefined }) },
    listed: { outcome: 'unchanged', todo: 0 },
  });
  await applySchedule(one.client, { project, schedule: '30 4 * * *', timezone: zone }, { paused: true });
  onTestFinished(() => withSchedule(one.client, project, (handle) => handle.delete()));
  const before = nightFor(zone, new Date());
  await temporal(
    inject('stack').temporal,
    ...['schedule', 'trigger', '--schedule-id', scheduleId(project), '--overlap-policy', 'BufferAll'],
  );
  const [found] = await nights(one, 1);
  expect([before, nightFor(zone, new Date())]).toContain(found?.day);
});

/** As docs/operating.md has the lines. */
test('the `temporal` executable starts a day and a nightly run under their own ids', async () => {
  const one = await night({ listed: { outcome: 'unchanged', todo: 0 } });
  const day = '2026-11-05';
  for (const [type, id] of [
    ['day', workflowId.day(one.project, day)],
    ['nightly', workflowId.nightly(one.project)],
  ] as const) {
    await temporal(
      inject('stack').temporal,
      ...['workflow', 'start', '--fail-existing', '--type', type, '--task-queue', taskQueue.light(one.project)],
      ...['--workflow-id', id, '--input', JSON.stringify({ day })],
    );
    expect(await one.client.workflow.getHandle(id).result()).toMatchObject({ day });
  }
});

test('after an outage of the server each missed run is caught up in turn, for its own day', async () => {
  const folder = await temporaryFolder('outage');
  const port = await freePort();
  const address = `127.0.0.1:${port}`;
  const start = async () => {
    const server = execa(
      await temporalExecutable(),
      [
        ...['server', 'start-dev', '--headless', '--ip', '127.0.0.1', '--port', String(port)],
        ...['--db-filename', join(folder.path, 'temporal.db'), '--log-level', 'error'],
        ...SEARCH_ATTRIBUTES.flatMap((name) => ['--search-attribute', `${name}=Keyword`]),
      ],
      { env: { HOME: folder.path }, extendEnv: false, reject: false, stdio: 'ignore' },
    );
    await until(async () => {
      const connection = await Connection.connect({ address, connectTimeout: 500 }).catch(() => undefined);
      await connection?.close();
      return connection !== undefined;
    });
    return {
      kill: async () => {
        server.kill('SIGKILL');
        await server;
      },
    };
  };
  const project = freshName();
  const zone = 'Pacific/Auckland';

  let server = await start();
  const connection = await Connection.connect({ address });
  const client = new Client({ connection });
  await applySchedule(client, { project, schedule: '30 4 * * *', timezone: zone }, { paused: false });
  // A night each ten seconds, so that the test sees some.
  await withSchedule(client, project, (handle) =>
    handle.update((found) => ({ ...found, spec: { intervals: [{ every: '10 seconds' }], timezone: zone } })),
  );
  // What the server has not yet taken in, an outage may lose.
  await until(async () => ((await describeSchedule(client, project))?.info.recentActions.length ?? 0) > 0);
  await connection.close();
  await server.kill();
  const down = new Date();
  // How long the outage lasts: two nights, and some, fall into it.
  await sleep(25_000);
  server = await start();
  const up = new Date();

  const one = await stubbedNight(
    { address, namespace: 'default' },
    {
      project,
      stubs: { survey: surveyOf(project, { timezone: zone, lateDays: 0, start: undefined }) },
      listed: { outcome: 'unchanged', todo: 0 },
    },
  );
  try {
    const missed = (await nights(one, 3)).filter(({ nominal }) => nominal > down && nominal < up);
    expect(missed.length).toBeGreaterThanOrEqual(2);
    expect(missed.map(({ day }) => day)).toEqual(missed.map(({ nominal }) => nightFor(zone, nominal)));
  } finally {
    await one.stop();
    await server.kill();
    await folder.remove();
  }
});
