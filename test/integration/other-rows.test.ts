import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { addDays } from '../../src/shared/day.js';
import { normalizedFolder } from '../../src/shared/names.js';
import { daybook, environment } from '../support/command.js';
import { openDays, type DayProject } from '../support/day.js';
import { keyOf, lines, payment, PAYMENTS, PAYMENTS_CONFIG } from '../support/payments.js';

/* What a build reads without a fingerprint, such as a dictionary, gives other rows of the same SQL and data. */

const DAY = '2026-04-10';
const NEXT = '2026-04-11';
const LOST = '2026-04-14';
const AFTER_LOST = '2026-04-15';
const ROUNDED = '2026-04-18';
const AFTER_ROUNDED = '2026-04-19';
const EMPTIED = '2026-04-22';
const AFTER_EMPTIED = '2026-04-23';
const CHANGED = '2026-04-26';
const AFTER_CHANGED = '2026-04-27';
const TOUCHED_NEXT = { first: NEXT, last: NEXT, days: 1 };

let project: DayProject;
let dictionaries: string;

const table = (name: string, column: string) =>
  `CREATE TABLE ${name} (day Date, ${column}) ENGINE = MergeTree PARTITION BY day ORDER BY day;`;
const rateOf = (name: string) => `dictGet('${dictionaries}.rates', 'rate', '${name}')`;

beforeAll(async () => {
  project = await openDays(inject('stack'), PAYMENTS, PAYMENTS_CONFIG, { worker: true });
  dictionaries = `daybook_${project.name}_rates`;
  const { user, password } = inject('stack').clickhouse.admin;
  await project.admin.run({ sql: `CREATE DATABASE ${dictionaries}` });
  for (const sql of [
    'CREATE TABLE known (name String, rate Float64, at DateTime64(6) DEFAULT now64(6)) ENGINE = ReplacingMergeTree(at) ORDER BY name',
    "INSERT INTO known (name, rate) VALUES ('sum', 1), ('line', 1), ('float', 1)",
    `CREATE DICTIONARY rates (name String, rate Float64) PRIMARY KEY name
     SOURCE(CLICKHOUSE(USER '${user}' PASSWORD '${password}' QUERY 'SELECT name, rate FROM ${dictionaries}.known FINAL'))
     LAYOUT(COMPLEX_KEY_HASHED()) LIFETIME(0)`,
  ])
    await project.admin.run({ sql }, { database: dictionaries });
  await project.write(
    'sql/normalized/events.sql',
    (PAYMENTS['sql/normalized/events.sql'] ?? '').replace(
      'ts, id, amount,',
      `ts, id, toDecimal64(toFloat64(amount) * ${rateOf('line')}, 2) AS amount,`,
    ),
  );
  await project.write(
    'sql/aggregates/daily_amounts.sql',
    `CREATE TABLE daily_amounts (day Date, events UInt32, amount Decimal(18, 2))
     ENGINE = MergeTree PARTITION BY day ORDER BY day;
     SELECT day, count() AS events, toDecimal64(toFloat64(sum(amount)) * ${rateOf('sum')}, 2) AS amount
     FROM events WHERE day = {day:Date} GROUP BY day;`,
  );
  await project.write(
    'sql/aggregates/daily_means.sql',
    `${table('daily_means', 'mean Float64')}
     SELECT day, toFloat64(amount) / events * ${rateOf('float')} AS mean FROM daily_amounts WHERE day = {day:Date};`,
  );
  await project.write(
    'sql/aggregates/running.sql',
    `-- lookback: 1 day
-- holes: allow
     ${table('running', 'total Decimal(18, 2)')}
     SELECT {day:Date} AS day, sum(amount) AS total
     FROM (SELECT total AS amount FROM running UNION ALL SELECT amount FROM daily_amounts WHERE day = {day:Date});`,
  );
  await project.write(
    'sql/aggregates/two_means.sql',
    `-- lookback: 1 day
-- holes: allow
     ${table('two_means', 'mean Float64')}
     SELECT {day:Date} AS day, avg(mean) AS mean FROM daily_means;`,
  );
  await command('apply');
  for (const day of [DAY, LOST, ROUNDED, EMPTIED, CHANGED].flatMap((one) => [one, addDays(one, 1)])) {
    await project.put(keyOf(day, 'a'), lines(payment(day, 'a')));
    expect((await project.run(day)).outcome).toBe('published');
  }
});
afterAll(() => project.close());

const command = async (...args: string[]) => {
  const ended = await daybook([...args, '--project', project.app.project.dir], environment(inject('stack')));
  expect(ended.code, ended.stderr).toBe(0);
  return ended.stdout;
};

async function correct(name: string, rate: number): Promise<void> {
  const params = { name, rate };
  const sql = 'INSERT INTO known (name, rate) VALUES ({name:String}, {rate:Float64})';
  await project.admin.run({ sql, params }, { database: dictionaries });
  await project.admin.run({ sql: 'SYSTEM RELOAD DICTIONARY rates' }, { database: dictionaries });
}

const total = async (day: string) =>
  (await project.rows<{ total: number }>('SELECT total FROM running WHERE day = {day:Date}', { day }))[0]?.total;

