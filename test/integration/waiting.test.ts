import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { endOfDay } from '../../src/cli/common/follow/watch.js';
import { startOrAttachDay } from '../../src/cli/common/start.js';
import { addDays, dayIn } from '../../src/shared/day.js';
import { plain } from '../../src/shared/sentence.js';
import { openDays, type DayProject } from '../support/day.js';
import { keyOf, lines, payment, PAYMENTS, PAYMENTS_CONFIG } from '../support/payments.js';

let project: DayProject;

beforeAll(async () => {
  project = await openDays(inject('stack'), PAYMENTS, PAYMENTS_CONFIG, { worker: false });
});
afterAll(() => project.close());

/** One look of a day that has waited for so long, in milliseconds; null: a late day, which waits for nothing. */
const look = (day: string, waited: number | null = 0, looks = 0) =>
  project.attempt().wait({ day, looks, since: waited === null ? null : new Date(Date.now() - waited).toISOString() });
const put = (day: string, name: string) => project.put(keyOf(day, name), lines(payment(day, name)));

/** A day whose deadline, some time on the day after it, is still to come, whenever the test runs. */
const SOON = addDays(dayIn('UTC', new Date()), 1);

test('a source with a marker is complete when its marker exists, however many objects came before', async () => {
  const day = '2026-06-01';
  await project.configure({}, { ready: { marker: '_SUCCESS' } });
  await put(day, 'a');
  await put(day, 'b');
  const before = await look(day);
  expect(before).toMatchObject({
    ready: false,
    missing: [`events: raw/${day}/_SUCCESS does not exist yet, the folder holds 2 objects`],
  });
  // Often it is a matter of seconds; a source that stays away for hours is asked for once a minute.
  const later = await Promise.all([1, 5, 50].map((looks) => look(day, 0, looks)));
  expect([before, ...later].map(({ againInMs }) => againInMs)).toEqual([3_000, 6_000, 60_000, 60_000]);
  await project.put(`raw/${day}/_SUCCESS`, '');
  expect(await look(day)).toMatchObject({ ready: true, missing: [] });
  // The marker itself is no data.
  expect(await project.attempt().list({ day, force: false })).toMatchObject({ objects: 2 });
});

test('a marker above the folders serves every day: it counts for the days that had ended when it was written', async () => {
  const [ended, today] = [addDays(dayIn('UTC', new Date()), -1), dayIn('UTC', new Date())];
  await project.configure({}, { ready: { marker: '../_SUCCESS' } });
  await put(today, 'a');
  expect((await look(today)).missing).toEqual(['events: raw/_SUCCESS does not exist yet, the folder holds 1 object']);
  await project.put('raw/_SUCCESS', '');
  expect((await look(today)).missing.join()).toMatch(
    /^events: raw\/_SUCCESS, which serves every day, was last written at .*, before .* had ended$/,
  );
  expect(await look(ended)).toMatchObject({ ready: true });
  await project.configure({}, { ready: { marker: '/done/{YYYY}-{MM}-{DD}' } });
  expect(await look(today)).toMatchObject({ ready: false });
  await project.put(`done/${today}`, '');
  expect(await look(today)).toMatchObject({ ready: true });
});

test('without a marker a source is complete when enough objects are there and none was written for a while', async () => {
  const day = '2026-06-02';
  await project.configure({}, { ready: { minObjects: 2, quietFor: '3 seconds' } });
  await put(day, 'a');
  await project.put(`raw/${day}/_temporary`, 'no data');
  expect(await look(day)).toMatchObject({
    ready: false,
    missing: [`events: raw/${day}/ holds 1 object, at least 2 are expected`],
  });
  await put(day, 'b');
  const written = await look(day);
  expect(written.ready).toBe(false);
  expect(written.missing.join()).toMatch(
    /^events: raw\/2026-06-02\/ was still written to at 2\d{3}-\d\d-\d\dT[\d:.]+Z$/,
  );
  await expect.poll(async () => (await look(day)).ready, { timeout: 20_000, interval: 500 }).toBe(true);
  // Another object restarts the quiet time.
  await put(day, 'c');
  expect((await look(day)).ready).toBe(false);
});

