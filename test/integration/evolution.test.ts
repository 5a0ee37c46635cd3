import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { apply } from '../../src/cli/apply/index.js';
import type { TableChange } from '../../src/project/apply/apply.js';
import { daybook, environment } from '../support/command.js';
import { openDays, type DayProject } from '../support/day.js';
import { keyOf, lines, payment, PAYMENTS, PAYMENTS_CONFIG } from '../support/payments.js';

const MODEL = 'sql/aggregates/daily_amounts.sql';
const DAY = '2026-05-01';

let project: DayProject;

beforeAll(async () => {
  project = await openDays(inject('stack'), PAYMENTS, PAYMENTS_CONFIG);
  await project.put(keyOf(DAY, 'a'), lines(payment(DAY, 'a'), payment(DAY, 'b', { amount: 2 })));
  await project.run(DAY);
});
afterAll(() => project.close());

const model = (columns: string, rest = '', select = 'day, count() AS events, sum(amount) AS amount') =>
  project.write(
    MODEL,
    `CREATE TABLE daily_amounts (${columns}) ENGINE = MergeTree PARTITION BY day ORDER BY day ${rest};
SELECT ${select} FROM events WHERE day = {day:Date} GROUP BY day;`,
  );
/** The model as the first test leaves it. */
const GROWN =
  "day Date, largest Decimal(10, 2) DEFAULT 0, events UInt32, amount Decimal(18, 2), note String DEFAULT ''";

beforeEach(() => model(GROWN));

/** Runs `apply`; answers the statements that it showed first, and what it said it did. */
async function applied(...allowLoss: string[]) {
  const shown: string[] = [];
  const show = (changes: TableChange[]) => {
    shown.push(...changes.flatMap(({ statements }) => statements));
  };
  const done = await apply(project.app, show, allowLoss);
  return { shown: shown.map((sql) => sql.replaceAll('`', '').replaceAll(`${project.database}.`, '')), done };
}

const definition = async (table = 'daily_amounts') =>
  (
    await project.rows<{ sql: string }>(
      `SELECT create_table_query AS sql FROM system.tables WHERE database = currentDatabase() AND name = '${table}'`,
    )
  )[0]?.sql ?? '';

test("new columns are added in the file's order; older days keep their rows, and are stale by code", async () => {
  await model(GROWN, '', 'day, count() AS events, sum(amount) AS amount, toDecimal64(2, 2) AS largest');
  const before = await project.state(DAY);
  const { shown, done } = await applied();
  expect(shown).toEqual([
    'ALTER TABLE daily_amounts ADD COLUMN largest Decimal(10, 2) DEFAULT 0 AFTER day',
    "ALTER TABLE daily_amounts ADD COLUMN note String DEFAULT '' AFTER amount",
  ]);
  expect(done).toEqual([`altered ${project.database}.daily_amounts`]);
  expect(await applied()).toEqual({ shown: [], done: [] });
  expect((await project.state(DAY)).publishes).toEqual(before.publishes);
  expect(await project.rows('SELECT * FROM daily_amounts')).toEqual([
    { day: DAY, largest: 0, events: 2, amount: 3, note: '' },
  ]);

  const looked = await project.run(DAY);
  expect(looked.outcome).toBe('unchanged');
  expect(looked.notes).toEqual([
    `stale by code: daily_amounts; rebuild with: npx daybook backfill --start ${DAY} --end ${DAY}`,
  ]);
  expect((await project.run(DAY, true)).outcome).toBe('published');
  expect(await project.rows('SELECT largest, events FROM daily_amounts')).toEqual([{ largest: 2, events: 2 }]);
});

test('comments, codecs and settings are changed in place, and removed again', async () => {
  const before = await definition();
  await model(
    GROWN.replace('events UInt32', "events UInt32 COMMENT 'all of the user\\'s' CODEC(ZSTD(3))"),
    "SETTINGS min_bytes_for_wide_part = 1000000 COMMENT 'By day'",
  );
  expect((await applied()).shown).toEqual([
    "ALTER TABLE daily_amounts COMMENT COLUMN events 'all of the user\\'s'",
    'ALTER TABLE daily_amounts MODIFY COLUMN events CODEC(ZSTD(3))',
    "ALTER TABLE daily_amounts MODIFY COMMENT 'By day'",
    'ALTER TABLE daily_amounts MODIFY SETTING min_bytes_for_wide_part = 1000000',
  ]);
  expect((await applied()).shown).toEqual([]);
  await model(GROWN);
  expect((await applied()).shown).toHaveLength(4);
  expect(await definition()).toBe(before);
});

