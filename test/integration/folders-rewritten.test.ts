// Over 300 lines: all answers to one question, on one project.
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { ListInput } from '../../activities/list/index.js';
import { plain } from '../../src/shared/sentence.js';
import { openDays, type DayProject } from '../support/day.js';
import { keyOf, lines, payment, paymentIds, PAYMENTS, PAYMENTS_CONFIG } from '../support/payments.js';

/** Without models, which have no part in what is decided here. */
const FILES = Object.fromEntries(Object.entries(PAYMENTS).filter(([path]) => /\/(raw|normalized)\//.test(path)));

let project: DayProject;

/** No key de-duplicates: a row that is read twice is there twice. */
const source = { ...PAYMENTS_CONFIG.sources['events'], dedupeBy: [] };

beforeAll(async () => {
  project = await openDays(
    inject('stack'),
    FILES,
    { ...PAYMENTS_CONFIG, sources: { events: source } },
    { worker: false },
  );
});
afterAll(() => project.close());

type Folder = Record<string, readonly string[]>;

/** Makes a folder hold these objects and no others: names, and the ids of their payments. */
async function fill(folder: string, objects: Folder, of = folder): Promise<void> {
  const wanted = new Set(Object.keys(objects).map((name) => keyOf(folder, name)));
  const { store } = project.app;
  const listed = await store.list(project.bucket, `raw/${folder}/`);
  await store.remove(
    project.bucket,
    listed.map(({ key }) => key).filter((key) => !wanted.has(key)),
  );
  for (const [name, ids] of Object.entries(objects))
    await project.put(keyOf(folder, name), lines(...ids.map((id) => payment(of, id))));
}

const list = (day: string, how: Partial<ListInput> = {}) => project.attempt().list({ day, force: false, ...how });

const publish = (day: string, how?: Partial<ListInput>) => project.publish(day, how);

const idsOf = (day: string) => paymentIds(project, day);

const asked = (day: string, how: Partial<ListInput> = {}) =>
  expect(list(day, how)).rejects.toMatchObject({
    type: 'FolderRewritten',
    nonRetryable: true,
    message: expect.stringMatching(
      `npx daybook run --day ${day} --replace-folder\\. .* npx daybook run --day ${day} --keep-vanished$`,
    ) as string,
  });

/** The next day of a month that no other test uses. */
const days = (month: string) => {
  let last = 0;
  return () => `2026-${month}-${String(++last).padStart(2, '0')}`;
};
const nextDay = days('01');

test.each([
  ['merged objects', { a: ['a'], b: ['b'] }, { merged: ['a', 'b'] }, ['a', 'b'], ['a', 'a', 'b', 'b']],
  [
    'objects that were renamed, all of them',
    { a: ['a'], b: ['b'] },
    { a2: ['a'], b2: ['b'] },
    ['a', 'b'],
    ['a', 'a', 'b', 'b'],
  ],
  ['one object under another name', { a: ['a'], b: ['b'] }, { a: ['a'], b2: ['b'] }, ['a', 'b'], ['a', 'b', 'b']],
  [
    'an overwrite under new part names',
    { 'part-0-x': ['a', 'b'], 'part-1-x': ['c'] },
    { 'part-0-y': ['a'], 'part-1-y': ['b', 'c', 'd'] },
    ['a', 'b', 'c', 'd'],
    ['a', 'a', 'b', 'b', 'c', 'c', 'd'],
  ],
  ['a merge into the name of one of them', { a: ['a'], b: ['b'] }, { a: ['a', 'b'] }, ['a', 'b'], ['a', 'b', 'b']],
  [
    'half of the objects expired while a late one came',
    { a: ['a'], b: ['b'] },
    { b: ['b'], late: ['c'] },
    ['b', 'c'],
    ['a', 'b', 'c'],
  ],
] as const)(
  '%s: the day fails by name, readers keep it, and both answers give every row exactly once',
  async (_, before, after, replaced, kept) => {
    for (const [choice, expected] of [
      [{ replaceFolder: true }, replaced],
      [{ keepVanished: true }, kept],
    ] as const) {
      const day = nextDay();
      await fill(day, before);
      await publish(day);
      const published = await project.state(day);
      await fill(day, after);
      await asked(day);
      await asked(day, { force: true });
      expect(await project.state(day)).toEqual(published);

      await publish(day, choice);
      expect(await idsOf(day)).toEqual(expected);
      expect(await list(day)).toMatchObject({ outcome: 'unchanged' });
    }
  },
);

test('an answer is kept after a failed build, and a new one replaces it', async () => {
  const day = nextDay();
  await fill(day, { a: ['a'] });
  await publish(day);
  await fill(day, { merged: ['a', 'b'] });
  await project.build(day, { replaceFolder: true });
  expect(await list(day)).toMatchObject({ outcome: 'build' });
  await publish(day, { keepVanished: true });
  expect(await idsOf(day)).toEqual(['a', 'a', 'b']);
  expect(await list(day)).toMatchObject({ outcome: 'unchanged' });
  // What comes then is late, and no second question.
  await fill(day, { merged: ['a', 'b'], later: ['c'] });
  await publish(day);
  expect(await idsOf(day)).toEqual(['a', 'a', 'b', 'c']);
});

test('with onVanish rebuild the listing counts, with fail the day fails, and no answer changes either', async () => {
  const [rebuilt, failed] = [nextDay(), nextDay()];
  for (const day of [rebuilt, failed]) {
    await fill(day, { a: ['a'], b: ['b'] });
    await publish(day);
    await fill(day, { merged: ['a', 'b'] });
  }
  await project.configure({}, { onVanish: 'fail' });
  for (const choice of [{}, { replaceFolder: true }, { keepVanished: true }])
    await expect(list(failed, choice)).rejects.toMatchObject({ type: 'ObjectVanished' });
  await project.configure({}, { onVanish: 'rebuild' });
  await publish(rebuilt);
  expect(await idsOf(rebuilt)).toEqual(['a', 'b']);
  await project.configure({});
});

test('a rewritten object with fewer rows replaces the rows of its key', async () => {
  const day = nextDay();
  await fill(day, { a: ['a', 'b'], c: ['c'] });
  await publish(day);
  await fill(day, { a: ['a'], c: ['c'] });
  await publish(day);
  expect(await idsOf(day)).toEqual(['a', 'c']);
});

test('a bad object that was uploaded again under another name raises no question', async () => {
  const day = nextDay();
  await project.configure({}, { onBadObject: 'quarantine', chunk: { maxObjects: 10 } });
  await fill(day, { a: ['a'] });
  await project.put(keyOf(day, 'bad'), '[1, 2]');
  await publish(day);
  await fill(day, { a: ['a'], good: ['b'] });
  await publish(day);
  expect(await idsOf(day)).toEqual(['a', 'b']);
  await project.configure({});
});

test('rows that cannot be kept, because their chunk has a rewritten object, are reported before anything runs', async () => {
  const day = nextDay();
  await project.configure({}, { chunk: { maxObjects: 10 } });
  await fill(day, { a: ['a'], b: ['b'] });
  await publish(day);
  await fill(day, { b: ['b', 'c'] });
  await asked(day);
  await expect(list(day, { keepVanished: true })).rejects.toMatchObject({
    type: 'ObjectVanished',
    message: expect.stringContaining('objects that were normalized together with them changed') as string,
  });
  await publish(day, { replaceFolder: true });
  expect(await idsOf(day)).toEqual(['b', 'c']);
  await project.configure({});
});

test('a day without objects is published empty on request, even after everything was deleted, and is then unchanged', async () => {
  const [never, emptied] = [nextDay(), nextDay()];
  await expect(list(never, { force: true })).rejects.toMatchObject({ type: 'SourceNotReady' });
  await publish(never, { allowEmpty: true });
  expect(await list(never)).toMatchObject({ outcome: 'unchanged' });
  await fill(never, { a: ['a'] });
  await publish(never);
  expect(await idsOf(never)).toEqual(['a']);

  await fill(emptied, { a: ['a'] });
  await publish(emptied);
  await fill(emptied, {});
  for (const how of [{}, { replaceFolder: true, force: true }])
    await expect(list(emptied, how)).rejects.toMatchObject({ type: 'EmptyListing' });
  // Rows that are kept because nothing is there stay a question once something comes.
  expect(await list(emptied, { keepVanished: true })).toMatchObject({ outcome: 'unchanged' });
  expect(await list(emptied)).toMatchObject({ outcome: 'unchanged' });
  await fill(emptied, { merged: ['a'] });
  await asked(emptied);
  await fill(emptied, {});
  await publish(emptied, { allowEmpty: true });
  expect(await idsOf(emptied)).toEqual([]);
  expect(await list(emptied)).toMatchObject({ outcome: 'unchanged' });
});

test('a range removes no rows of folders where objects only vanished, whatever it replaces and allows', async () => {
  const [thinned, emptied] = [nextDay(), nextDay()];
  for (const day of [thinned, emptied]) {
    await fill(day, { a: ['a'], b: ['b'] });
    await publish(day);
  }
  await fill(thinned, { b: ['b'] });
  await fill(emptied, {});
  for (const day of [thinned, emptied])
    for (const force of [false, true])
      if (force) await publish(day, { force, code: true, replaceFolder: true, allowEmpty: true });
      else
        expect(await list(day, { code: true, replaceFolder: true, allowEmpty: true })).toMatchObject({
          outcome: 'unchanged',
        });
  for (const day of [thinned, emptied]) expect(await idsOf(day)).toEqual(['a', 'b']);
  // Of one day it is the user's word.
  await publish(thinned, { replaceFolder: true });
  expect(await idsOf(thinned)).toEqual(['b']);
});

test('an edit whose rebuild needs vanished objects is refused before anything runs, with what to do', async () => {
  const day = nextDay();
  await fill(day, { a: ['a'], b: ['b'] });
  await publish(day);
  const published = await project.state(day);
  await fill(day, { b: ['b'] });
  const sql = PAYMENTS['sql/normalized/events.sql'] ?? '';
  await project.write('sql/normalized/events.sql', sql.replace('SELECT toDate(ts)', 'SELECT toDate(ts + 0)'));
  const run = `npx daybook run --day ${day} --force --replace-folder`;
  for (const how of [{ force: true }, { code: true }])
    await expect(list(day, how)).rejects.toMatchObject({
      type: 'ObjectVanished',
      message: expect.stringMatching(
        `must read 1 object again that is no longer listed, first ${keyOf(day, 'a')}.*undo the edit.*${run}$`,
      ) as string,
    });
  // A run that is not for the edit leaves the day alone, and says that a rebuild would fail.
  const left = await list(day);
  expect(left.outcome).toBe('unchanged');
  expect(left.notes.map(plain).join('\n')).toMatch(
    `stale by code: events: a rebuild of ${day} must read 1 object again`,
  );
  expect(await project.state(day)).toEqual(published);
  await publish(day, { force: true, replaceFolder: true });
  expect(await idsOf(day)).toEqual(['b']);
  await project.write('sql/normalized/events.sql', sql);
});

test.each([
  [1, '05'],
  [3, '06'],
])(
  'with a window of %i days each day has its own answer, and different answers over one folder are both exact',
  async (arrival, month) => {
    await project.configure({}, { arrival: { before: arrival, after: arrival } });
    const at = (date: number) => `2026-${month}-${String(date).padStart(2, '0')}`;
    const [first, second] = [at(10), at(11)];
    // Folder of the second day: one object with rows of both days, one of the second alone.
    await fill(first, { own: ['x'] });
    await fill(second, { alone: ['y'] });
    await project.put(keyOf(second, 'both'), lines(payment(first, 'late'), payment(second, 'z')));
    await publish(first);
    await publish(second);
    expect(await idsOf(first)).toEqual(['late', 'x']);

    // Rows of the second day are merged: no matter of the first.
    await project.app.store.remove(project.bucket, [keyOf(second, 'alone')]);
    await project.put(keyOf(second, 'alone-2'), lines(payment(second, 'y')));
    await asked(second);
    const input = await project.build(first);
    expect(input.tables).toEqual([]);
    // Then the object with rows of both days is rewritten under another name.
    await project.app.store.remove(project.bucket, [keyOf(second, 'both')]);
    await project.put(keyOf(second, 'both-2'), lines(payment(first, 'late'), payment(second, 'z')));
    await asked(first);
    await asked(second);

    await publish(first, { keepVanished: true });
    await publish(second, { replaceFolder: true });
    for (const day of [first, second]) {
      expect(await idsOf(day)).toEqual(day === first ? ['late', 'late', 'x'] : ['y', 'z']);
      expect(await list(day)).toMatchObject({ outcome: 'unchanged' });
    }
    await publish(first, { replaceFolder: true });
    expect(await idsOf(first)).toEqual(['late', 'x']);
    expect(await list(second)).toMatchObject({ outcome: 'unchanged' });

    // An object that is moved to the folder where it belongs is one object, not two.
    await project.put(keyOf(second, 'moved'), lines(payment(first, 'moved')));
    await publish(first);
    await project.app.store.remove(project.bucket, [keyOf(second, 'moved')]);
    await project.put(keyOf(first, 'moved'), lines(payment(first, 'moved')));
    await asked(first);
    await publish(first, { replaceFolder: true });
    expect(await idsOf(first)).toEqual(['late', 'moved', 'x']);

    // The neighbour's whole folder expires: its rows stay.
    await fill(second, {});
    expect(await list(first)).toMatchObject({ outcome: 'unchanged' });
    await expect(list(second)).rejects.toMatchObject({ type: 'EmptyListing' });
    await project.configure({});
  },
);
