import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { refreshStatement } from '../../activities/refresh/statements.js';
import { connectClickHouse, type ClickHouse } from '../../src/clickhouse/client.js';
import { literal } from '../../src/clickhouse/text.js';
import { castComposite, castValue } from '../../src/conversions/casts.js';
import { parseType } from '../../src/conversions/column-types.js';
import { holding } from '../../src/conversions/conversions.js';
import { connectAdmin } from '../support/stack.js';

let clickhouse: ClickHouse;
let admin: ClickHouse;

beforeAll(() => {
  clickhouse = connectClickHouse(inject('stack').clickhouse);
  admin = connectAdmin(inject('stack'));
});
afterAll(async () => {
  await admin.run({ sql: 'DROP TABLE IF EXISTS casts SYNC' });
  await admin.close();
  await clickhouse.close();
});

const LOST = null;

/** A value of a SELECT, by its type; the type of the table's column; the value stored in it. */
const CASTS: readonly (readonly [given: string, wanted: string, cases: readonly (readonly [string, string | null])[]])[] = [
  ['Float64', 'Decimal(10, 2)', [['19.99', '19.99'], ['0.1', '0.1'], ['-4.35', '-4.35'], ['1.005', LOST], ['0.1 + 0.2', LOST], ['1e9', LOST], ['nan', LOST], ['NULL', LOST]]],
  ['Float64', 'Float32', [['0.1', '0.1'], ['1e39', LOST], ['inf', 'inf']]],
  ['Float32', 'Float64', [['0.5', '0.5']]],
  ['Float64', 'Float32', [['nan', 'nan'], ['16777216', '16777216'], ['16777217', LOST], ['1e-60', LOST]]],
  ['Int64', 'Float64', [['9007199254740992', '9007199254740992'], ['9007199254740993', LOST]]],
  ['Int32', 'Float32', [['16777216', '16777216'], ['16777217', LOST]]],
  ['Decimal(10, 2)', 'String', [["'1.10'", '1.10']]],
  ["DateTime64(6, 'UTC')", "DateTime64(9, 'UTC')", [["'2026-11-05 10:00:00.5'", '2026-11-05 10:00:00.500000000'], ["'9999-12-31 00:00:00'", LOST]]],
  ['Float64', 'Int128', [['9007199254740992', '9007199254740992'], ['1e22', LOST]]],
  ['Float64', 'UInt8', [['5', '5'], ['5.5', LOST], ['256', LOST], ['-1', LOST]]],
  ['Decimal(18, 4)', 'Decimal(10, 2)', [["'1.25'", '1.25'], ["'1.2345'", LOST], ["'100000000'", LOST]]],
  ['Decimal(10, 2)', 'Decimal(18, 4)', [["'1.25'", '1.25']]],
  ['Decimal(18, 2)', 'Decimal(10, 2)', [["'-99999999.99'", '-99999999.99'], ["'100000000'", LOST], ["'-100000000'", LOST], ['NULL', LOST]]],
  ['Decimal(9, 2)', 'Decimal(11, 4)', [["'9999999.99'", '9999999.99'], ["toDecimal32('9999999.99', 2) + toDecimal32('1', 2)", LOST]]],
  ['Decimal(9, 2)', 'Decimal(18, 4)', [["toDecimal32('9999999.99', 2) + toDecimal32('1', 2)", '10000000.99']]],
  ['Decimal(38, 10)', 'Decimal(76, 60)', [["'1.0000000001'", '1.0000000001'], ["'99999999999999999'", LOST]]],
  ['UInt64', 'Decimal(18, 2)', [['9999999999999999', '9999999999999999'], ['10000000000000000', LOST], ['18446744073709551615', LOST]]],
  ['Int64', 'Decimal(76, 57)', [['-9223372036854775808', '-9223372036854775808']]],
  ['Bool', 'Decimal(4, 2)', [['true', LOST]]],
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
  ["Enum8('a' = 1, 'b' = 2)", "Enum8('b' = 1, 'a' = 2)", [["'a'", 'a'], ["'b'", 'b']]],
  ["Enum8('a' = 1, 'b' = 2)", "Enum16('b' = 1000, 'x' = 1)", [["'a'", LOST], ["'b'", 'b']]],
  ['Int32', "Enum8('a' = 1, '= 3' = -2)", [['1', 'a'], ['-2', '= 3'], ['3', LOST], ['2', LOST], ['257', LOST], ['NULL', LOST]]],
  ['UInt64', "Enum16('a' = 1, 'b' = 1000)", [['1000', 'b'], ['7', LOST], ['18446744073709551615', LOST]]],
  ["Enum8('a' = 1)", 'UInt8', [["'a'", '1']]],
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

/** A value of a SELECT, as an expression of its type; the type of the table's column; the value stored in it. */
const COMPOSITES: readonly (readonly [value: string, given: string, wanted: string, stored: string | null])[] = [
  ['[1, 255]', 'Array(Int64)', 'Array(UInt8)', '[1,255]'],
  ['[300, 1]', 'Array(Int64)', 'Array(UInt8)', LOST],
  ['[-1]', 'Array(Int64)', 'Array(Nullable(UInt8))', LOST],
  ["['a', NULL]", 'Array(Nullable(String))', 'Array(String)', LOST],
  ["['a', NULL]", 'Array(Nullable(String))', 'Array(Nullable(String))', "['a',NULL]"],
  ["['a']", 'Array(LowCardinality(String))', 'Array(String)', "['a']"],
  ["['2026-02-28']", 'Array(String)', 'Array(Date)', "['2026-02-28']"],
  ["['2026-02-30']", 'Array(String)', 'Array(Date)', LOST],
  ['[19.99]', 'Array(Float64)', 'Array(Decimal(10, 2))', '[19.99]'],
  ['[1.005]', 'Array(Float64)', 'Array(Decimal(10, 2))', LOST],
  ["['2026-11-05 10:00:00.5']", "Array(DateTime64(3, 'UTC'))", "Array(DateTime('UTC'))", LOST],
  ['[[1], [2, 3]]', 'Array(Array(UInt64))', 'Array(Array(UInt8))', '[[1],[2,3]]'],
  ['[[1], [256]]', 'Array(Array(UInt64))', 'Array(Array(UInt8))', LOST],
  ['[]', 'Array(Nothing)', 'Array(Array(UInt8))', '[]'],
  ["map('a', 7)", 'Map(String, UInt64)', 'Map(String, UInt8)', "{'a':7}"],
  ["map('a', 70000)", 'Map(String, UInt64)', 'Map(String, UInt8)', LOST],
  ["map('a', NULL)", 'Map(String, Nullable(UInt8))', 'Map(String, UInt8)', LOST],
  ['map(7, 7)', 'Map(UInt64, UInt64)', 'Map(UInt8, UInt8)', "{'7':7}"],
  ['map(300, 7)', 'Map(UInt64, UInt64)', 'Map(UInt8, UInt8)', LOST],
  ["map('a', [1])", 'Map(String, Array(UInt64))', 'Map(String, Array(UInt8))', "{'a':[1]}"],
  ["map('a', [256])", 'Map(String, Array(UInt64))', 'Map(String, Array(UInt8))', LOST],
  ['map()', 'Map(Nothing, Nothing)', 'Map(String, UInt8)', '{}'],
  ["(7, 'x')", 'Tuple(a UInt64, b String)', 'Tuple(b String, a UInt8)', "('x',7)"],
  ["(300, 'x')", 'Tuple(a UInt64, b String)', 'Tuple(a UInt8, b String)', LOST],
  ["(7, 'x')", 'Tuple(UInt64, String)', 'Tuple(a UInt8, b String)', "(7,'x')"],
  ["(7, 'x')", 'Tuple(UInt64, String)', 'Tuple(UInt8, String)', "(7,'x')"],
  ["(NULL, 'x')", 'Tuple(a Nullable(UInt8), b String)', 'Tuple(a UInt8, b String)', LOST],
  ['if(materialize(0), (7, 8), NULL)', 'Nullable(Tuple(a UInt8, b UInt8))', 'Tuple(a UInt8, b UInt8)', LOST],
  ["[(7, map('a', [8]))]", 'Array(Tuple(n UInt64, m Map(String, Array(UInt64))))', 'Array(Tuple(n UInt8, m Map(String, Array(UInt8))))', "[(7,{'a':[8]})]"],
  ["[(7, map('a', [256]))]", 'Array(Tuple(n UInt64, m Map(String, Array(UInt64))))', 'Array(Tuple(n UInt8, m Map(String, Array(UInt8))))', LOST],
]; // prettier-ignore

test.each(COMPOSITES)('%s as %s reaches a column of %s whole, or not at all', async (value, given, wanted, stored) => {
  const input = `CAST(${value}, ${literal(given)})`;
  const { value: cast, fault = "''" } = castComposite('v', parseType(given), parseType(wanted));
  const held = `CAST(${cast}, ${literal(holding(parseType(wanted)))})`;
  const sql = `SELECT toString(${held}) AS value, toBool(${fault} != '') AS lost FROM (SELECT materialize(${input}) AS v)`;
  // An expression may be a Nullable Tuple; only writing that type down has to be allowed.
  const settings = { enable_nullable_tuple_type: 1 };
  const [row] = await clickhouse.rows<{ value: string; lost: boolean }>({ sql, settings });
  expect(row?.lost ? LOST : row?.value).toBe(stored);
});

/** A value of a model, by expression and type; the type of the table's column; the value stored in it. */
const MODELS: readonly (readonly [value: string, given: string, wanted: string, stored: string | null])[] = [
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
  ['2', 'UInt8', "Enum8('a' = 1, 'b' = 2)", 'b'],
  ['3', 'UInt8', "Enum8('a' = 1, 'b' = 2)", LOST],
  ["'a'", "Enum8('a' = 1, 'b' = 2)", "Enum8('b' = 1, 'a' = 2)", 'a'],
  ["['a', 'b']", "Array(Enum8('a' = 1, 'b' = 2))", "Array(Enum8('b' = 1, 'a' = 2))", "['a','b']"],
  ['[43, 44]', 'Array(UInt64)', 'Array(UInt8)', '[43,44]'],
  ['[299, 300]', 'Array(UInt64)', 'Array(UInt8)', LOST],
  ['[0.1 + 0.2]', 'Array(Float64)', 'Array(Decimal(10, 2))', '[0.3]'],
  ['[nan]', 'Array(Float64)', 'Array(Decimal(10, 2))', LOST],
  ['map(1, 7)', 'Map(UInt64, UInt64)', 'Map(UInt8, UInt8)', '{1:7}'],
  ['map(1, 70000)', 'Map(UInt64, UInt64)', 'Map(UInt8, UInt8)', LOST],
  ["(7, 'x')", 'Tuple(a UInt64, b String)', 'Tuple(b String, a UInt8)', "('x',7)"],
  ["(300, 'x')", 'Tuple(UInt64, String)', 'Tuple(a UInt8, b String)', LOST],
  ["['2026-02-30']", 'Array(String)', 'Array(Date)', LOST],
];

test.each(MODELS)(
  'a model that returns %s as %s for a column of %s stores %s',
  async (value, given, wanted, stored) => {
    const target = { database: 'default', table: 'casts' };
    const columns = [{ name: 'c', type: wanted, defaultKind: '' }];
    const select = `SELECT CAST(${value}, '${given.replaceAll("'", "\\'")}') AS c`;
    await admin.run({ sql: `CREATE OR REPLACE TABLE casts (c ${wanted}) ENGINE = MergeTree ORDER BY tuple()` });
    const selected = [{ name: 'c', type: given, defaultKind: '' }];
    const done = clickhouse.run(refreshStatement(target, columns, { select, selected }, '2026-11-05', ''));
    if (stored === LOST) {
      await expect(done).rejects.toMatchObject({ type: 'ContractBroken' });
      return;
    }
    await done;
    expect(await clickhouse.rows({ sql: "SELECT ifNull(toString(c), '\\\\N') AS c FROM casts" })).toEqual([
      { c: stored },
    ]);
  },
);
