import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { parseType } from '../../src/core/column-types.js';
import { connectClickHouse, type ClickHouse } from '../../src/io/clickhouse.js';
import { castValue } from '../../src/statements/casts.js';
import { refreshStatement } from '../../src/statements/refresh.js';

let clickhouse: ClickHouse;

beforeAll(() => {
  clickhouse = connectClickHouse(inject('stack').clickhouse);
});
afterAll(async () => {
  await clickhouse.run({ sql: 'DROP TABLE IF EXISTS casts SYNC' });
  await clickhouse.close();
});

const LOST = null;

/** What a SELECT gives, by its type; the type of the table's column; what stands there then. */
const CASTS: readonly (readonly [given: string, wanted: string, cases: readonly (readonly [string, string | null])[]])[] = [
  ['Float64', 'Decimal(10, 2)', [['19.99', '19.99'], ['0.1', '0.1'], ['-4.35', '-4.35'], ['1.005', LOST], ['0.1 + 0.2', LOST], ['1e9', LOST], ['nan', LOST], ['NULL', LOST]]],
  ['Float64', 'Float32', [['0.1', '0.1'], ['1e39', LOST], ['inf', LOST]]],
  ['Float32', 'Float64', [['0.5', '0.5']]],
  ['Float64', 'UInt8', [['5', '5'], ['5.5', LOST], ['256', LOST], ['-1', LOST]]],
  ['Decimal(18, 4)', 'Decimal(10, 2)', [["'1.25'", '1.25'], ["'1.2345'", LOST], ["'100000000'", LOST]]],
  ['Decimal(10, 2)', 'Decimal(18, 4)', [["'1.25'", '1.25']]],
  ['Decimal(10, 2)', 'UInt8', [["'5'", '5'], ["'5.5'", LOST], ["'256'", LOST]]],
  ['Decimal(10, 2)', 'Float64', [["'19.99'", '19.99']]],
  ['Int64', 'UInt32', [['5', '5'], ['-1', LOST], ['70000000000', LOST]]],
  ['UInt64', 'Int64', [['5', '5'], ['18446744073709551615', LOST]]],
  ['Int64', 'Decimal(4, 2)', [['99', '99'], ['100', LOST]]],
  ['UInt8', 'Bool', [['1', 'true'], ['2', LOST]]],
  ['UInt8', 'String', [['7', '7']]],
  ["DateTime64(3, 'UTC')", "DateTime('UTC')", [["'2026-11-05 10:00:00'", '2026-11-05 10:00:00'], ["'2026-11-05 10:00:00.5'", LOST], ["'2200-01-01 00:00:00'", LOST]]],
  ["DateTime64(3, 'UTC')", "DateTime64(3, 'Europe/Berlin')", [["'2026-11-05 10:00:00.5'", '2026-11-05 11:00:00.500']]],
  ["DateTime64(6, 'UTC')", "DateTime64(3, 'UTC')", [["'2026-11-05 10:00:00.123'", '2026-11-05 10:00:00.123'], ["'2026-11-05 10:00:00.123456'", LOST]]],
  ["DateTime64(3, 'UTC')", 'Date', [["'2026-11-05 10:00:00'", LOST], ["'2026-11-05 00:00:00'", '2026-11-05']]],
  ["DateTime('UTC')", "DateTime64(3, 'UTC')", [["'2026-11-05 10:00:00'", '2026-11-05 10:00:00.000']]],
  ['Date32', 'Date', [["'2026-11-05'", '2026-11-05'], ["'2200-01-01'", LOST], ["'1969-12-31'", LOST]]],
  ['Date', 'Date32', [["'2026-11-05'", '2026-11-05']]],
  ['String', 'Date', [["'2026-11-05'", '2026-11-05'], ["'2026-02-30'", LOST], ["'10:00'", LOST]]],
  ['String', 'Decimal(10, 2)', [["'19.99'", '19.99'], ["'1.005'", LOST], ["''", LOST]]],
  ['String', 'UInt8', [["'7'", '7'], ["'256'", LOST], ["'x'", LOST]]],
  ['String', "Enum8('a' = 1)", [["'a'", 'a'], ["'b'", LOST]]],
  ["Enum8('a' = 1)", 'String', [["'a'", 'a']]],
  ['UUID', 'String', [["'c56a4180-65aa-42ec-a945-5fd21dec0538'", 'c56a4180-65aa-42ec-a945-5fd21dec0538']]],
]; // prettier-ignore

