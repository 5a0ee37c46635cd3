import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { openDays, type DayProject } from '../support/day.js';

const DAY = '2026-11-05';
const NEXT = '2026-11-06';

const COLUMNS =
  "order_id Nullable(String), ts DateTime64(3, 'UTC'), updated_at Nullable(DateTime64(3, 'UTC')), state String";

let project: DayProject;

beforeAll(async () => {
  project = await openDays(
    inject('stack'),
    {
      'sql/raw/events.sql': `
CREATE TABLE raw_events (${COLUMNS}, _source Tuple(object String, line UInt64, text String, error String))
ENGINE = MergeTree ORDER BY tuple();`,
      'sql/normalized/events.sql': `
CREATE TABLE events (day Date, ${COLUMNS}) ENGINE = MergeTree PARTITION BY day ORDER BY ts;
SELECT toDate(ts) AS day, * FROM raw_events;`,
    },
    {
      timezone: 'UTC',
      sources: {
        events: { prefix: 'raw/{YYYY}-{MM}-{DD}/', arrival: { before: 0, after: 1 }, chunk: { maxObjects: 1 } },
      },
    },
    { worker: false },
  );
  const put = (folder: string, object: string, rows: [id: string | null, updated: string | null, state: string][]) =>
    project.put(
      `raw/${folder}/${object}.json`,
      rows
        .map(([order_id, updated, state]) => {
          const updated_at = updated === null ? null : `${DAY}T${updated}Z`;
          return `${JSON.stringify({ order_id, ts: `${DAY}T12:00:00Z`, updated_at, state })}\n`;
        })
        .join(''),
    );
  await put(DAY, 'a', [
    ['moved', '10:00:00', 'new'],
    ['tied', '10:00:00', 'first'],
    ['tied', '10:00:00', 'second'],
    ['unknown', null, 'no time'],
    ['never', null, 'first'],
    [null, '10:00:00', 'no key'],
  ]);
  await put(DAY, 'b', [
    ['moved', '09:00:00', 'old'],
    ['tied', '10:00:00', 'third'],
    ['unknown', '08:00:00', 'a time'],
    ['never', null, 'second'],
    [null, '10:00:00', 'no key'],
  ]);
  await put(NEXT, 'c', [['moved', '11:00:00', 'paid']]);
});
afterAll(() => project.close());

const BOTH = [
  { order_id: null, state: 'no key' },
  { order_id: null, state: 'no key' },
];

test.each([
  [
    { key: ['order_id'], keep: 'last', by: 'updated_at' },
    { moved: 'paid', tied: 'third', unknown: 'a time', never: 'second' },
  ],
  [
    { key: ['order_id'], keep: 'first', by: 'updated_at' },
    { moved: 'old', tied: 'first', unknown: 'a time', never: 'first' },
  ],
  [['order_id'], { moved: 'new', tied: 'first', unknown: 'no time', never: 'first' }],
])('%j keeps one row of each key, across chunks and folders, and counts the others', async (dedupeBy, kept) => {
  await project.configure({}, { dedupeBy });
  await project.attempt().publish(await project.build(DAY, { force: true }));
  const rows = await project.rows(
    'SELECT order_id, state FROM events WHERE day = {day:Date} ORDER BY order_id, state',
    {
      day: DAY,
    },
  );
  const expected = Object.entries(kept).map(([order_id, state]) => ({ order_id, state }));
  expect(rows).toEqual([...expected.sort((a, b) => (a.order_id < b.order_id ? -1 : 1)), ...BOTH]);
  const [account] = await project.rows(
    `SELECT loaded, duplicates FROM daybook.accounts
     WHERE project = {project:String} AND account = 'day' AND day = {day:Date} ORDER BY at DESC LIMIT 1`,
    { project: project.name, day: DAY },
  );
  expect(account).toEqual({ loaded: '6', duplicates: '6' });
});
