import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { addDays, dayIn } from '../../src/core/day.js';
import { openDays, type DayProject } from '../support/day.js';
import { keyOf, lines, payment, PAYMENTS, PAYMENTS_CONFIG } from '../support/payments.js';

let project: DayProject;

beforeAll(async () => {
  project = await openDays(inject('stack'), PAYMENTS, PAYMENTS_CONFIG, { worker: false });
});
afterAll(() => project.close());

const look = (day: string) => project.attempt().wait({ day, looks: 0 });
const put = (day: string, name: string) => project.put(keyOf(day, name), lines(payment(day, name)));

/** A day whose deadline, some time on the day after it, is still to come, whenever the test runs. */
const SOON = addDays(dayIn('UTC', new Date()), 1);

test('a source with a marker is complete when its marker is there, however many objects came before', async () => {
  const day = '2026-06-01';
  await project.configure({}, { ready: { marker: '_SUCCESS' } });
  await put(day, 'a');
  await put(day, 'b');
  const before = await look(day);
  expect(before).toMatchObject({
    ready: false,
    missing: [`events: raw/${day}/_SUCCESS is not there yet, the folder holds 2 objects`],
  });
  // Often it is a matter of seconds; a source that stays away for hours is asked for once a minute.
  const later = await Promise.all([1, 5, 50].map((looks) => project.attempt().wait({ day, looks })));
  expect([before, ...later].map(({ againInMs }) => againInMs)).toEqual([3_000, 6_000, 60_000, 60_000]);
  await project.put(`raw/${day}/_SUCCESS`, '');
  expect(await look(day)).toMatchObject({ ready: true, missing: [] });
  // The marker itself is no data.
  expect(await project.attempt().list({ day, force: false })).toMatchObject({ objects: 2 });
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
  // Another object begins the quiet anew.
  await put(day, 'c');
  expect((await look(day)).ready).toBe(false);
});

test('a folder of very many objects is judged like any other', async () => {
  const day = '2026-06-05';
  await project.configure({}, { ready: { minObjects: 2, quietFor: '3 seconds' } });
  const listed = Array.from({ length: 300_000 }, (_, index) => ({
    key: keyOf(day, String(index)),
    etag: '1',
    size: 5,
    modified: new Date(0),
  }));
  const store = { ...project.app.store, list: () => Promise.resolve(listed) };
  expect(await project.attempt({ world: { store } }).wait({ day, looks: 0 })).toMatchObject({ ready: true });
});

test('a deadline that is still to come lets the night wait on', async () => {
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
  const then = `and its deadline, 06:00 of 2026-06-04 (UTC), has passed. When it has arrived: npx daybook run --day ${day}`;
  expect(await failure({ marker: '_SUCCESS', deadline: '06:00' })).toBe(
    `events: raw/${day}/_SUCCESS is not there yet, the folder holds 0 objects, ${then}`,
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

test('a day that is run by hand does not wait: its folder is taken as it is', async () => {
  const day = '2026-06-04';
  await project.configure({}, { ready: { marker: '_SUCCESS', deadline: '06:00' } });
  await put(day, 'a');
  await project.attempt().publish(await project.build(day));
  expect((await project.state(day)).tables).toMatchObject([{ rows: '1' }, { rows: '1' }, { rows: '1' }]);
});
