import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { openDays, type DayProject } from '../support/day.js';
import { lines, payment, paymentIds, PAYMENTS, PAYMENTS_CONFIG } from '../support/payments.js';

let project: DayProject;

/** Days are Berlin's, folders are cut in UTC: in winter the first hour of a day lies in the folder before. */
beforeAll(async () => {
  const files = Object.entries(PAYMENTS).map(([path, sql]) => [path, sql.replaceAll("'UTC'", "'Europe/Berlin'")]);
  project = await openDays(
    inject('stack'),
    Object.fromEntries(files) as typeof PAYMENTS,
    {
      timezone: 'Europe/Berlin',
      sources: {
        events: {
          ...PAYMENTS_CONFIG.sources['events'],
          folderZone: 'UTC',
          arrival: { before: 1, after: 1 },
          maxRejects: '50%',
        },
      },
    },
    { worker: false },
  );
});
afterAll(() => project.close());

const at = (ts: string, id: string) => payment('', id, { ts });
const put = (folder: string, name: string, ...texts: string[]) =>
  project.put(`raw/${folder}/${name}.json`, lines(...texts));

const idsOf = (day: string) => paymentIds(project, day);

async function publish(day: string) {
  const input = await project.build(day);
  if (input.tables.length > 0) await project.attempt().publish(input);
  return input.tables.map(({ table }) => table);
}

test('a row belongs to its own day, whatever folder it arrived in', async () => {
  await put(
    '2026-11-09',
    'a',
    at('2026-11-09T22:59:59.999Z', 'last of the 9th'),
    at('2026-11-09T23:00:00.000Z', 'first of the 10th'),
  );
  await put('2026-11-10', 'a', at('2026-11-10T12:00:00Z', 'noon'), at('2026-11-10T22:59:59.999Z', 'last of the 10th'));
  await put('2026-11-11', 'a', at('2026-11-10T20:00:00Z', 'a day late'), at('2026-11-11T12:00:00Z', 'of the 11th'));
  await publish('2026-11-10');
  expect(await idsOf('2026-11-10')).toEqual(['a day late', 'first of the 10th', 'last of the 10th', 'noon']);
  expect(await project.rows('SELECT DISTINCT toString(toDate(ts)) AS day FROM events')).toEqual([
    { day: '2026-11-10' },
  ]);
  await publish('2026-11-09');
  expect(await idsOf('2026-11-09')).toEqual(['last of the 9th']);
  await publish('2026-11-11');
  expect(await idsOf('2026-11-11')).toEqual(['of the 11th']);
});

test('new objects in the next folder rebuild the day only if they hold rows of it', async () => {
  const before = await project.state('2026-11-10');
  await put('2026-11-11', 'b', at('2026-11-11T15:00:00Z', 'more of the 11th'));
  expect(await publish('2026-11-10')).toEqual([]);
  expect(await project.state('2026-11-10')).toEqual(before);
  await put('2026-11-11', 'c', at('2026-11-10T15:00:00Z', 'later still'));
  // The mean is the same as before, so its rows stay.
  expect(await publish('2026-11-10')).toEqual(['events', 'daily_amounts']);
  expect(await idsOf('2026-11-10')).toContain('later still');
  // Normalized once, the new object serves its own day too.
  const { todo } = await project.attempt().list({ day: '2026-11-11', force: false });
  expect(todo).toBe(0);
});

test('one key in two folders is one row of its day: the first by object and line is kept', async () => {
  await put('2025-12-01', 'a', at('2025-12-01T23:30:00Z', 'sent twice'));
  await put('2025-12-02', 'a', at('2025-12-01T23:30:00Z', 'sent twice'), at('2025-12-02T10:00:00Z', 'once'));
  await publish('2025-12-02');
  expect(await project.rows("SELECT id, _object FROM events WHERE day = '2025-12-02' ORDER BY id")).toEqual([
    { id: 'once', _object: 'raw/2025-12-02/a.json' },
    { id: 'sent twice', _object: 'raw/2025-12-01/a.json' },
  ]);
  expect(await project.app.ledger.dayAccounts('2025-12-02')).toMatchObject([{ rows: 3, loaded: 2, duplicates: 1 }]);
});

test('a row that no window covers is a reject that names its day and the window', async () => {
  await put(
    '2025-12-10',
    'a',
    at('2025-12-08T12:00:00Z', 'too old'),
    at('2025-12-09T12:00:00Z', 'just late enough'),
    at('2025-12-11T12:00:00Z', 'just early enough'),
    at('2025-12-12T12:00:00Z', 'from the future'),
  );
  await publish('2025-12-10');
  const [chunk] = await project.app.ledger.chunksOf('events', '2025-12-10', '2025-12-10');
  const normalizer = [...(chunk?.rowsByDay.keys() ?? [])][0] ?? '';
  const rejects = await project.app.ledger.rejectsOf('events', '2025-12-10', [{ id: chunk?.id ?? '', normalizer }], 10);
  const window = 'is outside of what folder 2025-12-10 may hold: 2025-12-09 to 2025-12-11';
  expect(rejects.map(({ line, reason }) => [line, reason])).toEqual([
    [1, `day 2025-12-08 ${window}`],
    [4, `day 2025-12-12 ${window}`],
  ]);
  expect(chunk?.rowsByDay.get(normalizer)).toEqual({ '2025-12-09': 1, '2025-12-11': 1 });
});
