import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { daybook, environment } from '../support/command.js';
import { openDays, type DayProject } from '../support/day.js';
import { keyOf, lines, payment, PAYMENTS, PAYMENTS_CONFIG } from '../support/payments.js';

/* Functions that users define in ClickHouse are part of the SQL that names them. */

const DAY = '2026-04-10';
const OLD = '2026-04-13';
const NORMALIZED = PAYMENTS['sql/normalized/events.sql'] ?? '';

let project: DayProject;
let name: (of: string) => string;

beforeAll(async () => {
  project = await openDays(inject('stack'), PAYMENTS, PAYMENTS_CONFIG);
  name = (of) => `${project.name}_${of}`;
  await define('tax', 'x * 2');
  await define('net', `${name('tax')}(x) + 1`);
  await define('mean', 'x * 1.');
  await define('is_wrong', 'x < 0');
  await define('unused', 'x');
  await project.write(
    'sql/normalized/events.sql',
    NORMALIZED.replace(' amount, note,', ` ${name('net')}(amount) AS amount, note,`),
  );
  await project.write(
    'sql/aggregates/daily_means.sql',
    (PAYMENTS['sql/aggregates/daily_means.sql'] ?? '').replace(
      'toFloat64(amount) / events',
      `arrayElement(arrayMap(${name('mean')}, [toFloat64(amount) / events]), 1)`,
    ),
  );
  await project.write(
    'sql/tests/right_amounts.sql',
    `SELECT id FROM events WHERE day = {day:Date} AND ${name('is_wrong')}(amount);`,
  );
});
afterAll(async () => {
  const functions = ['net', 'tax', 'mean', 'is_wrong', 'unused'].map((of) => name(of));
  for (const of of functions) await project.admin.run({ sql: `DROP FUNCTION IF EXISTS ${of}` });
  await project.close();
});

const define = (of: string, body: string) =>
  project.admin.run({ sql: `CREATE OR REPLACE FUNCTION ${name(of)} AS (x) -> ${body}` });
const amounts = async (day: string) =>
  (await project.rows<{ amount: number }>('SELECT amount FROM events WHERE day = {day:Date} ORDER BY id', { day })).map(
    ({ amount }) => amount,
  );
const plan = async (day: string) =>
  (await daybook(['plan', '--day', day, '--project', project.app.project.dir], environment(inject('stack')))).stdout;

test('a function that another one calls was replaced: late data builds the whole day by the new one', async () => {
  for (const day of [OLD, DAY]) {
    await project.put(keyOf(day, 'a'), lines(payment(day, 'a')));
    expect(await project.run(day)).toMatchObject({ outcome: 'published' });
  }
  await define('unused', 'x + 1');
  for (const day of [OLD, DAY]) expect(await project.run(day)).toMatchObject({ outcome: 'unchanged', notes: [] });
  await define('tax', 'x * 3');
  await project.put(keyOf(DAY, 'b'), lines(payment(DAY, 'b')));
  expect(await project.run(DAY)).toMatchObject({ outcome: 'published', normalized: { chunks: 2 } });
  expect(await amounts(DAY)).toEqual([4, 4]);
});

test('a day made with the earlier function is stale by code, and a forced run replaces its rows', async () => {
  expect(await plan(OLD)).toMatch(/stale \(code\)\n +events: /);
  expect(await amounts(OLD)).toEqual([3]);
  expect(await project.run(OLD, true)).toMatchObject({ outcome: 'published', normalized: { chunks: 1 } });
  expect(await amounts(OLD)).toEqual([4]);
  expect(await project.run(OLD)).toMatchObject({ outcome: 'unchanged', notes: [] });
});

test('a function that a model passes on by name makes the model stale by code, and nothing else', async () => {
  await define('mean', 'x * 2.');
  const { notes } = await project.run(OLD);
  expect(notes).toEqual([expect.stringMatching(/^stale by code: daily_means; rebuild with: /)]);
});

test('a test whose function was replaced runs again on published days', async () => {
  await project.run(OLD, true);
  await define('is_wrong', 'x > 0');
  expect(await project.fail(OLD)).toMatchObject({ cause: 'TestFailed' });
});

test('a function that is replaced while a day is being built fails the chunk or the publish, and nothing is mixed', async () => {
  const day = '2026-04-16';
  await define('is_wrong', 'x < 0');
  await project.put(keyOf(day, 'a'), lines(payment(day, 'a')));
  await project.put(keyOf(day, 'b'), lines(payment(day, 'b')));
  const act = project.attempt();
  const { build } = await act.list({ day, force: false });
  await act.normalize({ build, chunk: 0 });
  await define('tax', 'x * 4');
  await expect(act.normalize({ build, chunk: 1 })).rejects.toMatchObject({
    type: 'FunctionReplaced',
    message: expect.stringContaining(`The SQL function ${name('tax')} was replaced`) as string,
  });
  const later = await project.build(day);
  await define('mean', 'x * 3.');
  await expect(act.publish(later)).rejects.toMatchObject({ type: 'FunctionReplaced' });
  expect((await project.state(day)).publishes).toEqual([]);

  expect(await project.run(day)).toMatchObject({ outcome: 'published' });
  expect(await amounts(day)).toEqual([5, 5]);
});
