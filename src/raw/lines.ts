import type { Column } from '../clickhouse/column.js';
import { objectTable, type EngineBucket } from '../clickhouse/object-table.js';
import { question, type Question } from '../clickhouse/question.js';
import { literal, name } from '../clickhouse/text.js';
import { bare, isComposite, isNullable } from '../conversions/column-types.js';
import { convertColumn } from '../conversions/conversions.js';
import { LONE_SURROGATE, missing } from '../conversions/faults.js';
import { messageOf } from '../errors.js';
import { faultOf, quoted, STEP_BY_STEP, typeOf, valueOf, type Input } from './input.js';
import { jsonSteps } from './json-text.js';

/** The longest line that is read, in bytes, where the config sets none. */
const LONGEST_LINE = 64 * 1024 * 1024;

/** Bytes of a longer line that its reject keeps. */
const TEXT_OF_LONG = 65_536;

const tooLong = `concat('a line of ', formatReadableSize(__bytes), ', longer than limits.longestLine (', formatReadableSize({longest_line:UInt64}), ')')`;

/**
 * Settings with which an object's lines need little memory, however long they are. With its parallel parsing ClickHouse copies a
 * line once for each piece that it reads of it (tried: 35 s of processor time for one of 600 MB, and 2 s without).
 */
export const LINE_BY_LINE = { input_format_parallel_parsing: 0, input_format_max_block_size_bytes: 16 * 1024 * 1024 };

/** What ClickHouse's error says if an object is not the version that was listed. */
const CHANGED = 'the object is not the version that was listed';

/** True for the failure of a statement that read another version of an object than the one that was listed. */
export const readAnotherVersion = (error: unknown): boolean => messageOf(error).includes(CHANGED);

/** An object as it was listed; its size in bytes, as stored. */
export interface ObjectVersion {
  key: string;
  etag: string;
  size: number;
}

/** Mean size of objects, in bytes as stored, below which their lines are {@link gathered}. */
const SMALL_OBJECT = 64 * 1024;

/**
 * Gathers the lines of small objects into larger blocks. The engine reads each object as a block of its own, and whatever is prepared
 * for a block, such as a regular expression, would be prepared for every few lines (measured: twice the time at ten lines an object).
 * A join is what makes larger blocks; this one has no right side, so that it adds, drops and counts no row.
 */
const gathered = (table: string): string =>
  `(SELECT _path, _row_number, _etag, line FROM ${table} AS __read LEFT JOIN (SELECT toInt64(-1) AS __none WHERE false) AS __nothing ON _row_number = __none)`;

/** Keeps the lines on the streamed side of the join. */
const GATHER_SETTINGS = { query_plan_join_swap_table: 'false' };

/**
 * Reads raw JSON lines: the lines, their leaves as text, and the conversions of the contract.
 *
 * @param listed the objects of the keys; the statement fails if one has another ETag ({@link readAnotherVersion})
 */
export function readLines(
  bucket: EngineBucket,
  bucketName: string,
  keys: readonly string[],
  contract: readonly Column[],
  longestLine = LONGEST_LINE,
  listed?: readonly ObjectVersion[],
): Input {
  const bytes = listed?.reduce((sum, { size }) => sum + size, 0) ?? Infinity;
  const small = keys.length > 1 && bytes / keys.length < SMALL_OBJECT;
  const objects = objectTable(bucket, keys, 'LineAsString', '`line` String', 'raw');
  const key = 'substring(_path, {bucket_chars:UInt64} + 2)';
  // Both sides are dictionaries of a few values, so that a line costs nothing.
  const etag = `transform(${key}, {raw_keys:Array(String)}, {raw_etags:Array(String)}, '')`;
  const object = listed
    ? `if(throwIf(${etag} != replaceAll(_etag, '"', ''), ${literal(CHANGED)}) = 0, ${key}, '')`
    : key;
  const lines = `
    SELECT ${object} AS __object, _row_number + 1 AS __line, length(line) AS __bytes,
      if(__bytes > {longest_line:UInt64}, substring(line, 1, ${TEXT_OF_LONG}), line) AS __text
    FROM ${small ? gathered(objects.sql) : objects.sql}`;
  const versions = listed
    ? { raw_keys: listed.map(({ key: one }) => one), raw_etags: listed.map(({ etag: one }) => one) }
    : {};
  const params = { ...objects.params, ...versions, bucket_chars: bucketName.length, longest_line: longestLine };
  return rawInputOf(lines, params, contract, small ? GATHER_SETTINGS : {});
}

/** Reads lines that the ledger keeps as rejects. */
export const readRejects = (project: string, source: string, contract: readonly Column[]): Input =>
  rawInputOf(
    `
    SELECT DISTINCT object AS __object, line AS __line, length(text) AS __bytes, text AS __text
    FROM daybook.rejected_rows WHERE project = {project:String} AND source = {source:String}`,
    { project, source, longest_line: LONGEST_LINE },
    contract,
  );

