import { objectTable, type EngineBucket } from '../../src/clickhouse/object-table.js';
import type { Statement } from '../../src/clickhouse/statement.js';
import type { Input } from '../../src/raw/input.js';

/** Reads every byte that normalizing would read, and returns one number. */
export const readThrough = ({ steps, params, settings }: Input): Statement => ({
  sql: `WITH${steps}\nSELECT sum(length(__text)) AS bytes FROM __values`,
  params,
  settings,
});

/** Bytes of a first line that are checked. */
const BEGINNING = 256;

/** Reads how objects of JSON lines begin, in hexadecimal digits, and how many of their lines are JSON objects. */
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
