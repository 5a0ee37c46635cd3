import type { Column } from '../../src/clickhouse/column.js';
import { objectTable, type EngineBucket } from '../../src/clickhouse/object-table.js';
import type { Statement } from '../../src/clickhouse/statement.js';
import { valueOf, type Input } from '../../src/raw/input.js';

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
  return { sql: `SELECT sum(length(line)) AS bytes FROM ${sql}`, params, settings: limits };
}

/** Bytes of a beginning that are looked at. */
const BEGINNING = 256;

/** How objects of JSON lines begin, and how many of their lines are what they should be. Bytes come in hexadecimal digits. */
export function readBeginnings(bucket: EngineBucket, keys: readonly string[]): Statement {
  const { sql, params } = objectTable(bucket, keys, 'LineAsString', '`line` String', 'raw');
  return {
    sql: `
SELECT substring(_path, {bucket_chars:UInt64} + 2) AS object, countIf(JSONType(line) = 'Object') AS objects,
  argMin((hex(substring(line, 1, ${BEGINNING})), JSONType(line) != 'Null'), _row_number) AS first
FROM ${sql}
WHERE NOT match(line, '^[ \\t\\r\\x{FEFF}]*$')
GROUP BY object`,
    params: { ...params, bucket_chars: bucket.name.length },
  };
}
