import type { Column } from '../clickhouse/column.js';
import { objectTable, type EngineBucket } from '../clickhouse/object-table.js';
import type { Statement } from '../clickhouse/statement.js';
import { literal, name } from '../clickhouse/text.js';
import { bare, isComposite } from '../conversions/column-types.js';
import {
  absentValue,
  parquetValue,
  readable,
  type FileColumn,
  type ParquetValue,
} from '../conversions/parquet-values.js';
import { final } from '../errors.js';
import { faultOf, STEP_BY_STEP, typeOf, valueOf, type Input } from './input.js';

/** Objects with the same columns. */
export interface ParquetShape {
  keys: string[];
  columns: FileColumn[];
}

/**
 * Missing columns are not filled in, and names are case-sensitive. The text of a reject keeps every digit. The index of pages is not
 * used: it only helps to skip pages, and ClickHouse refuses that of a file whose pages hold less than a row each.
 */
const STRICT = {
  ...STEP_BY_STEP,
  input_format_parquet_use_offset_index: 0,
  input_format_parquet_allow_missing_columns: 0,
  input_format_parquet_case_insensitive_column_matching: 0,
  input_format_null_as_default: 0,
  output_format_json_quote_64bit_integers: 0,
  output_format_json_quote_decimals: 1,
  output_format_json_quote_denormals: 1,
  output_format_json_named_tuples_as_objects: 1,
  date_time_output_format: 'iso',
};

/** Structure of a Parquet footer in ClickHouse, which accepts it only with all fields. */
const FOOTER =
  'num_rows UInt64, columns Array(Tuple(name String, path String, max_definition_level UInt64, max_repetition_level UInt64, physical_type String, logical_type String, compression String, total_uncompressed_size UInt64, total_compressed_size UInt64, space_saved String, encodings Array(String)))';

/** The contents of a footer: the object's rows, and its leaves. */
export interface ParquetFooter {
  object: string;
  lines: string;
  leaves: [path: string, logicalType: string, physicalType: string, ...rest: string[]][];
}

/** True if equal leaves do not mean equal columns: ClickHouse does not report the length of fixed-size values. */
export const sizesUnknown = ({ leaves }: ParquetFooter): boolean =>
  leaves.some(([, logical, physical]) => physical === 'FIXED_LEN_BYTE_ARRAY' && logical === 'None');

/** Reads the footer of each object, and no data. */
export function readFooters(bucket: EngineBucket, bucketName: string, keys: readonly string[]): Statement {
  const { sql, params } = objectTable(bucket, keys, 'ParquetMetadata', FOOTER, 'raw');
  return {
    sql: `
SELECT substring(_path, {bucket_chars:UInt64} + 2) AS object, num_rows AS lines,
  arrayMap(x -> [x.path, x.logical_type, x.physical_type, toString(x.max_definition_level), toString(x.max_repetition_level)], columns) AS leaves
FROM ${sql}
ORDER BY object`,
    params: { ...params, bucket_chars: bucketName.length },
  };
}

/**
 * Describes the columns of one object as ClickHouse reads them, each `Nullable` if its type can be. Columns of a type that it cannot
 * read are left out, so that the others can be used.
 */
export function describeParquet(bucket: EngineBucket, key: string): Statement {
  const { sql, params } = objectTable(bucket, [key], 'Parquet', 'auto', 'raw');
  return {
    sql: `DESCRIBE TABLE ${sql}`,
    params,
    settings: {
      schema_inference_make_columns_nullable: 1,
      schema_inference_use_cache_for_s3: 0,
      input_format_parquet_skip_columns_with_unsupported_types_in_schema_inference: 1,
      print_pretty_type_names: 0,
      describe_compact_output: 1,
    },
  };
}

/**
 * Reads raw Parquet: every column of the contract with the type that it has in the object, then converted. Objects may have different
 * columns. Throws `BadObject` if a column's type can never fit the contract's, or an object has no column of the contract.
 */
export function readParquet(
  bucket: EngineBucket,
  bucketName: string,
  shapes: readonly ParquetShape[],
  contract: readonly Column[],
): Input {
  const parts = shapes.map((shape, index) => readShape(bucket, shape, contract, `raw${index}`));
  return {
    steps: `
  __values AS (
${parts.map(({ sql }) => sql).join('\n    UNION ALL\n')}
  )`,
    params: Object.assign({ bucket_chars: bucketName.length }, ...parts.map(({ params }) => params)) as Input['params'],
    settings: STRICT,
    unreadable: undefined,
    faults: (column) => [{ when: `${faultOf(column)} != ''`, say: faultOf(column) }],
    clean: (reason) => reason,
  };
}

