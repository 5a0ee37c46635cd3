import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import type { WaitInput } from '../../activities/wait/index.js';
import type { DayResult } from '../../src/shared/workflows.js';
import { impatientServer } from '../support/impatient-server.js';
import { LISTED, ONE_LINE } from '../support/stubs.js';
import { stubbedNight, type StubbedNight, type StubbedNightOptions } from '../support/workflows.js';

const DAY = '2026-11-10';
/** Events after which this file's server suggests continue-as-new. */
const SUGGESTED_AT = 60;

let server: TestWorkflowEnvironment;

beforeAll(async () => {
  server = await impatientServer(SUGGESTED_AT);
});
afterAll(() => server.teardown());

async function longNight(options: StubbedNightOptions): Promise<StubbedNight> {
  const one = await stubbedNight({ address: server.address, namespace: 'default' }, options);
  onTestFinished(() => one.stop());
  return one;
}

test('a day with a long history drains and continues as new, and the new run normalizes only what is left', async () => {
  const chunks = 40;
  let done = 0;
  const beside: number[] = [];
  const one = await longNight({
    stubs: {
      list: ({ day }) => {
        beside.push(one.calls.filter(({ end }) => end === 'running').length - 1);
        return { ...LISTED, build: { ...LISTED.build, day }, chunks, todo: chunks - done, sizes: [] };
      },
      normalize: () => {
        done++;
        return ONE_LINE;
      },
    },
  });
  const handle = await one.startDay({ day: DAY });
  const result = (await handle.result()) as DayResult;
  expect(result.outcome).toBe('published');
  expect(done).toBe(chunks);
  expect(beside.length).toBeGreaterThan(1);
  expect(beside.every((running) => running === 0)).toBe(true);
  expect(one.calls.filter(({ verb }) => verb === 'conclude').map(({ input }) => input)).toMatchObject([
    { outcome: 'published' },
  ]);
});

test('a day that waited does not wait again when it continues as new', async () => {
  const chunks = 40;
  let done = 0;
  const one = await longNight({
    stubs: {
      list: ({ day }) => ({ ...LISTED, build: { ...LISTED.build, day }, chunks, todo: chunks - done, sizes: [] }),
      normalize: () => {
        done++;
        return ONE_LINE;
      },
    },
  });
  const handle = await one.startDay({ day: DAY, wait: true });
  expect(((await handle.result()) as DayResult).outcome).toBe('published');
  expect(one.verbs().filter((verb) => verb === 'recover').length).toBeGreaterThan(1);
  expect(one.verbs().filter((verb) => verb === 'wait')).toHaveLength(1);
});

test('a source that is missing for days does not fill the history', async () => {
  let asked = 0;
  const one = await longNight({
    listed: { outcome: 'unchanged', todo: 0 },
    stubs: { wait: () => ({ ready: ++asked > 8, missing: ['events: 0 objects'], againInMs: 1 }) },
  });
  const handle = await one.startDay({ day: DAY, wait: true });
  expect(((await handle.result()) as DayResult).outcome).toBe('unchanged');
  expect(one.verbs().filter((verb) => verb === 'recover').length).toBeGreaterThan(1);
  // The start of its waiting is kept, so that its waiting time does not begin again.
  const since = one.calls.flatMap(({ verb, input }) => (verb === 'wait' ? [(input as WaitInput).since] : []));
  expect(new Set(since).size).toBe(1);
  expect((await handle.describe()).historyLength).toBeLessThan(2 * SUGGESTED_AT);
});
