// Over 300 lines: one table lists the values that each column type accepts and refuses.
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { connectClickHouse, type ClickHouse } from '../../src/clickhouse/client.js';
import { literal } from '../../src/clickhouse/text.js';
import { bare, isComposite, parseType } from '../../src/conversions/column-types.js';
import { convertColumn } from '../../src/conversions/conversions.js';
import { spokenFault } from '../../src/conversions/faults.js';
import { jsonSteps } from '../../src/raw/json-text.js';
import { readLines } from '../../src/raw/lines.js';

let clickhouse: ClickHouse;

beforeAll(() => {
  clickhouse = connectClickHouse(inject('stack').clickhouse);
});
afterAll(() => clickhouse.close());

const NOWHERE = {
  name: 'b',
  url: 'http://nowhere/',
  collection: undefined,
  credentials: { key: '', secret: '', token: '' },
};

/** Something is there and does not fit. */
const UNFIT = Symbol('unfit');
/** No value, and nothing to complain about: missing or null. What a column needs is judged elsewhere. */
const NOTHING = null;

type Expected = string | typeof UNFIT | typeof NOTHING;

/** JSON text of a value, or `undefined` for a key that is not there. */
type Cases = readonly (readonly [json: string | undefined, expected: Expected])[];

/** Converts each value as a contract's column `c` of the type, in one statement. */
async function converted(type: string, values: readonly (string | undefined)[]): Promise<Expected[]> {
  const parsed = parseType(type);
  const { value, unfit, fault } = convertColumn(parsed, 'c', '__json', 'leaf');
  const lines = values.map((json) => (json === undefined ? '{"other":1}' : `{"other":1,"c":${json}}`));
  const rows = await clickhouse.rows<{ type: string; value: string | null; unfit: boolean }>(
    {
      sql: `
WITH __lines AS (
    SELECT '' AS __object, arrayJoin(arrayEnumerate([${lines.map(literal).join(', ')}])) AS __line, [${lines.map(literal).join(', ')}][__line] AS __text
  ),${jsonSteps}
SELECT JSONType(__json) AS type, toString(${value}) AS value, toBool(${isComposite(bare(parsed)) ? `${fault} != ''` : unfit(value)}) AS unfit
FROM (SELECT *, JSONExtract(__json, 'Tuple(c Nullable(String))').c AS leaf FROM __texts)
ORDER BY __line`,
    },
    { what: type },
  );
  return rows.map((row) => (row.type !== 'Object' || row.unfit ? UNFIT : row.value));
}

const text = (value: string) => JSON.stringify(value);

/** What every scalar refuses, whatever its type. */
const NEVER: Cases = [
  [undefined, NOTHING],
  ['null', NOTHING],
  ['{"a":1}', UNFIT],
  ['{}', UNFIT],
  ['[1]', UNFIT],
  ['[]', UNFIT],
];

const NOT_A_NUMBER: Cases = [
  ['""', UNFIT],
  ['" 12"', UNFIT],
  ['"12 "', UNFIT],
  ['"12x"', UNFIT],
  ['"0x10"', UNFIT],
  ['"1_000"', UNFIT],
  ['"1,5"', UNFIT],
  ['"NaN"', UNFIT],
  ['"inf"', UNFIT],
  ['true', UNFIT],
  ['1e400', UNFIT],
];

