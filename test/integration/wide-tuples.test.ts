import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { openDays, type DayProject } from '../support/day.js';
import { lines } from '../support/payments.js';

const TUPLES = 36;
const FIELDS = 6;
const DAY = '2026-07-01';
const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);
const list = numbers(TUPLES)
  .map(
    (tuple) =>
      `t${tuple} Tuple(${numbers(FIELDS)
        .map((field) => `f${field} Nullable(Int64)`)
        .join(', ')})`,
  )
  .join(',\n  ');

let project: DayProject;

beforeAll(async () => {
  project = await openDays(
    inject('stack'),
    {
      'sql/raw/events.sql': `CREATE TABLE raw_events (id String,\n  ${list},
  _source Tuple(object String, line UInt64, text String, error String)) ENGINE = MergeTree ORDER BY tuple();`,
      'sql/normalized/events.sql': `CREATE TABLE events (day Date, id String,\n  ${list},\n  _object String, _line UInt64)
ENGINE = MergeTree PARTITION BY day ORDER BY id;
SELECT toDate('${DAY}') AS day, * FROM raw_events;`,
    },
    { timezone: 'UTC', sources: { events: { prefix: 'raw/{YYYY}-{MM}-{DD}/', arrival: { before: 0, after: 0 } } } },
    { worker: false },
  );
});
afterAll(() => project.close());

test(`a contract of ${TUPLES} tuples with ${FIELDS} fields each is built and published`, async () => {
  const event = (of: number) =>
    JSON.stringify({
      id: String(of),
      ...Object.fromEntries(
        numbers(TUPLES).map((tuple) => [
          `t${tuple}`,
          Object.fromEntries(numbers(FIELDS).map((field) => [`f${field}`, of * 1000 + tuple * 10 + field])),
        ]),
      ),
    });
  await project.put(`raw/${DAY}/a.json`, lines(event(1), event(2)));
  await project.attempt().publish(await project.build(DAY));
  expect(
    await project.rows('SELECT id, toInt32(t0.f0) AS first, toInt32(t35.f5) AS last FROM events ORDER BY id'),
  ).toEqual([
    { id: '1', first: 1000, last: 1355 },
    { id: '2', first: 2000, last: 2355 },
  ]);
});
