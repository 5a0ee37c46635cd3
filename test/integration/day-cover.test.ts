import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { openDays, type DayProject } from '../support/day.js';
import { keyOf, lines, payment, paymentIds, PAYMENTS, PAYMENTS_CONFIG } from '../support/payments.js';

let project: DayProject;

beforeAll(async () => {
  project = await openDays(inject('stack'), PAYMENTS, PAYMENTS_CONFIG);
});
afterAll(() => project.close());

const idsOf = (day: string) => paymentIds(project, day);
const amounts = (day: string) =>
  project.rows('SELECT events, amount FROM daily_amounts WHERE day = {day:Date}', { day });

/** Parquet objects of a folder by the raw objects that they were made from. */
const parquetOf = async (day: string) =>
  Object.fromEntries(
    [...(await project.manifests(day)).values()].map(({ objects, parquet }) => [
      objects.map(({ key }) => key).join(),
      parquet,
    ]),
  );

/** Publishes a day of two objects, `a` and `b`, with one payment each. */
async function publishTwo(day: string): Promise<void> {
  for (const name of ['a', 'b']) await project.put(keyOf(day, name), lines(payment(day, name)));
  expect(await project.run(day)).toMatchObject({ outcome: 'published', normalized: { chunks: 2, rows: 2 } });
}

test('a new object is normalized alone; the recorded chunks keep their Parquet', async () => {
  const day = '2026-03-01';
  await publishTwo(day);
  const before = await parquetOf(day);
  await project.put(keyOf(day, 'c'), lines(payment(day, 'c')));
  expect(await project.run(day)).toMatchObject({
    outcome: 'published',
    generation: 2,
    listed: { objects: 3, chunks: 3 },
    normalized: { chunks: 1, lines: 1 },
  });
  expect(await parquetOf(day)).toMatchObject(before);
  expect(await idsOf(day)).toEqual(['a', 'b', 'c']);
  expect(await amounts(day)).toEqual([{ events: 3, amount: 3 }]);
});

test('a rewritten object replaces its earlier version', async () => {
  const day = '2026-03-02';
  await publishTwo(day);
  await project.put(keyOf(day, 'a'), lines(payment(day, 'a', { amount: 5 }), payment(day, 'a2')));
  const result = await project.run(day);
  expect(result).toMatchObject({ outcome: 'published', normalized: { chunks: 1, lines: 2 } });
  expect(result.steps.find(({ step }) => step === 'list')?.what).toContain('1 rewritten object');
  expect(await idsOf(day)).toEqual(['a', 'a2', 'b']);
  expect(await amounts(day)).toEqual([{ events: 3, amount: 7 }]);
});

test('a vanished object is reported, and its rows are kept, removed or fail the day, as the source says', async () => {
  const day = '2026-03-03';
  await publishTwo(day);
  const published = await project.state(day);
  await project.app.store.remove(project.bucket, [keyOf(day, 'a')]);

  const kept = await project.run(day);
  expect(kept.outcome).toBe('unchanged');
  expect(kept.notes.join()).toContain(keyOf(day, 'a'));
  // A forced build takes the rows of the vanished object from its chunk.
  expect(await project.run(day, true)).toMatchObject({ outcome: 'unchanged', loaded: [{ rows: 2 }] });
  expect(await idsOf(day)).toEqual(['a', 'b']);
  expect((await project.state(day)).tables).toEqual(published.tables);

  await project.configure({}, { onVanish: 'fail' });
  const refused = await project.fail(day);
  expect(refused.step).toBe('list');
  expect(refused.message).toContain(keyOf(day, 'a'));

  await project.configure({}, { onVanish: 'rebuild' });
  expect((await project.run(day)).outcome).toBe('published');
  expect(await idsOf(day)).toEqual(['b']);
  expect(await amounts(day)).toEqual([{ events: 1, amount: 1 }]);
  await project.configure({});
});