const TYPES: Record<string, Cases> = {
  Int64: [
    ...NOT_A_NUMBER,
    ['1', '1'],
    ['-1', '-1'],
    ['"12"', '12'],
    ['1.5', UNFIT],
    ['"1.5"', UNFIT],
    ['1e3', '1000'],
    ['1.0', '1'],
    ['9223372036854775807', '9223372036854775807'],
    ['-9223372036854775808', '-9223372036854775808'],
    ['9223372036854775808', UNFIT],
    ['9007199254740993', '9007199254740993'],
    ['9007199254740993.5', UNFIT],
    ['12345678901234567.0', '12345678901234567'],
    ['1500e-2', '15'],
    ['15e-1', UNFIT],
    ['0e-5', '0'],
    ['-0', '0'],
    ['9.223372036854775807e18', '9223372036854775807'],
    ['9.223372036854775808e18', UNFIT],
    ['1e-400', UNFIT],
    ['99999999999999999999', UNFIT],
  ],
  UInt64: [
    ...NOT_A_NUMBER,
    ['18446744073709551615', '18446744073709551615'],
    ['18446744073709551616', UNFIT],
    ['-1', UNFIT],
  ],
  UInt8: [...NOT_A_NUMBER, ['0', '0'], ['255', '255'], ['256', UNFIT], ['300', UNFIT], ['-1', UNFIT], ['0.5', UNFIT]],
  Int8: [
    ['127', '127'],
    ['128', UNFIT],
    ['-128', '-128'],
    ['-129', UNFIT],
  ],
  Int32: [
    ['2147483648', UNFIT],
    ['-2147483648', '-2147483648'],
  ],
  Int128: [
    ['170141183460469231731687303715884105727', '170141183460469231731687303715884105727'],
    ['"170141183460469231731687303715884105727"', '170141183460469231731687303715884105727'],
    ['"170141183460469231731687303715884105728"', UNFIT],
    ['"-170141183460469231731687303715884105728"', '-170141183460469231731687303715884105728'],
    ['12', '12'],
    ['1.5', UNFIT],
    ['1e30', '1000000000000000000000000000000'],
    ['-1.5e1', '-15'],
    ['"12x"', UNFIT],
    ['""', UNFIT],
  ],
  UInt256: [
    [`"${2n ** 256n - 1n}"`, String(2n ** 256n - 1n)],
    [`"${2n ** 256n}"`, UNFIT],
    [`${2n ** 256n - 1n}`, String(2n ** 256n - 1n)],
    ['"+007"', '7'],
    ['-1', UNFIT],
    ['18446744073709551615', '18446744073709551615'],
  ],
  Float64: [
    ['19.99', '19.99'],
    ['"19.99"', '19.99'],
    ['1e3', '1000'],
    ['1.540919166796E12', '1540919166796'],
    ['-0.5', '-0.5'],
    ['5', '5'],
    ['""', UNFIT],
    ['"12x"', UNFIT],
    ['" 12"', UNFIT],
    ['"NaN"', UNFIT],
    ['"inf"', UNFIT],
    ['"-Infinity"', UNFIT],
    ['1e400', UNFIT],
    ['1e-400', UNFIT],
    ['0e-400', '0'],
    ['9007199254740992', '9007199254740992'],
    ['9007199254740993', UNFIT],
    ['12345678901234567000', '12345678901234567000'],
    ['0.1000000000000000055511151231257827', '0.1'],
    ['NaN', UNFIT],
    ['true', UNFIT],
  ],
  Float32: [
    ['0.5', '0.5'],
    ['1e39', UNFIT],
    ['"1e39"', UNFIT],
    ['1e-60', UNFIT],
    ['16777216', '16777216'],
    ['16777217', UNFIT],
    ['0.1', '0.1'],
    ['"x"', UNFIT],
  ],
  'Decimal(10, 2)': [
    ['19.99', '19.99'],
    ['"19.99"', '19.99'],
    ['-19.99', '-19.99'],
    ['1.10', '1.1'],
    ['"1.100"', '1.1'],
    ['5', '5'],
    ['"+5"', '5'],
    ['"007"', '7'],
    ['1e3', '1000'],
    ['".5"', '0.5'],
    ['"5."', '5'],
    ['"1.005"', UNFIT],
    ['1.005', UNFIT],
    ['0.30000000000000004', UNFIT],
    ['99999999.99', '99999999.99'],
    ['100000000', UNFIT],
    ['"100000000"', UNFIT],
    ['-100000000', UNFIT],
    ['1e-7', UNFIT],
    ['""', UNFIT],
    ['"."', UNFIT],
    ['"-"', UNFIT],
    ['" 5"', UNFIT],
    ['"5 EUR"', UNFIT],
    ['"1,50"', UNFIT],
    ['"--5"', UNFIT],
    ['"NaN"', UNFIT],
    ['"free"', UNFIT],
    ['true', UNFIT],
  ],
  'Decimal(18, 2)': [
    ['"1234567890123456.78"', '1234567890123456.78'],
    ['123456789012.34', '123456789012.34'],
    ['1234567890123456.78', '1234567890123456.78'],
    ['9007199254740993', '9007199254740993'],
    ['1.2345e3', '1234.5'],
    ['9.99e15', '9990000000000000'],
    ['1e16', UNFIT],
    ['1.2345e1', UNFIT],
  ],
  'Decimal(18, 8)': [
    ['0.00000012', '0.00000012'],
    ['1e-8', '0.00000001'],
    ['1e-9', UNFIT],
    ['12.5e-3', '0.0125'],
    ['"0.00000012"', '0.00000012'],
    ['-0.00000012', '-0.00000012'],
  ],
  'Decimal(76, 10)': [
    [`"${'9'.repeat(66)}.0123456789"`, `${'9'.repeat(66)}.0123456789`],
    [`"1${'0'.repeat(66)}"`, UNFIT],
  ],
  Date: [
    ['"2026-11-05"', '2026-11-05'],
    ['"2024-02-29"', '2024-02-29'],
    ['"1970-01-01"', '1970-01-01'],
    ['"2149-06-06"', '2149-06-06'],
    ['"2026-02-29"', UNFIT],
    ['"2026-02-30"', UNFIT],
    ['"2026-13-01"', UNFIT],
    ['"2026-00-10"', UNFIT],
    ['"2026-01-00"', UNFIT],
    ['"2026-04-31"', UNFIT],
    ['"1969-12-31"', UNFIT],
    ['"2149-06-07"', UNFIT],
    ['"2200-01-01"', UNFIT],
    ['"9999-01-01"', UNFIT],
    ['"0000-00-00"', UNFIT],
    ['"2026-1-5"', UNFIT],
    ['"20261105"', UNFIT],
    ['"05.11.2026"', UNFIT],
    ['"2026-11-05T10:00:00Z"', UNFIT],
    ['"10:00"', UNFIT],
    ['""', UNFIT],
    ['20000', UNFIT],
    ['1700000000', UNFIT],
  ],
  Date32: [
    ['"1900-01-01"', '1900-01-01'],
    ['"2200-01-01"', '2200-01-01'],
    ['"2299-12-31"', '2299-12-31'],
    ['"1899-12-31"', UNFIT],
    ['"2300-01-01"', UNFIT],
    ['"2026-02-30"', UNFIT],
    ['"2026-13-01"', UNFIT],
  ],
  "DateTime('Europe/Berlin')": [
    ['"2026-11-05T10:00:00Z"', '2026-11-05 11:00:00'],
    ['"2026-11-05 10:00:00"', '2026-11-05 10:00:00'],
    ['"2026-11-05T10:00:00.000Z"', '2026-11-05 11:00:00'],
    ['"2026-11-05T10:00:00+09:00"', '2026-11-05 02:00:00'],
    ['"2026-11-05T10:00:00-0330"', '2026-11-05 14:30:00'],
    ['"2026-11-05T10:00Z"', '2026-11-05 11:00:00'],
    ['"2105-01-01T00:00:00Z"', '2105-01-01 01:00:00'],
    ['"2106-02-07T06:28:15Z"', '2106-02-07 07:28:15'],
    ['"2106-02-07T06:28:16Z"', UNFIT],
    ['"2106-02-07T05:28:16-01:00"', UNFIT],
    ['"1970-01-01T00:00:00Z"', '1970-01-01 01:00:00'],
    ['"1969-12-31T23:30:00-01:00"', '1970-01-01 01:30:00'],
    ['"1970-01-01T00:00:00+01:00"', UNFIT],
    ['"1970-01-01T00:59:59.000+01:00"', UNFIT],
    ['"1970-01-01 00:30:00"', UNFIT],
    ['"1969-12-31T23:00:00Z"', UNFIT],
    ['"2106-06-01T00:00:00Z"', UNFIT],
    ['"2200-01-01T00:00:00Z"', UNFIT],
    ['"2026-11-05T10:00:00.5Z"', UNFIT],
    ['"2026-02-30T10:00:00Z"', UNFIT],
    ['"2026-02-29 10:00:00"', UNFIT],
    ['"2026-13-01T10:00:00Z"', UNFIT],
    ['"2026-00-10T10:00:00Z"', UNFIT],
    ['"2026-01-00T10:00:00+01:00"', UNFIT],
    ['"2026-11-05T24:00:00Z"', UNFIT],
    ['"2026-11-05T10:60:00Z"', UNFIT],
    ['"2026-11-05T10:00:60Z"', UNFIT],
    // Clocks in Berlin jump from 02:00 to 03:00 on this day.
    ['"2026-03-29 02:30:00"', UNFIT],
    ['"2026-03-29 03:30:00"', '2026-03-29 03:30:00'],
    ['"2026-03-29T02:30:00Z"', '2026-03-29 04:30:00'],
    ['"10:00"', UNFIT],
    ['"2026-11-05"', UNFIT],
    ['"tomorrow"', UNFIT],
    ['""', UNFIT],
    ['1700000000', UNFIT],
    ['"1700000000"', UNFIT],
  ],
  "DateTime64(3, 'Europe/Berlin')": [
    ['"2026-11-05T10:00:00.123Z"', '2026-11-05 11:00:00.123'],
    ['"2026-11-05T10:00:00.1Z"', '2026-11-05 11:00:00.100'],
    ['"2026-11-05T10:00:00.123000Z"', '2026-11-05 11:00:00.123'],
    ['"2026-11-05T10:00:00.123456Z"', UNFIT],
    ['"2026-11-05T10:00:00.123+01:00"', '2026-11-05 10:00:00.123'],
    ['"2026-11-05 10:00:00.123"', '2026-11-05 10:00:00.123'],
    ['"2026-11-05T10:00:00"', '2026-11-05 10:00:00.000'],
    ['"1969-12-31T23:59:59.999Z"', '1970-01-01 00:59:59.999'],
    ['"1901-01-01T00:00:00Z"', '1901-01-01 01:00:00.000'],
    ['"2200-01-01T00:00:00Z"', '2200-01-01 01:00:00.000'],
    ['"2300-01-01T00:00:00Z"', '2300-01-01 01:00:00.000'],
    ['"1899-12-31T00:00:00Z"', '1899-12-31 01:00:00.000'],
    ['"2026-11-05 10:00:00.123+00"', '2026-11-05 11:00:00.123'],
    ['"2026-11-05 10:00:00,123 +0100"', '2026-11-05 10:00:00.123'],
    ['"2026-11-05 10:00:00 UTC"', '2026-11-05 11:00:00.000'],
    ['"2026-11-05t10:00:00z"', '2026-11-05 11:00:00.000'],
    ['"2026-11-05T10:00:00 CET"', UNFIT],
    ['"2026-02-30T10:00:00.000Z"', UNFIT],
    ['"2026-04-31 10:00:00"', UNFIT],
    ['"2026-03-29 02:30:00.000"', UNFIT],
    ['"2026-10-25 02:30:00.000"', '2026-10-25 02:30:00.000'],
    ['"10:00"', UNFIT],
    ['"2026-11-05T10"', UNFIT],
    ['"2026-11-05T10:00:00.123Z trailing"', UNFIT],
    ['" 2026-11-05T10:00:00.123Z"', UNFIT],
    ['"2026-11-05T10:00:00.123+25:00"', UNFIT],
    ['1700000000123', UNFIT],
    ['""', UNFIT],
  ],
  "DateTime64(0, 'UTC')": [
    ['"2026-11-05T10:00:00Z"', '2026-11-05 10:00:00'],
    ['"2026-11-05T10:00:00.5Z"', UNFIT],
    ['"2026-00-10 10:00:00"', UNFIT],
    ['"2026-01-00 10:00:00"', UNFIT],
    ['"9999-00-10T10:00:00Z"', UNFIT],
    ['"9999-12-00T10:00:00Z"', UNFIT],
    ['"9999-11-05T10:00:00Z"', '9999-11-05 10:00:00'],
    ['"9999-12-31T10:00:00Z"', '9999-12-31 10:00:00'],
    ['"1970-01-01T00:00:00+01:00"', '1969-12-31 23:00:00'],
    ['"1901-01-01T00:00:00Z"', '1901-01-01 00:00:00'],
    ['"2200-01-01T00:00:00Z"', '2200-01-01 00:00:00'],
  ],
  "DateTime64(9, 'UTC')": [
    ['"2026-11-05T10:00:00.123456789Z"', '2026-11-05 10:00:00.123456789'],
    ['"2262-01-01T00:00:00Z"', '2262-01-01 00:00:00.000000000'],
    ['"2262-04-11T23:47:16-01:00"', UNFIT],
    ['"1970-01-01T00:00:00+01:00"', '1969-12-31 23:00:00.000000000'],
    ['"2270-01-01T00:00:00Z"', UNFIT],
    ['"1901-01-01T00:00:00Z"', '1901-01-01 00:00:00.000000000'],
  ],
  Bool: [
    ['true', 'true'],
    ['false', 'false'],
    ['"true"', 'true'],
    ['"FALSE"', 'false'],
    ['1', 'true'],
    ['0', 'false'],
    ['2', UNFIT],
    ['"yes"', UNFIT],
    ['""', UNFIT],
    ['0.5', UNFIT],
  ],
  UUID: [
    ['"c56a4180-65aa-42ec-a945-5fd21dec0538"', 'c56a4180-65aa-42ec-a945-5fd21dec0538'],
    ['"C56A4180-65AA-42EC-A945-5FD21DEC0538"', 'c56a4180-65aa-42ec-a945-5fd21dec0538'],
    ['"c56a418065aa42eca9455fd21dec0538"', 'c56a4180-65aa-42ec-a945-5fd21dec0538'],
    ['"c56a4180-65aa42ec-a945-5fd21dec0538"', UNFIT],
    ['"c56a4180-65aa-42ec-a945-5fd21dec053"', UNFIT],
    ['"c56a4180-65aa-42ec-a945-5fd21dec0538x"', UNFIT],
    ['"g56a4180-65aa-42ec-a945-5fd21dec0538"', UNFIT],
    ['""', UNFIT],
    ['5', UNFIT],
  ],
  "Enum8('new' = 1, 'it\\'s' = 2, '' = 3)": [
    ['"new"', 'new'],
    [text("it's"), "it's"],
    ['""', ''],
    ['"New"', UNFIT],
    ['"1"', UNFIT],
    ['1', UNFIT],
    ['"old"', UNFIT],
  ],
  IPv4: [
    ['"10.0.0.1"', '10.0.0.1'],
    ['"10.0.0.256"', UNFIT],
    ['"10.0.0"', UNFIT],
    ['"::1"', UNFIT],
    ['""', UNFIT],
    ['167772161', UNFIT],
  ],
  IPv6: [
    ['"::1"', '::1'],
    ['"2001:db8::1"', '2001:db8::1'],
    ['"2001:db8::g"', UNFIT],
    ['""', UNFIT],
  ],
  'FixedString(20)': [['0.1234567890123456789', UNFIT]],
  'FixedString(2)': [
    ['"DE"', 'DE'],
    ['"DEU"', UNFIT],
    ['"ü"', 'ü'],
  ],
  String: [
    ['"plain"', 'plain'],
    ['""', ''],
    ['"{not json"', '{not json'],
    ['"[1, 2"', '[1, 2'],
    [text('{"a":1}'), '{"a":1}'],
    [text('[]'), '[]'],
    [text('quote " back \\ tab \t'), 'quote " back \\ tab \t'],
    ['"\\u00fc \\ud83d\\ude00"', 'ü 😀'],
    ['"null"', 'null'],
    // A number or a truth is its text.
    ['12', '12'],
    ['true', 'true'],
    ['9007199254740993', '9007199254740993'],
    ['0.1', '0.1'],
    ['0.30000000000000004', '0.30000000000000004'],
    // A number is the text as it was written.
    ['0.1234567890123456789', '0.1234567890123456789'],
    ['12345678901234567.0', '12345678901234567.0'],
    ['1.10', '1.10'],
    ['1E22', '1E22'],
    ['1e400', '1e400'],
    ['1e-400', '1e-400'],
    ['-0', '-0'],
    ['-0.0', '-0.0'],
    ['18446744073709551616', '18446744073709551616'],
    ['0.00000001', '0.00000001'],
    ['01', UNFIT],
    ['1.', UNFIT],
    ['+1', UNFIT],
    [text('1.10, "2.50": 3.0'), '1.10, "2.50": 3.0'],
    ['"0.1234567890123456789"', '0.1234567890123456789'],
    ['"2026-11-05T10:00:00.123Z"', '2026-11-05T10:00:00.123Z'],
    // A lone surrogate is JSON, and no text.
    ['"\\ud83d"', UNFIT],
    ['"\\ude00"', UNFIT],
    ['1,"\\ud83d":2', '1'],
    ['1,"other":"\\ud83d x"', '1'],
    ['1,"other":["\\ud83d\\ud83d\\ude00"]', '1'],
    ['"\\ud83d\\ude00","x":1e400', '😀'],
    ['1,2:3', UNFIT],
    ['1,"other":18446744073709551616', '1'],
  ],
  'LowCardinality(Nullable(String))': [
    ['"x"', 'x'],
    ['5', '5'],
  ],
  'LowCardinality(String)': [['"x"', 'x']],
  'Nullable(UInt8)': [
    ['5', '5'],
    ['256', UNFIT],
    ['"x"', UNFIT],
  ],
};