test.each(CASTS)('%s reaches a column of %s as the same value, or not at all', async (given, wanted, cases) => {
  const columns = cases.map(([value], index) => {
    const input = `CAST(${value}, 'Nullable(${given.replaceAll("'", "\\'")})')`;
    return `toString(${castValue(input, parseType(given), parseType(wanted))}) AS c${index}`;
  });
  const [row] = await clickhouse.rows<Record<string, string | null>>({ sql: `SELECT ${columns.join(', ')}` });
  expect(cases.map(([value], index) => [value, row?.[`c${index}`]])).toEqual(cases);
});

/** What a model gives, by expression and type; the type of the table's column; what stands there then. */
const MODELS: readonly (readonly [value: string, given: string, wanted: string, stands: string | null])[] = [
  ['19.99', 'Float64', 'Decimal(10, 2)', '19.99'],
  ['0.1 + 0.2', 'Float64', 'Decimal(10, 2)', '0.3'],
  ['23.788099999999997', 'Float64', 'Decimal(10, 2)', '23.79'],
  ['nan', 'Float64', 'Decimal(10, 2)', LOST],
  ["'1.239'", 'Decimal(10, 3)', 'Decimal(10, 2)', LOST],
  ["'1.230'", 'Decimal(10, 3)', 'Decimal(10, 2)', '1.23'],
  ['0.1', 'Float64', 'Float32', '0.1'],
  ['5', 'UInt64', 'Float64', '5'],
  ['7', 'UInt64', 'UInt8', '7'],
  ['-1', 'Int64', 'UInt32', LOST],
  ['256', 'UInt64', 'UInt8', LOST],
  ["'2026-11-05 10:00:00'", "DateTime64(3, 'UTC')", "DateTime('UTC')", '2026-11-05 10:00:00'],
  ["'2200-01-01 10:00:00'", "DateTime64(3, 'UTC')", "DateTime('UTC')", LOST],
  ["'2200-01-01'", 'Date32', 'Date', LOST],
  ['NULL', 'Nullable(Float64)', 'Decimal(10, 2)', LOST],
  ['NULL', 'Nullable(Float64)', 'Nullable(Decimal(10, 2))', '\\N'],
  ["'x'", 'LowCardinality(String)', 'String', 'x'],
];

test.each(MODELS)(
  'a model that gives %s as %s to a column of %s leaves %s there',
  async (value, given, wanted, stands) => {
    const target = { database: 'default', table: 'casts' };
    const columns = [{ name: 'c', type: wanted, defaultKind: '' }];
    const select = `SELECT CAST(${value}, '${given.replaceAll("'", "\\'")}') AS c`;
    await clickhouse.run({ sql: `CREATE OR REPLACE TABLE casts (c ${wanted}) ENGINE = MergeTree ORDER BY tuple()` });
    const selected = [{ name: 'c', type: given, defaultKind: '' }];
    const done = clickhouse.run(refreshStatement(target, columns, { select, selected }, '2026-11-05'));
    if (stands === LOST) {
      await expect(done).rejects.toMatchObject({ type: 'ContractBroken' });
      return;
    }
    await done;
    expect(await clickhouse.rows({ sql: "SELECT ifNull(toString(c), '\\\\N') AS c FROM casts" })).toEqual([
      { c: stands },
    ]);
  },
);