test('a forced rebuild with other rows names the later days that read the day, and so does its rollback', async () => {
  expect(await total(NEXT)).toBe(2);
  await correct('sum', 10);
  expect(await project.run(DAY), 'nothing that a build hashes has changed').toMatchObject({ outcome: 'unchanged' });

  expect(await project.run(DAY, true)).toMatchObject({ outcome: 'published', touched: TOUCHED_NEXT });
  expect(await command('plan', '--day', NEXT)).toMatch(/published again since/);
  expect(await project.run(NEXT)).toMatchObject({ outcome: 'published' });
  expect(await total(NEXT)).toBe(11);
  for (const day of [DAY, NEXT]) expect(await project.run(day)).toMatchObject({ outcome: 'unchanged' });
  expect(await project.run(DAY, true), 'the same rows again').toMatchObject({ outcome: 'unchanged', touched: null });

  await correct('sum', 100);
  expect(await project.run(DAY, true)).toMatchObject({ outcome: 'published', touched: TOUCHED_NEXT });
  expect(await project.run(NEXT)).toMatchObject({ outcome: 'published' });
  expect(await total(NEXT)).toBe(101);

  const back = await command('rollback', '--day', DAY);
  expect(back).toContain(`${NEXT} looks back on this day: stale until rebuilt`);
  expect(await project.run(NEXT)).toMatchObject({ outcome: 'published' });
  expect(await total(NEXT)).toBe(11);
  await command('unhold', '--day', DAY);
  for (const day of [DAY, NEXT]) expect(await project.run(day)).toMatchObject({ outcome: 'unchanged' });
  await correct('sum', 1);
});

test('chunks that have expired and are normalized with other results name the later days', async () => {
  const { normalized } = project.app.project.config.store;
  const chunks = await project.app.store.list(
    project.bucket,
    normalizedFolder(normalized, project.name, 'events', LOST),
  );
  await project.app.store.remove(
    project.bucket,
    chunks.map(({ key }) => key),
  );
  await correct('line', 5);
  const touched = { first: AFTER_LOST, last: AFTER_LOST, days: 1 };
  expect(await project.run(LOST, true)).toMatchObject({ outcome: 'published', touched });
  expect(await project.run(LOST)).toMatchObject({ outcome: 'unchanged' });
  expect(await project.run(AFTER_LOST)).toMatchObject({ outcome: 'published' });
  expect(await total(AFTER_LOST)).toBe(6);
  await correct('line', 1);
});

test('rows that differ in the last digits of floats are published, and make no later day stale', async () => {
  const mean = async () => (await project.rows(`SELECT mean FROM daily_means WHERE day = '${ROUNDED}'`))[0];
  await correct('float', 1 + 1e-14);
  expect(await project.run(ROUNDED, true)).toMatchObject({ outcome: 'published', touched: null });
  expect(await mean()).toEqual({ mean: 1 + 1e-14 });
  for (const day of [ROUNDED, AFTER_ROUNDED]) expect(await project.run(day)).toMatchObject({ outcome: 'unchanged' });

  await correct('float', 2);
  const touched = { first: AFTER_ROUNDED, last: AFTER_ROUNDED, days: 1 };
  expect(await project.run(ROUNDED, true)).toMatchObject({ touched });
  expect(await project.run(AFTER_ROUNDED)).toMatchObject({ outcome: 'published' });
  await correct('float', 2 + 1e-14);
  expect(await project.run(ROUNDED, true)).toMatchObject({ outcome: 'published', touched: null });
  for (const day of [ROUNDED, AFTER_ROUNDED]) expect(await project.run(day)).toMatchObject({ outcome: 'unchanged' });
  await correct('float', 1);
});

test('a day that was rolled back to nothing and is built with other rows leaves stale what read the first ones', async () => {
  await command('rollback', '--day', EMPTIED, '--to-empty');
  await command('unhold', '--day', EMPTIED);
  await correct('sum', 10);
  const touched = { first: AFTER_EMPTIED, last: AFTER_EMPTIED, days: 1 };
  expect(await project.run(EMPTIED)).toMatchObject({ outcome: 'published', touched });
  expect(await project.run(EMPTIED)).toMatchObject({ outcome: 'unchanged' });
  expect(await project.run(AFTER_EMPTIED)).toMatchObject({ outcome: 'published' });
  expect(await total(AFTER_EMPTIED)).toBe(11);
  await correct('sum', 1);
});

test('a forced run that replaces rows of another writer leaves stale what may have read them', async () => {
  await project.admin.run({
    sql: `ALTER TABLE ${project.database}.running UPDATE total = total + 5 WHERE day = '${CHANGED}' SETTINGS mutations_sync = 2`,
  });
  await project.put(keyOf(AFTER_CHANGED, 'b'), lines(payment(AFTER_CHANGED, 'b')));
  expect(await project.run(AFTER_CHANGED)).toMatchObject({ outcome: 'published' });
  expect(await total(AFTER_CHANGED), 'the lookback counts rows, and has read the changed ones').toBe(8);

  const touched = { first: AFTER_CHANGED, last: AFTER_CHANGED, days: 1 };
  expect(await project.run(CHANGED, true)).toMatchObject({ published: [{ table: 'running', rows: 1 }], touched });
  expect(await project.run(AFTER_CHANGED)).toMatchObject({ outcome: 'published' });
  expect(await total(AFTER_CHANGED)).toBe(3);
});