/** @param lines a SELECT of `__object`, `__line`, `__bytes` and `__text` */
function rawInputOf(
  lines: string,
  params: Input['params'],
  contract: readonly Column[],
  settings: Input['settings'] = {},
): Input {
  return {
    steps: `
  __lines AS (${lines}
  ),${jsonSteps},
  __parsed AS (
    SELECT *, JSONExtract(__json, ${literal(leavesType(contract))}) AS __tuple FROM __texts
  ),
  __leaves AS (
    SELECT * EXCEPT (__tuple), ${contract.map((column, index) => `tupleElement(__tuple, ${index + 1}) AS ${leafOf(column)}`).join(',\n      ')}
    FROM __parsed
  ),
  __elements AS (
    SELECT ${['*', ...contract.flatMap(elementsColumn)].join(',\n      ')}
    FROM __leaves
  ),
  __made AS (
    SELECT *, if(${surelyObject(contract)}, 'Object', toString(JSONType(__json))) AS __type,
      ${contract.map(valueColumn).join(',\n      ')}
    FROM __elements
  ),
  __values AS (
    SELECT ${['*', ...contract.flatMap(faultColumn)].join(',\n      ')}
    FROM __made
  )`,
    params,
    settings: { ...STEP_BY_STEP, ...LINE_BY_LINE, ...settings },
    unreadable: {
      when: `(__type != 'Object' OR __bytes > {longest_line:UInt64})`,
      say: `if(__bytes > {longest_line:UInt64}, ${tooLong}, concat('not a JSON object: ', ${quoted('__text')}))`,
    },
    faults: columnFaults,
    clean: (reason) => `replaceAll(${reason}, ${literal(LONE_SURROGATE)}, 'a text with a lone surrogate')`,
  };
}

function columnFaults(column: Column) {
  const type = typeOf(column);
  if (isComposite(bare(type))) return [{ when: `${faultOf(column)} != ''`, say: faultOf(column) }];
  const { unfit: when, fault } = converted(column);
  const unfit = { when: when(valueOf(column)), say: fault };
  if (isNullable(type)) return [unfit];
  return [unfit, { when: `${leafOf(column)} IS NULL`, say: missing(column.name, type.text) }];
}

/** Writes the type of the contract's JSON keys, all extracted as text: typed extraction would change values. */
const leavesType = (contract: readonly Column[]) =>
  `Tuple(${contract.map(({ name: column }) => `${name(column)} Nullable(String)`).join(', ')})`;

/** Writes a condition that is true for nearly all lines and saves a second parse: a leaf is only found in a line that is valid JSON. */
function surelyObject(contract: readonly Column[]): string {
  const sure = contract.filter((column) => !isNullable(typeOf(column)));
  const leaves = (sure.length > 0 ? sure.slice(0, 1) : contract).map((column) => `${leafOf(column)} IS NOT NULL`);
  return `startsWith(__text, '{') AND (${leaves.join(' OR ')})`;
}

/** Names the column with a leaf's text. The engine resolves a field of a wide tuple by name in time that grows with its fields. */
const leafOf = (column: Column) => name(`__leaf ${column.name}`);

/** Names the column with the elements of a composite as texts. */
const elementsOf = (column: Column) => name(`__elements ${column.name}`);

const converted = (column: Column) =>
  convertColumn(typeOf(column), column.name, '__json', leafOf(column), {
    elements: elementsOf(column),
    value: valueOf(column),
  });

function elementsColumn(column: Column): string[] {
  const { elements } = converted(column);
  return elements === undefined ? [] : [`${elements} AS ${elementsOf(column)}`];
}

const valueColumn = (column: Column) => `${converted(column).value} AS ${valueOf(column)}`;

/** Reads the value from the step before: repeated in one step, the engine would analyze its expression again. */
function faultColumn(column: Column): string[] {
  const { fault, elements } = converted(column);
  return elements === undefined ? [] : [`${fault} AS ${faultOf(column)}`];
}

/** Count of an object's lines, and the ETag of the version that they were counted in. */
export interface LineCount {
  object: string;
  lines: number;
  etag: string;
}

/**
 * Counts the lines of each object from the raw objects alone: the other side of the folder account. Objects without lines are left out.
 */
export function countLines(bucket: EngineBucket, bucketName: string, keys: readonly string[]): Question<LineCount[]> {
  const input = objectTable(bucket, keys, 'LineAsString', '`line` String', 'raw');
  return question(
    {
      sql: `
SELECT substring(_path, {bucket_chars:UInt64} + 2) AS object, count() AS lines, replaceAll(any(_etag), '"', '') AS etag
FROM ${input.sql} GROUP BY object`,
      params: { ...input.params, bucket_chars: bucketName.length },
      settings: LINE_BY_LINE,
    },
    (rows: readonly { object: string; lines: string; etag: string }[]) =>
      rows.map((row) => ({ ...row, lines: Number(row.lines) })),
  );
}

/** Selects the current ETag of each object, by key, without reading the objects. */
export function readEtags(
  bucket: EngineBucket,
  bucketName: string,
  keys: readonly string[],
): Question<Map<string, string>> {
  const input = objectTable(bucket, keys, 'One', '`dummy` UInt8', 'raw');
  return question(
    {
      sql: `SELECT substring(_path, {bucket_chars:UInt64} + 2) AS object, replaceAll(_etag, '"', '') AS etag FROM ${input.sql}`,
      params: { ...input.params, bucket_chars: bucketName.length },
    },
    (rows: readonly { object: string; etag: string }[]) => new Map(rows.map(({ object, etag }) => [object, etag])),
  );
}