describe('a value is exactly what the text says, or the line is rejected', () => {
  test.each(Object.entries(TYPES))('%s', async (type, cases) => {
    const all = [...cases, ...NEVER];
    const found = await converted(
      type,
      all.map(([json]) => json),
    );
    expect(all.map(([json], index) => [json, found[index]])).toEqual(all);
  });
});

const COMPOSITES: Record<string, Cases> = {
  'Array(UInt8)': [
    ['[1,2,255]', '[1,2,255]'],
    ['["1"]', '[1]'],
    ['[]', '[]'],
    [undefined, '[]'],
    ['null', '[]'],
    ['[1,256]', UNFIT],
    ['[1,null]', UNFIT],
    ['[1,"x"]', UNFIT],
    ['[1.5]', UNFIT],
    ['[[1]]', UNFIT],
    ['"[1]"', UNFIT],
    ['"x"', UNFIT],
    ['5', UNFIT],
    ['{"a":1}', UNFIT],
  ],
  'Array(String)': [
    ['["a","b"]', "['a','b']"],
    ['["it\\u0027s"]', "['it\\'s']"],
    ['[1,true]', "['1','true']"],
    ['["[x","{y"]', "['[x','{y']"],
    ['["a",null]', UNFIT],
    ['[{"a":1}]', UNFIT],
    ['[0.5,"0.1234567890123456789"]', "['0.5','0.1234567890123456789']"],
    ['[0.1234567890123456789,1.10]', "['0.1234567890123456789','1.10']"],
    ['["\\ud83d"]', UNFIT],
    ['[["a"]]', UNFIT],
    ['"a"', UNFIT],
  ],
  'Array(Nullable(Decimal(10, 2)))': [
    ['[1.5,null,"2.25"]', '[1.5,NULL,2.25]'],
    ['[1.005]', UNFIT],
  ],
  'Array(Array(UInt8))': [
    ['[[1],[],[2,3]]', '[[1],[],[2,3]]'],
    ['[[1],2]', UNFIT],
    ['[[256]]', UNFIT],
    ['["[1]"]', UNFIT],
  ],
  'Map(String, UInt8)': [
    ['{"a":1,"b":2}', "{'a':1,'b':2}"],
    ['{}', '{}'],
    [undefined, '{}'],
    ['null', '{}'],
    ['{"a":256}', UNFIT],
    ['{"a":null}', UNFIT],
    ['[1]', UNFIT],
    ['[["a",1]]', UNFIT],
    ['"x"', UNFIT],
  ],
  'Map(String, Nullable(Decimal(38, 10)))': [
    ['{"a":12345678901234567.5,"a":1,"b":null}', "{'a':12345678901234567.5,'b':NULL}"],
    ['{"\\ud83d":1}', UNFIT],
  ],
  'Array(Int64)': [
    ['[9007199254740993.0,1e3]', '[9007199254740993,1000]'],
    ['[9007199254740993.5]', UNFIT],
  ],
  'Map(String, Array(String))': [
    ['{"a":["x"],"b":[]}', "{'a':['x'],'b':[]}"],
    ['{"a":"x"}', UNFIT],
  ],
  'Tuple(os String, version Nullable(UInt8))': [
    ['{"os":"iOS","version":17}', "('iOS',17)"],
    ['{"os":"iOS"}', "('iOS',NULL)"],
    ['{"version":17,"more":true,"os":"iOS"}', "('iOS',17)"],
    ['{"os":"iOS","version":256}', UNFIT],
    ['{"os":{"name":"iOS"}}', UNFIT],
    ['{"version":17}', UNFIT],
    ['{"os":null}', UNFIT],
    [undefined, UNFIT],
    ['null', UNFIT],
    ['["iOS",17]', UNFIT],
    ['5', UNFIT],
    ['"x"', UNFIT],
    ['""', UNFIT],
  ],
  'Tuple(os Nullable(String), browser Tuple(name Nullable(String), version Nullable(UInt8)))': [
    ['{"os":"iOS","browser":{"name":"Safari","version":17}}', "('iOS',('Safari',17))"],
    ['{"os":"iOS","browser":{}}', "('iOS',(NULL,NULL))"],
    ['{"os":"iOS"}', "('iOS',(NULL,NULL))"],
    [undefined, '(NULL,(NULL,NULL))'],
    ['null', '(NULL,(NULL,NULL))'],
    ['{}', '(NULL,(NULL,NULL))'],
    // A scalar where an object was promised must not take its siblings with it.
    ['{"os":"iOS","browser":5}', UNFIT],
    ['{"os":"iOS","browser":"Safari"}', UNFIT],
    ['{"os":"iOS","browser":{"version":"x"}}', UNFIT],
  ],
  "Array(Tuple(at DateTime64(3, 'UTC'), sku String, tags Array(String)))": [
    ['[{"at":"2026-11-05T10:00:00Z","sku":"a","tags":["x"]}]', "[('2026-11-05 10:00:00.000','a',['x'])]"],
    ['[{"at":"2026-11-05T10:00:00Z","sku":"a"}]', "[('2026-11-05 10:00:00.000','a',[])]"],
    ['[{"at":"2026-02-30T10:00:00Z","sku":"a"}]', UNFIT],
    ['[{"sku":"a"}]', UNFIT],
    ['[null]', UNFIT],
    ['["x"]', UNFIT],
  ],
};