test('an emptied folder is an error that says how to confirm it, never a deletion, even in a forced run', async () => {
  const day = '2026-03-04';
  await publishTwo(day);
  const published = await project.state(day);
  await project.app.store.remove(project.bucket, [keyOf(day, 'a'), keyOf(day, 'b')]);
  const run = `npx daybook run --day ${day}`;
  const policies = [
    { onVanish: 'keep', onEmpty: 'skip', force: false, cause: 'EmptyListing' },
    { onVanish: 'rebuild', onEmpty: 'publish', force: true, cause: 'EmptyListing' },
    { onVanish: 'fail', onEmpty: 'fail', force: true, cause: 'ObjectVanished' },
  ];
  for (const { force, cause, ...policy } of policies) {
    await project.configure({}, policy);
    const failed = await project.fail(day, force);
    expect(failed).toMatchObject({ step: 'list', cause });
    expect(failed.message).toContain(`2 of 2 objects that ${day} was published from are no longer listed`);
    expect(failed.message.includes(`${run} --allow-empty`)).toBe(policy.onVanish !== 'fail');
    expect(failed.message.includes(`${run} --keep-vanished`)).toBe(policy.onVanish === 'keep');
  }
  expect(await project.state(day)).toEqual(published);

  // Said once, the rows stay and no later run asks; a deletion is meant only where it is said.
  await project.configure({});
  expect(await project.run(day, false, { keepVanished: true })).toMatchObject({ outcome: 'unchanged' });
  expect(await project.run(day)).toMatchObject({ outcome: 'unchanged' });
  expect(await project.state(day)).toEqual(published);
  expect(await project.run(day, false, { allowEmpty: true })).toMatchObject({
    outcome: 'published',
    published: [
      { table: 'events', rows: 0 },
      { table: 'daily_amounts', rows: 0 },
      { table: 'daily_means', rows: 0 },
    ],
  });
  expect((await project.state(day)).tables.map(({ rows }) => rows)).toEqual(['0', '0', '0']);
  expect((await project.run(day)).outcome).toBe('unchanged');
});

test('a day without objects fails, is published empty or is skipped, as the source says', async () => {
  const day = '2026-03-05';
  const { step, message } = await project.fail(day);
  expect(step).toBe('list');
  expect(message).toContain("raw/2026-03-05/ holds no objects, and the source's onEmpty is 'fail'");
  expect(message).toContain(`npx daybook run --day ${day} --allow-empty`);
  // Force rebuilds; it overrides no policy.
  expect(await project.fail(day, true)).toMatchObject({ cause: 'SourceNotReady' });
  expect((await project.state(day)).publishes).toEqual([]);

  await project.configure({}, { onEmpty: 'skip' });
  expect((await project.run(day)).outcome).toBe('skipped');
  expect((await project.run(day, true)).outcome).toBe('skipped');
  expect((await project.state(day)).publishes).toEqual([]);

  await project.configure({}, { onEmpty: 'publish' });
  expect((await project.run(day)).outcome).toBe('published');
  expect((await project.state(day)).publishes.map(({ table, events }) => [table, events])).toEqual(
    ['daily_amounts', 'daily_means', 'events'].map((table) => [table, ['intent', 'done']]),
  );
  expect((await project.run(day)).outcome).toBe('unchanged');

  await project.configure({});
  await project.put(keyOf(day, 'a'), lines(payment(day, 'a')));
  expect((await project.run(day)).outcome).toBe('published');
  expect(await idsOf(day)).toEqual(['a']);
});

test('after the normalized chunks have expired, a listing finds the day unchanged; a forced run normalizes again', async () => {
  const day = '2026-03-06';
  await publishTwo(day);
  const published = await project.state(day);
  const zone = (await project.app.store.list(project.bucket, `daybook/${project.name}/events/${day}/`)).map(
    ({ key }) => key,
  );
  expect(zone).toHaveLength(4);
  await project.app.store.remove(project.bucket, zone);
  expect((await project.run(day)).outcome).toBe('unchanged');
  expect(await project.state(day)).toEqual(published);
  expect(await project.run(day, true)).toMatchObject({ outcome: 'unchanged', normalized: { chunks: 2, rows: 2 } });
  expect(await project.state(day)).toEqual(published);
});
