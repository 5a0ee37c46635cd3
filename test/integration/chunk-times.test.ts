import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { openDays, type DayProject } from '../support/day.js';
import { keyOf, lines, payment, PAYMENTS, PAYMENTS_CONFIG } from '../support/payments.js';

const DAY = '2026-06-01';
const RAW = 'sql/raw/events.sql';
const NORMALIZED = 'sql/normalized/events.sql';

let project: DayProject;

beforeAll(async () => {
  const files = {
    ...PAYMENTS,
    [RAW]: (PAYMENTS[RAW] ?? '').replace('note Null', "made Nullable(DateTime64(7, 'UTC')), note Null"),
    [NORMALIZED]: (PAYMENTS[NORMALIZED] ?? '')
      .replace('note Null', "made Nullable(DateTime64(7, 'UTC')), times Array(DateTime64(8, 'UTC')), note Null")
      .replace('note, if(', 'made, if(isNull(made), [], [assumeNotNull(made)]) AS times, note, if('),
  };
  const { events } = PAYMENTS_CONFIG.sources;
  project = await openDays(inject('stack'), files, { ...PAYMENTS_CONFIG, sources: { events: { ...events, maxRejects: 9 } } }, { worker: false });
}); // prettier-ignore
afterAll(() => project.close());

test('times of seven digits that Parquet cannot hold reject their rows, and no others', async () => {
  const made = ['0001-01-01T00:00:00.0000000Z', '2026-01-01T00:00:00.1234567Z', '2262-04-11T23:47:16.8547758Z', '2262-04-11T23:47:16.8547759Z', '1677-09-21T00:12:44Z', '1677-09-21T00:12:43Z']; // prettier-ignore
  await project.put(keyOf(DAY, 'a'), lines(...made.map((at, index) => payment(DAY, String(index), { made: at }))));
  await project.publish(DAY);
  expect(await project.rows('SELECT id, toString(made) AS made, toString(times[1]) AS first FROM events ORDER BY id')).toEqual([
    { id: '1', made: '2026-01-01 00:00:00.1234567', first: '2026-01-01 00:00:00.12345670' },
    { id: '2', made: '2262-04-11 23:47:16.8547758', first: '2262-04-11 23:47:16.85477580' },
    { id: '4', made: '1677-09-21 00:12:44.0000000', first: '1677-09-21 00:12:44.00000000' },
  ]); // prettier-ignore
  const rejects = await project.rows<{ line: string; reason: string }>(
    'SELECT line, reason FROM daybook.rejected_rows WHERE project = {project:String} ORDER BY line',
    { project: project.name },
  );
  expect(rejects.map(({ line }) => Number(line))).toEqual([1, 4, 6]);
  expect(rejects[0]?.reason).toContain(
    "made: '0001-01-01 00:00:00.0000000' does not fit Nullable(DateTime64(7, 'UTC'))",
  );
});