test.each([
  ['a dropped column', GROWN.replace(", note String DEFAULT ''", ''), '', 'column note is not in the file'],
  ['a changed type', GROWN.replace('UInt32', 'UInt64'), '', 'column events is UInt32, the file says UInt64'],
  ['a changed default', GROWN.replace('DEFAULT 0', 'DEFAULT 1'), '', 'column largest has DEFAULT 0'],
  ['a constraint', `${GROWN}, CONSTRAINT some CHECK events > 0`, '', 'it lacks the CONSTRAINT some CHECK events > 0'],
  [
    'another order of columns',
    GROWN.replace('events UInt32, amount Decimal(18, 2)', 'amount Decimal(18, 2), events UInt32'),
    '',
    'column amount has another position in the file',
  ],
  ['an index', `${GROWN}, INDEX i events TYPE minmax GRANULARITY 1`, '', 'which no known ALTER'],
  ['a setting that parts depend on', GROWN, 'SETTINGS index_granularity = 100', 'the engine refuses MODIFY SETTING'],
])('%s is refused by name, and nothing is changed, not even what could be', async (_, columns, rest, complaint) => {
  await model(`${columns}, more String DEFAULT ''`, rest);
  await project.write(
    'sql/aggregates/daily_new.sql',
    `CREATE TABLE daily_new (day Date) ENGINE = MergeTree PARTITION BY day ORDER BY day;
SELECT day FROM events WHERE day = {day:Date} GROUP BY day;`,
  );
  const before = await definition();
  const message = await applied().catch((error: unknown) => (error as Error).message);
  expect(message).toContain(`${project.database}.daily_amounts: `);
  expect(message).toContain(complaint);
  expect(message).toContain('nothing was changed');
  expect([await definition(), await definition('daily_new')]).toEqual([before, '']);
  expect((await project.fail(DAY)).message).toContain('Run: npx daybook apply');
  await model(GROWN);
  expect(await applied()).toMatchObject({ done: [`created ${project.database}.daily_new`] });
  await project.admin.run({ sql: `DROP TABLE ${project.database}.daily_new SYNC` });
  await rm(join(project.app.project.dir, 'sql/aggregates/daily_new.sql'));
});

test('another key or partition is refused', async () => {
  await project.write(
    MODEL,
    `CREATE TABLE daily_amounts (${GROWN}) ENGINE = MergeTree PARTITION BY day ORDER BY (day, events);
SELECT day, count() AS events, sum(amount) AS amount FROM events WHERE day = {day:Date} GROUP BY day;`,
  );
  await expect(applied()).rejects.toThrow('its ORDER BY is day, the file says day, events');
});

const RAW = 'sql/raw/events.sql';
const CONTRACT = PAYMENTS[RAW] ?? '';

test('a contract changes in every column by ALTER alone, and is refused while its table holds rows', async () => {
  const { database } = project;
  const created = () =>
    project.rows<{ uuid: string }>(
      "SELECT uuid FROM system.tables WHERE database = currentDatabase() AND name = 'raw_events'",
    );
  const before = [await definition('raw_events'), await created()];
  await project.write(
    RAW,
    CONTRACT.replace('id String,', 'colour Nullable(String), id String,')
      .replace('amount Decimal(10, 2), note', "amount Decimal(12, 4) COMMENT 'in euro', note")
      .replace('ts DateTime64', 'late Bool, ts DateTime64'),
  );
  expect(await applied()).toEqual({
    shown: [
      'ALTER TABLE raw_events ADD COLUMN colour Nullable(String) FIRST',
      'ALTER TABLE raw_events ADD COLUMN late Bool AFTER id',
      'ALTER TABLE raw_events DROP COLUMN amount',
      "ALTER TABLE raw_events ADD COLUMN amount Decimal(12, 4) COMMENT 'in euro' AFTER ts",
    ],
    done: [`altered ${database}.raw_events`],
  });
  expect(await applied()).toEqual({ shown: [], done: [] });
  await project.admin.run({ sql: `INSERT INTO ${database}.raw_events (id) VALUES ('by hand')` });
  await project.write(RAW, CONTRACT);
  await expect(applied()).rejects.toThrow('a contract must be empty, but this table holds 1 rows');
  await project.admin.run({ sql: `TRUNCATE TABLE ${database}.raw_events` });
  expect((await applied()).shown).toEqual([
    'ALTER TABLE raw_events DROP COLUMN amount',
    'ALTER TABLE raw_events ADD COLUMN amount Decimal(10, 2) AFTER ts',
    'ALTER TABLE raw_events DROP COLUMN colour',
    'ALTER TABLE raw_events DROP COLUMN late',
  ]);
  expect([await definition('raw_events'), await created()]).toEqual(before);

  await project.write(RAW, CONTRACT.replace('ORDER BY tuple()', 'ORDER BY id'));
  await expect(applied()).rejects.toThrow('A table without rows, such as a contract, can be dropped at once');
  await project.write(RAW, CONTRACT);
});

