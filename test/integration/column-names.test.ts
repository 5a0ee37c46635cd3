import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { openDays, type DayProject } from '../support/day.js';

/** What results of Daybook's own statements, or parts of them, are called. */
const NAMES = [
  'rows',
  'hash',
  'times',
  'how often',
  'duplicates',
  'failing',
  'strays',
  'object',
  'line',
  'text',
  'fate',
  'lines',
  'leaves',
  'part',
  'row',
];
const columns = NAMES.map((name) => `\`${name}\` UInt8`).join(', ');
const list = NAMES.map((name) => `\`${name}\``).join(', ');
const unique = NAMES.filter((name) => /^\w+$/.test(name)).join(', ');

const DAY = '2026-11-05';
let project: DayProject;

beforeAll(async () => {
  project = await openDays(
    inject('stack'),
    {
      'sql/raw/events.sql': `
CREATE TABLE raw_events (id String, ${columns}, _source Tuple(object String, line UInt64, text String, error String))
ENGINE = MergeTree ORDER BY tuple();`,
      'sql/normalized/events.sql': `-- unique: day, id, ${unique}
CREATE TABLE events (day Date, id String, ${columns}, _object String, _line UInt64)
ENGINE = MergeTree PARTITION BY day ORDER BY id;
SELECT toDate('${DAY}') AS day, * FROM raw_events;`,
      'sql/aggregates/daily.sql': `-- unique: day, ${unique}
CREATE TABLE daily (day Date, ${columns}) ENGINE = MergeTree PARTITION BY day ORDER BY day;
SELECT day, ${list} FROM events WHERE day = {day:Date};`,
    },
    {
      timezone: 'UTC',
      sources: {
        events: {
          prefix: 'raw/{YYYY}-{MM}-{DD}/',
          arrival: { before: 0, after: 0 },
          dedupeBy: ['id', ...unique.split(', ')],
        },
      },
    },
    { worker: false },
  );
});
afterAll(() => project.close());

test('columns may have the names that Daybook uses for its own', async () => {
  const row = (id: string, value: number) =>
    JSON.stringify({ id, ...Object.fromEntries(NAMES.map((name) => [name, value])) });
  await project.put(`raw/${DAY}/a.json`, [row('a', 1), row('a', 1)].join('\n'));
  await project.attempt().publish(await project.build(DAY));
  expect(await project.app.ledger.dayAccounts(DAY)).toMatchObject([{ rows: 2, loaded: 1, duplicates: 1 }]);
  expect(await project.rows('SELECT * FROM daily')).toEqual([
    { day: DAY, ...Object.fromEntries(NAMES.map((name) => [name, 1])) },
  ]);
  await project.configure({}, { dedupeBy: [] });
  await expect(project.build(DAY, { force: true })).rejects.toThrow(
    /Test unique events .* found 1 row that must not exist, such as \{"day":"2026-11-05","id":"a",.*"how often":"2"\}/,
  );
});
