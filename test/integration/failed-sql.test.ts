import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { repositoryText } from '../support/compose.js';
import { openDays, type DayProject } from '../support/day.js';
import { keyOf, lines, payment, PAYMENTS, PAYMENTS_CONFIG } from '../support/payments.js';

const DAY = '2026-02-01';
const MODEL = 'sql/aggregates/daily_amounts.sql';
const NORMALIZED = 'sql/normalized/events.sql';
const TEST = 'sql/tests/no_forbidden_note.sql';

let project: DayProject;
beforeAll(async () => {
  project = await openDays(inject('stack'), PAYMENTS, PAYMENTS_CONFIG);
  await project.put(keyOf(DAY, 'a'), lines(payment(DAY, 'a', { note: 'x1' })));
});
afterAll(() => project.close());

/** Edits a file, runs the day, and puts the file back; returns the message of the failed day. */
async function failedWith(path: string, before: string, after: string): Promise<string> {
  const text = PAYMENTS[path] ?? '';
  expect(text).toContain(before);
  await project.write(path, text.replace(before, after));
  const { message } = await project.fail(DAY, true);
  await project.write(path, text);
  return message;
}

test('SQL that fails while it runs is named by file and line, after the words of ClickHouse and its suggestion', async () => {
  expect(await failedWith(MODEL, 'count() AS events,', "\n  toUInt32(throwIf(count() > 0, 'no!')) AS events,")).toMatch(
    /refresh daily_amounts of 2026-02-01: ClickHouse says 395 \(\w+\): no!.* See sql\/aggregates\/daily_amounts\.sql:5\. Once fixed, run: npx daybook run --day 2026-02-01 --force$/,
  );
  expect(await failedWith(MODEL, 'sum(amount) AS amount', 'sum(toUInt8(id)) AS amount')).toMatch(
    /Cannot parse string 'a' as UInt8: .*there are toUInt8OrZero and toUInt8OrNull functions.* See sql\/aggregates\/daily_amounts\.sql:4\. Once fixed/,
  );
  expect(
    await failedWith(NORMALIZED, 'ts, id, amount,', "ts, if(throwIf(note = 'x1') = 0, id, '') AS id, amount,"),
  ).toMatch(/normalize 1 objects of events.* See sql\/normalized\/events\.sql:5\. Once fixed/);
  expect(await failedWith(TEST, "note = 'forbidden'", 'toUInt8(id) = 1')).toMatch(
    /test no_forbidden_note: .*toUInt8OrNull.* See sql\/tests\/no_forbidden_note\.sql:1\. Once fixed/,
  );
});

test('the statement of a failed step is found as documented', async () => {
  const [, statement = ''] = /```sql\n(SELECT query[^`]*)```/.exec(repositoryText('docs/operating.md')) ?? [];
  expect(statement).toContain('daybook/shop/day/2026-11-05/');
  await project.admin.run({ sql: 'SYSTEM FLUSH LOGS query_log' });
  const own = statement.replace('daybook/shop/day/2026-11-05/', `daybook/${project.name}/day/${DAY}/`).replace(';', '');
  expect(await project.admin.rows({ sql: own })).toEqual([
    {
      query: expect.stringContaining('toUInt8(id) = 1') as string,
      exception: expect.stringContaining("string 'a' as UInt8") as string,
    },
  ]);
});
