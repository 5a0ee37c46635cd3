import type { Column } from '../clickhouse/column.js';
import { objectTable, type EngineBucket } from '../clickhouse/object-table.js';
import type { Statement } from '../clickhouse/statement.js';
import { literal, name } from '../clickhouse/text.js';
import { isNullable, parseType } from '../conversions/column-types.js';
import { convertColumn } from '../conversions/conversions.js';
import { quoted, STEP_BY_STEP, unfitOf, valueOf, type Input } from './input.js';

/** Reads raw JSON lines: the lines, their leaves as text, and the conversions of the contract. */
export function readLines(
  bucket: EngineBucket,
  bucketName: string,
  keys: readonly string[],
  contract: readonly Column[],
): Input {
  const objects = objectTable(bucket, keys, 'LineAsString', '`line` String', 'raw');
  return {
    steps: `
  __lines AS (
    SELECT substring(_path, {bucket_chars:UInt64} + 2) AS __object, _row_number + 1 AS __line, line AS __text
    FROM ${objects.sql}
  ),
  __leaves AS (
    SELECT *, if(${surelyObject(contract)}, 'Object', toString(JSONType(__text))) AS __type
    FROM (SELECT *, JSONExtract(__text, ${literal(leavesType(contract))}) AS __leaf FROM __lines)
  ),
  __values AS (
    SELECT *, ${contract.flatMap(valueColumns).join(',\n      ')}
    FROM __leaves
  )`,
    params: { ...objects.params, bucket_chars: bucketName.length },
    settings: STEP_BY_STEP,
    unreadable: { when: `__type != 'Object'`, say: `concat('not a JSON object: ', ${quoted('__text')})` },
    found: leafOf,
    missing: (column) => ({
      when: `${leafOf(column)} IS NULL`,
      say: literal(`${column.name}: missing, expected ${column.type}`),
    }),
  };
}

/** Writes the type of the contract's JSON keys, all extracted as text: typed extraction would change values. */
const leavesType = (contract: readonly Column[]) =>
  `Tuple(${contract.map(({ name: column }) => `${name(column)} Nullable(String)`).join(', ')})`;

/** Writes a condition that is true for nearly all lines and saves a second parse: a leaf is only found in a line that is valid JSON. */
function surelyObject(contract: readonly Column[]): string {
  const sure = contract.filter(({ type }) => !isNullable(parseType(type)));
  const leaves = (sure.length > 0 ? sure.slice(0, 1) : contract).map((column) => `${leafOf(column)} IS NOT NULL`);
  return `startsWith(__text, '{') AND (${leaves.join(' OR ')})`;
}

const leafOf = (column: Column) => `__leaf.${name(column.name)}`;

function valueColumns(column: Column): string[] {
  const { value, unfit } = convertColumn(column.type, column.name, '__text', leafOf(column));
  return [`${value} AS ${valueOf(column)}`, `${unfit} AS ${unfitOf(column)}`];
}

/** Counts the lines of each object from the raw objects alone: the other side of the folder account. */
export function countLines(bucket: EngineBucket, bucketName: string, keys: readonly string[]): Statement {
  const input = objectTable(bucket, keys, 'LineAsString', '`line` String', 'raw');
  return {
    sql: `SELECT substring(_path, {bucket_chars:UInt64} + 2) AS object, count() AS lines FROM ${input.sql} GROUP BY object`,
    params: { ...input.params, bucket_chars: bucketName.length },
  };
}
