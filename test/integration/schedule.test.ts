import type { Client } from '@temporalio/client';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { readEnv } from '../../src/env.js';
import { scheduleId } from '../../src/shared/names.js';
import { connectTemporal } from '../../src/temporal/client.js';
import { applySchedule } from '../../src/temporal/schedule.js';
import { testVariables } from '../support/stack.js';

const NIGHT = { project: `s${Date.now().toString(36)}`, schedule: '30 4 * * *', timezone: 'Europe/Berlin' };

let client: Client;
const schedule = () => client.schedule.getHandle(scheduleId(NIGHT.project));

beforeAll(async () => {
  client = await connectTemporal(readEnv(testVariables(inject('stack'))).temporal);
});
afterAll(async () => {
  await schedule().delete();
  await client.connection.close();
});

test('is created once, catches up each missed run in turn, and continues after a failure', async () => {
  expect(await applySchedule(client, NIGHT, { paused: true, note: 'not yet' })).toBe('created');
  const { spec, action, policies, state, info } = await schedule().describe();
  expect(state).toMatchObject({ paused: true, note: 'not yet' });
  expect(action).toMatchObject({
    workflowType: 'nightly',
    workflowId: `daybook/${NIGHT.project}/nightly`,
    taskQueue: `daybook-${NIGHT.project}`,
    args: [{}],
    staticSummary: `${NIGHT.project}, nightly run`,
    staticDetails: expect.stringContaining('npx daybook schedule trigger') as string,
  });
  expect(policies).toEqual({ overlap: 'BUFFER_ALL', catchupWindow: 7 * 86_400_000, pauseOnFailure: false });
  expect([spec.timezone, spec.jitter ?? 0]).toEqual(['Europe/Berlin', 0]);
  const clock = new Intl.DateTimeFormat('en-GB', { timeStyle: 'short', timeZone: 'Europe/Berlin' });
  expect(new Set(info.nextActionTimes.map((time) => clock.format(time)))).toEqual(new Set(['04:30']));
});

test('is not written if it is up to date', async () => {
  const { info } = await schedule().describe();
  expect(await applySchedule(client, NIGHT, { paused: false })).toBe('unchanged');
  expect((await schedule().describe()).info.lastUpdatedAt).toEqual(info.lastUpdatedAt);
});

test.each([
  ['another hour', { schedule: '15 5 * * 1-5', timezone: 'Europe/Berlin' }],
  ['another zone', { schedule: '15 5 * * 1-5', timezone: 'America/New_York' }],
])('takes over %s, and stays paused or unpaused', async (_, changed) => {
  await schedule().unpause('by hand');
  expect(await applySchedule(client, { ...NIGHT, ...changed }, { paused: true })).toBe('updated');
  expect(await applySchedule(client, { ...NIGHT, ...changed }, { paused: true })).toBe('unchanged');
  const { state, spec } = await schedule().describe();
  expect(state).toMatchObject({ paused: false, note: 'by hand' });
  expect(spec.timezone).toBe(changed.timezone);
});

test('is corrected after it was edited by hand', async () => {
  await applySchedule(client, NIGHT, { paused: true });
  await schedule().update((found) => ({ ...found, spec: { calendars: [{ hour: 1 }], timezone: 'UTC' } }));
  expect(await applySchedule(client, NIGHT, { paused: true })).toBe('updated');
  await schedule().update((found) => ({ ...found, action: { ...found.action, staticDetails: 'edited' } }));
  expect(await applySchedule(client, NIGHT, { paused: true })).toBe('updated');
  await schedule().update((found) => ({ ...found, policies: { ...found.policies, pauseOnFailure: true } }));
  expect(await applySchedule(client, NIGHT, { paused: true })).toBe('updated');
  expect(await applySchedule(client, NIGHT, { paused: true })).toBe('unchanged');
});