function readShape(bucket: EngineBucket, shape: ParquetShape, contract: readonly Column[], label: string) {
  const held = new Map(shape.columns.map((column) => [column.name, column]));
  const shared = contract.flatMap(({ name: column }) => held.get(column) ?? []);
  if (shared.length === 0)
    throw unreadable(shape, `found none of the contract's columns, but ${listed(shape.columns)}`);
  const structure = shared.map(({ name: column, reads }) => `${name(column)} ${reads}`).join(', ');
  const objects = objectTable(bucket, shape.keys, 'Parquet', structure, label);
  const inPath = contract.filter((column) => !held.has(column.name) && isInPath(column, shape));
  const given = new Map([...held, ...inPath.map((column) => [column.name, pathColumn(column)] as const)]);
  const columns = contract.flatMap((column) => fileColumns(column, given.get(column.name), shape));
  const texts = shared.map((column) => readable(column));
  const fields = texts.map(({ type }, index) => `${name(shared[index]?.name ?? '')} ${type}`).join(', ');
  const row = `CAST(tuple(${texts.map(({ value }) => value).join(', ')}), ${literal(`Tuple(${fields})`)})`;
  return {
    sql: `    SELECT __object, __line, __text,
      ${columns.join(',\n      ')}
    FROM (
      SELECT *, substring(_path, {bucket_chars:UInt64} + 2) AS __object, assumeNotNull(_row_number) + 1 AS __line,
        toJSONString(${row}) AS __text${inPath.map((column) => `,\n        ${pathValue(column)} AS ${name(column.name)}`).join('')}
      FROM ${objects.sql}
    )`,
    params: objects.params,
  };
}

/** Matches the value of a column in a key: Spark and Hive name folders `country=DE/`, and leave the column out of the files. */
const segmentOf = ({ name: column }: Column): string => `(?:^|/)\\Q${column}\\E=([^/]+)/`;

/** True if an object's key has a value of the column, and a text can become one. */
const isInPath = (column: Column, { keys }: ParquetShape): boolean =>
  !isComposite(bare(typeOf(column))) && keys.some((key) => `/${key}`.includes(`/${column.name}=`));

const pathColumn = ({ name: column }: Column): FileColumn => ({
  name: column,
  reads: 'Nullable(String)',
  type: 'Nullable(String)',
});

/** What Spark and Hive write for NULL. */
const NULL_IN_PATH = '__HIVE_DEFAULT_PARTITION__';

const pathValue = (column: Column): string => {
  const found = `extract(__object, ${literal(segmentOf(column))})`;
  return `if(${found} IN ('', ${literal(NULL_IN_PATH)}), NULL, decodeURLComponent(${found}))`;
};

function fileColumns(column: Column, given: FileColumn | undefined, shape: ParquetShape): string[] {
  const { value, fault } = given
    ? fitting(column, given, shape)
    : absentValue(column, typeOf(column), noColumn(column));
  return [`${value} AS ${valueOf(column)}`, `${fault} AS ${faultOf(column)}`];
}

const noColumn = (column: Column) => literal(`${column.name}: no such column in the file, expected ${column.type}`);

function fitting(column: Column, given: FileColumn, shape: ParquetShape): ParquetValue {
  const value = parquetValue(column, typeOf(column), given);
  if (value) return value;
  throw unreadable(
    shape,
    `column ${column.name} is ${inWords(given.type)}, which never fits the contract's ${column.type}. ${adviceOn(given.type)}`,
  );
}

/** Names a file's type for people. */
const inWords = (type: string) =>
  type
    .replace(/^Nullable\(TimeOfDay\(\d\)\)$/, 'a time of day')
    .replaceAll('Days', 'Date32')
    .replaceAll('Bytes(', 'FixedString(')
    .replaceAll('Binary', 'String')
    .replaceAll('Json', 'JSON');

/** Says what to do about a type that never fits. */
function adviceOn(type: string): string {
  if (type.includes('TimeOfDay')) return 'Declare a time of day as String in sql/raw, and convert it in the SELECT';
  if (/^Nullable\((U?Int\d+|Decimal.*|Float\d+)\)$/.test(type))
    return "If it counts from 1970, say so in the contract, as in COMMENT 'unit: milliseconds'. Otherwise declare it in sql/raw as it comes";
  return 'Declare it in sql/raw as it comes and convert it in the SELECT, or have the object written again';
}

function unreadable({ keys }: ParquetShape, what: string) {
  const [object = ''] = keys;
  const more = keys.length > 1 ? ` (and ${keys.length - 1} more objects alike)` : '';
  return final('BadObject', `${object}${more}: ${what}.`, { details: { step: 'normalize', object } });
}

const COLUMNS_NAMED = 10;

const listed = (columns: readonly FileColumn[]) =>
  columns
    .slice(0, COLUMNS_NAMED)
    .map(({ name: column }) => column)
    .join(', ') + (columns.length > COLUMNS_NAMED ? ', …' : '');