test('apply --dry-run prints the statements and changes nothing', async () => {
  await model(`${GROWN}, more String DEFAULT ''`);
  const before = await definition();
  const run = (...args: string[]) =>
    daybook(['apply', ...args, '--project', project.app.project.dir], environment(inject('stack')));
  const dry = await run('--dry-run');
  expect(dry.stdout).toContain("ADD COLUMN `more` String DEFAULT '' AFTER `note`;");
  expect(dry.stdout).toContain('Nothing was changed.');
  expect(await definition()).toBe(before);
  const wet = await run();
  expect(wet.stdout.indexOf('ADD COLUMN')).toBeLessThan(
    wet.stdout.indexOf(`altered ${project.database}.daily_amounts`),
  );
  expect(wet.stdout).toContain('npx daybook plan');
  expect(await definition()).toContain('`more` String');
});

test('a change that loses values is made only if its table is named; otherwise it is refused with that command', async () => {
  const { database } = project;
  const dir = project.app.project.dir;
  const run = (...args: string[]) => daybook([...args, '--project', dir], environment(inject('stack')));
  await model(GROWN);
  expect((await run('apply', '--allow-loss', 'daily_amounts')).code).toBe(0);
  expect((await project.run(DAY, true)).outcome).toBe('published');

  await model('day Date, events UInt64, largest Decimal(10, 2) DEFAULT 1, amount Decimal(18, 2)');
  const refused = await run('apply');
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain('run without --dry-run: npx daybook apply --dry-run --allow-loss daily_amounts');
  expect((await run('apply', '--allow-loss', 'daily_means')).code).toBe(1);
  expect((await run('apply', '--allow-loss', 'daily_amount')).stderr).toContain(
    "no table 'daily_amount'. Its tables: ",
  );
  const shown = [
    '-- daily_amounts: column events is UInt32, the file says UInt64',
    '-- daily_amounts: column events has another position in the file',
    '-- daily_amounts: column largest has DEFAULT 0, the file says DEFAULT 1',
    '-- daily_amounts: column note is not in the file: dropping it loses its values',
    `ALTER TABLE \`${database}\`.\`daily_amounts\` MODIFY COLUMN \`events\` UInt64 AFTER \`day\`;`,
    `ALTER TABLE \`${database}\`.\`daily_amounts\` MODIFY COLUMN \`largest\` Decimal(10, 2) DEFAULT 1;`,
    `ALTER TABLE \`${database}\`.\`daily_amounts\` DROP COLUMN \`note\`;`,
  ];
  const before = await definition();
  const dry = await run('apply', '--dry-run', '--allow-loss', 'daily_amounts');
  expect(dry.stdout.split('\n')).toEqual([...shown, 'Nothing was changed.']);
  expect(await definition()).toBe(before);
  const wet = await run('apply', '--allow-loss', 'daily_amounts');
  expect(wet.stdout.split('\n').slice(0, -1)).toEqual([
    ...shown,
    `altered ${database}.daily_amounts`,
    'Applied 1 change.',
  ]);
  expect(wet.stdout).toContain(`Rebuild them: npx daybook backfill --start ${DAY} --end ${DAY}`);

  expect((await run('verify', '--day', DAY)).stdout).toContain('has no note');
  expect(await project.backfill({ start: DAY, end: DAY })).toMatchObject({ outcome: 'published' });
  expect((await run('verify', '--day', DAY)).code).toBe(0);
  expect(await project.rows('SELECT * FROM daily_amounts')).toEqual([{ day: DAY, events: '2', largest: 1, amount: 3 }]);
});

test('a type to which existing values do not convert is refused, and the table stays readable', async () => {
  const columns = 'day Date, events UInt64, largest Decimal(10, 2) DEFAULT 1, amount Decimal(18, 2)';
  await model(`${columns}, label Nullable(String) DEFAULT NULL, code Nullable(String) DEFAULT NULL`);
  await applied();
  await project.admin.run({
    sql: `INSERT INTO ${project.database}.daily_amounts (day, label, code) VALUES ('${DAY}', 'two', '2'), ('${DAY}', NULL, NULL)`,
  });
  await model(`${columns}, label UInt32 DEFAULT 0, code UInt32 DEFAULT 0`);
  const before = await definition();
  await expect(applied('daily_amounts')).rejects.toThrow('column label holds values that do not convert to UInt32');
  expect(await definition()).toBe(before);
  await model(`${columns}, code UInt32 DEFAULT 0`);
  expect((await applied('daily_amounts')).shown).toEqual([
    'ALTER TABLE daily_amounts MODIFY COLUMN code UInt32 DEFAULT 0',
    'ALTER TABLE daily_amounts DROP COLUMN label',
  ]);
  expect(await project.rows('SELECT code FROM daily_amounts ORDER BY code')).toEqual([
    { code: 0 },
    { code: 0 },
    { code: 2 },
  ]);
});
