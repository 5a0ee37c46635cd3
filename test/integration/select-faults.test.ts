import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { openDays, type DayProject } from '../support/day.js';
import { keyOf, lines, payment, paymentIds, PAYMENTS, PAYMENTS_CONFIG } from '../support/payments.js';

const DAY = '2026-06-01';
const NORMALIZED = 'sql/normalized/events.sql';

let project: DayProject;

const withColumns = (columns: string, expressions: string) =>
  (PAYMENTS[NORMALIZED] ?? '')
    .replace('note Nullable(String),', `note Nullable(String), ${columns},`)
    .replace('note, if(', `note, ${expressions}, if(`);

beforeAll(async () => {
  const sql = withColumns(
    "number UInt64, small UInt8, level Enum8('low' = 1, 'high' = 3)",
    'toUInt64OrNull(note) AS number, amount * 100 AS small, toInt32(amount) AS level',
  );
  const { events } = PAYMENTS_CONFIG.sources;
  const config = { ...PAYMENTS_CONFIG, sources: { events: { ...events, maxRejects: 10 } } };
  project = await openDays(inject('stack'), { ...PAYMENTS, [NORMALIZED]: sql }, config, { worker: false });
});
afterAll(() => project.close());

test('a value that the SELECT made and its column does not hold rejects the row, with the value and the expression', async () => {
  await project.put(
    keyOf(DAY, 'a'),
    lines(
      payment(DAY, 'good', { note: '7' }),
      payment(DAY, 'word', { note: 'abc' }),
      payment(DAY, 'much', { note: '7', amount: 3 }),
      payment(DAY, 'both', { note: 'abc', amount: 3.005 }),
      payment(DAY, 'no name', { note: '7', amount: 0.5 }),
    ),
  );
  await project.publish(DAY);
  expect(await paymentIds(project, DAY)).toEqual(['good']);
  const rejects = await project.rows<{ line: string; reason: string }>(
    'SELECT line, reason FROM daybook.rejected_rows WHERE project = {project:String} AND day = {day:Date} ORDER BY line',
    { project: project.name, day: DAY },
  );
  expect(Object.fromEntries(rejects.map(({ line, reason }) => [line, reason]))).toEqual({
    2: 'number: missing, UInt64 needs a value, made by toUInt64OrNull(note)',
    3: "small: '300' does not fit UInt8, made by amount * 100",
    4: expect.stringMatching(/^amount: '3.005' does not fit Decimal\(10, 2\)/) as string,
    5: "level: '0' does not fit Enum8('low' = 1, 'high' = 3), made by toInt32(amount)",
  });
});