describe('a composite holds only parts that fit', () => {
  test.each(Object.entries(COMPOSITES))('%s', async (type, cases) => {
    const found = await converted(
      type,
      cases.map(([json]) => json),
    );
    expect(cases.map(([json], index) => [json, found[index]])).toEqual(cases);
  });
});

/** A column's type, a JSON value that does not fit it, and what the reject says. */
const REASONS: readonly (readonly [type: string, json: string, reason: string])[] = [
  ['UInt8', '300.50', "c: '300.50' does not fit UInt8"],
  ['UInt64', '12345678901234567890123', "c: '12345678901234567890123' does not fit UInt64"],
  ['Int8', '-1.50E+3', "c: '-1.50E+3' does not fit Int8"],
  ['Float32', '16777217', "c: '16777217' does not fit Float32"],
  ['Decimal(10, 2)', '1e400', "c: '1e400' does not fit Decimal(10, 2)"],
  ['Array(Nullable(UInt8))', '[1, null, 256]', "c[2]: '256' does not fit Nullable(UInt8)"],
  ['Array(String)', '["a", null]', 'c[1]: missing, expected String'],
  ['Array(String)', '"x"', "c: 'x' does not fit Array(String)"],
  ['Map(String, Array(Bool))', '{"a":[true],"b":[true,"no"]}', "c['b'][1]: 'no' does not fit Bool"],
  ['Map(String, UInt8)', '{"\\ud83d":1}', 'c: a key has a lone surrogate'],
  [
    'Tuple(commits Array(Tuple(sha String, distinct Bool)))',
    '{"commits":[{"sha":"a","distinct":true},{"sha":"b","distinct":"maybe"}]}',
    "c.commits[1].distinct: 'maybe' does not fit Bool",
  ],
  ['Tuple(a Tuple(b UInt8))', '{"a":{"b":null}}', 'c.a.b: missing, expected UInt8'],
  ['String', '"\\ud83d"', "c: 'a text with a lone surrogate' does not fit String"],
  ['String', `"${'x'.repeat(3)}", "c": 1, "d": {}`, ''],
  ['UInt8', `"${'ü'.repeat(90)}"`, `c: '${'ü'.repeat(80)}' does not fit UInt8`],
  ["DateTime64(3, 'UTC')", '"2026-01-01T00:00:00.1234567Z"', "c: '2026-01-01T00:00:00.1234567Z' does not fit DateTime64(3, 'UTC'): digits would be lost, DateTime64(7) holds them"],
  ["Nullable(DateTime('UTC'))", '"2026-01-01T00:00:00.5Z"', "c: '2026-01-01T00:00:00.5Z' does not fit Nullable(DateTime('UTC')): digits would be lost, DateTime64(1) holds them"],
  ["DateTime64(3, 'UTC')", '1767270600123', "c: '1767270600123' does not fit DateTime64(3, 'UTC'): a number of seconds, milliseconds, microseconds or nanoseconds? The contract says it: COMMENT 'unit: milliseconds'"],
  ["DateTime64(3, 'UTC')", '"tomorrow"', "c: 'tomorrow' does not fit DateTime64(3, 'UTC')"],
]; // prettier-ignore

test.each(REASONS)('a reason names the place, the value as it was written, and the type: %s, %s', async (type, json, reason) => {
  const input = readLines(NOWHERE, 'b', ['k'], [{ name: 'c', type, defaultKind: '' }]);
  const faults = input.faults({ name: 'c', type, defaultKind: '' });
  const steps = input.steps.replace(/SELECT substring[^]*?FROM s3\(.*\)/, `SELECT '' AS __object, 1 AS __line, {line:String} AS __text`);
  const [row] = await clickhouse.rows<{ reason: string }>({
    sql: `WITH${steps} SELECT ${input.clean(`multiIf(${faults.map(({ when, say }) => `${when}, ${spokenFault(say)}`).join(', ')}, '')`)} AS reason FROM __values`,
    params: { line: `{"c":${json}}` },
  });
  expect(row?.reason).toBe(reason);
}); // prettier-ignore
