import type { Column } from '../../src/clickhouse/column.js';
import { objectTable, type EngineBucket } from '../../src/clickhouse/object-table.js';
import type { Statement } from '../../src/clickhouse/statement.js';
import { chunkStructure } from '../../src/conversions/chunk-columns.js';
import { valueOf, type Input } from '../../src/raw/input.js';
import { LINE_BY_LINE } from '../../src/raw/lines.js';

/** Reads and converts all that normalizing would, without the user's SELECT, and counts the lines. */
export const readThrough = (
  { steps, params, settings }: Input,
  contract: readonly Column[],
  limits: Record<string, number>,
): Statement => ({
  sql: `
WITH${steps}
SELECT count() AS lines, sum(length(__text)) AS bytes, ${contract.map((column) => `count(ignore(${valueOf(column)}))`).join(', ')}
FROM __values`,
  params,
  settings: { ...settings, ...limits },
});

/** Reads the bytes of an object as the store has them, and makes nothing of them. */
export function readStored(bucket: EngineBucket, key: string, limits: Record<string, number>): Statement {
  const { sql, params } = objectTable(bucket, [key], 'LineAsString', '`line` String', 'raw', 'none');
  return { sql: `SELECT sum(length(line)) AS bytes FROM ${sql}`, params, settings: { ...LINE_BY_LINE, ...limits } };
}

/** Bytes of a beginning that are looked at. */
const BEGINNING = 256;

/** Lines among which the first that is not blank is looked into. */
const LOOKED_INTO = 100;

/**
 * How objects of JSON lines begin, and how many of their lines are JSON objects. Bytes come in hexadecimal digits; a list is the
 * first one of objects in a first line that has no key of the contract.
 */
export function readBeginnings(
  bucket: EngineBucket,
  keys: readonly string[],
  contract: readonly Column[],
  limits: Record<string, number>,
): Statement {
  const { sql, params } = objectTable(bucket, keys, 'LineAsString', '`line` String', 'raw');
  return {
    sql: `
SELECT substring(_path, {bucket_chars:UInt64} + 2) AS object, countIf(JSONType(line) = 'Object') AS objects,
  argMin((hex(substring(line, 1, ${BEGINNING})), JSONType(line) != 'Null', (list.1, toUInt64(JSONLength(list.2)))), _row_number) AS first
FROM (
  SELECT _path, _row_number, line, arrayFirst(pair -> JSONType(pair.2) = 'Array' AND JSONType(pair.2, 1) = 'Object',
    if(_row_number < ${LOOKED_INTO} AND NOT arrayExists(key -> JSONHas(line, key), {contract:Array(String)}),
      JSONExtractKeysAndValuesRaw(line), [])) AS list
  FROM ${sql}
)
WHERE NOT match(line, '^[ \\t\\r\\\\x{FEFF}]*$')
GROUP BY object`,
    params: { ...params, bucket_chars: bucket.name.length, contract: contract.map(({ name }) => name) },
    settings: { ...LINE_BY_LINE, ...limits },
  };
}

/** Beginnings of a line that are tried as a value of their own. */
const TRIED = 16;

/**
 * Objects with rejected lines that hold several JSON values, read from their chunk. Such a line is one whose beginning, up to a
 * `}` before a `{`, is an object by itself. Long numbers, which not every version of the engine takes for JSON, count as short.
 */
export function findGlued(bucket: EngineBucket, parquetKey: string, filled: readonly Column[]): Statement {
  const { sql, params } = objectTable(bucket, [parquetKey], 'Parquet', chunkStructure(filled), 'chunk');
  return {
    sql: `
SELECT _object AS object, count() AS lines, min(_line) AS line
FROM (
  SELECT _object, _line, splitByChar('\n', replaceRegexpAll(replaceRegexpAll(_text, '[0-9]{16,}', '1'), '\\}[ \\t\\r,;]*\\{', '}\n{')) AS parts
  FROM ${sql}
  WHERE _fate = 'rejected' AND match(_text, '^[ \\t\\\\x{FEFF}]*\\{.*\\}[ \\t\\r,;]*\\{')
)
WHERE arrayExists(count -> isValidJSON(arrayStringConcat(arraySlice(parts, 1, count))), range(1, least(length(parts), ${TRIED} + 1)))
GROUP BY object
ORDER BY object`,
    params,
  };
}
