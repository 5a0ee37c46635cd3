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

/**
 * Objects with rejected lines that hold several JSON values, one after the other or in a list, read from their chunk: lines that begin
 * with an object, behind which another one begins. Where the first one ends is where as many braces are closed as were opened, texts
 * aside. Long numbers, which not every version of the engine takes for JSON, count as short.
 */
export function findGlued(bucket: EngineBucket, parquetKey: string, filled: readonly Column[]): Statement {
  const { sql, params } = objectTable(bucket, [parquetKey], 'Parquet', chunkStructure(filled), 'chunk');
  return {
    sql: `
SELECT _object AS object, argMin(__list, _line) AS list, count() AS lines, min(_line) AS line
FROM (
  SELECT _object, _line, extract(_text, '^[ \\t\\\\x{FEFF}]*\\\\[?[ \\t]*') AS __opens, __opens LIKE '%[%' AS __list,
    replaceRegexpAll(substring(_text, length(__opens) + 1), '"(?:[^"\\\\\\\\]|\\\\\\\\.)*"', '""') AS __texts_empty,
    extractAll(replaceRegexpAll(__texts_empty, '[0-9]{16,}', '1'), '[^{}]*[{}]') AS __parts,
    indexOf(arrayCumSum(part -> if(endsWith(part, '{'), 1, -1), __parts), 0) AS __end
  FROM ${sql}
  WHERE _fate = 'rejected' AND match(_text, '^[ \\t\\\\x{FEFF}]*\\\\[?[ \\t]*\\\\{.*\\\\}[ \\t\\r,;]*\\\\{')
)
WHERE match(__parts[__end + 1], '^[ \\t\\r,;]*\\\\{$') AND isValidJSON(arrayStringConcat(arraySlice(__parts, 1, __end)))
GROUP BY object
ORDER BY object`,
    params,
  };
}