test('a folder of very many objects is checked like any other', async () => {
  const day = '2026-06-05';
  await project.configure({}, { ready: { minObjects: 2, quietFor: '3 seconds' } });
  const listed = Array.from({ length: 300_000 }, (_, index) => ({
    key: keyOf(day, String(index)),
    etag: '1',
    size: 5,
    modified: new Date(0),
    storageClass: '',
  }));
  const store = { ...project.app.store, list: () => Promise.resolve(listed) };
  expect(await project.attempt({ world: { store } }).wait({ day, looks: 0, since: null })).toMatchObject({
    ready: true,
  });
});

test('a nightly run waits while the deadline has not passed', async () => {
  await project.configure({}, { ready: { marker: '_SUCCESS', deadline: '06:00' } });
  expect(await look(SOON)).toMatchObject({ ready: false });
});

test('a deadline that has passed names the source, what was found, the deadline and what to type', async () => {
  const day = '2026-06-03';
  const failure = (ready: object) =>
    project.configure({}, { ready }).then(() =>
      look(day).then(
        () => 'nothing failed',
        (error: unknown) => (error as Error).message,
      ),
    );
  const then = `and its deadline, 06:00 of 2026-06-04 (UTC), has passed. Once it has arrived, run: npx daybook run --day ${day}`;
  expect(await failure({ marker: '_SUCCESS', deadline: '06:00' })).toBe(
    `events: raw/${day}/_SUCCESS does not exist yet, the folder holds 0 objects, ${then}`,
  );
  await put(day, 'a');
  expect(await failure({ minObjects: 3, quietFor: '1 second', deadline: '06:00' })).toBe(
    `events: raw/${day}/ holds 1 object, at least 3 are expected, ${then}`,
  );
  // What is complete is not judged by the clock.
  await project.put(`raw/${day}/_SUCCESS`, '');
  await project.configure({}, { ready: { marker: '_SUCCESS', deadline: '06:00' } });
  expect(await look(day)).toMatchObject({ ready: true });
});

const HOURS = 60 * 60 * 1000;

test('a source without a deadline is waited for until giveUpAfter, and a late day not at all', async () => {
  const day = '2026-06-05';
  await project.configure({ giveUpAfter: '6 hours' }, { ready: { marker: '_SUCCESS' } });
  await put(day, 'a');
  expect(await look(day, 5 * HOURS)).toMatchObject({ ready: false });
  await expect(look(day, 7 * HOURS)).rejects.toMatchObject({
    type: 'SourceNotReady',
    message: expect.stringMatching(
      `^events: raw/${day}/_SUCCESS does not exist yet, the folder holds 1 object, and it has no deadline, and giveUpAfter has passed since .* npx daybook run --day ${day}$`,
    ) as string,
  });
  await expect(look(day, null)).rejects.toMatchObject({
    message: expect.stringContaining('and a late day is not waited for.') as string,
  });
  await project.put(`raw/${day}/_SUCCESS`, '');
  expect(await look(day, null)).toMatchObject({ ready: true });
});

test.each([
  ['publish', 'published'],
  ['skip', 'skipped'],
  ['fail', 'wait'],
] as const)('a folder that is empty at its deadline is handled as its source says: %s', async (onEmpty, end) => {
  const nights = await openDays(inject('stack'), PAYMENTS, {
    ...PAYMENTS_CONFIG,
    sources: { events: { ...PAYMENTS_CONFIG.sources['events'], onEmpty, ready: { deadline: '00:00' } } },
  });
  try {
    const day = addDays(dayIn('UTC', new Date()), -1);
    const handle = await startOrAttachDay(nights.app, { day, wait: true });
    const ended = await endOfDay(handle, day);
    expect(ended.ok ? ended.result.outcome : ended.step).toBe(end);
    const [build] = await nights.app.ledger.latestBuilds(day, day);
    expect(build?.event).toBe(ended.ok ? end : 'failed');
    if (!ended.ok) expect(plain(ended.message)).toContain(`raw/${day}/ holds 0 objects, at least 1`);
    expect(await nights.app.ledger.currentPublishes(day, day)).toHaveLength(end === 'published' ? 3 : 0);
  } finally {
    await nights.close();
  }
});

test('a day that is run by hand does not wait: its folder is taken as it is', async () => {
  const day = '2026-06-04';
  await project.configure({}, { ready: { marker: '_SUCCESS', deadline: '06:00' } });
  await put(day, 'a');
  await project.attempt().publish(await project.build(day));
  expect((await project.state(day)).tables).toMatchObject([{ rows: '1' }, { rows: '1' }, { rows: '1' }]);
});
