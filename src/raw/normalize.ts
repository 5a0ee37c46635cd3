import type { Column } from '../clickhouse/column.js';
import { objectTable, type EngineBucket } from '../clickhouse/object-table.js';
import type { Statement } from '../clickhouse/statement.js';
import { literal, name } from '../clickhouse/text.js';
import { castComposite, castValue } from '../conversions/casts.js';
import { filledColumns, chunkStructure } from '../conversions/chunk-columns.js';
import { bare, isComposite, isNullable, parseType } from '../conversions/column-types.js';
import { holding } from '../conversions/conversions.js';
import { misfit, spokenFault } from '../conversions/faults.js';
import { storable } from '../conversions/times.js';
import { expressionsOf } from './expressions.js';
import { faultOf, valueOf, type Fault, type Input } from './input.js';

/**
 * A chunk is always read completely, only by Daybook and only for a few weeks: bloom filters and a page index are useless, and a fast codec
 * matters more than a small object (measured: both together save a third of the statement's time, and the load is faster too). Without
 * dictionaries the statement takes a twelfth less, and the object an eighth more.
 */
const CHUNK_SETTINGS = {
  output_format_parquet_write_bloom_filter: 0,
  output_format_parquet_write_page_index: 0,
  output_format_parquet_max_dictionary_size: 0,
  output_format_parquet_compression_method: 'lz4',
};

/** By default `toDate` wraps around: a moment of 2206 would become a day that the folder may hold. */
const OUT_OF_RANGE = { date_time_overflow_behavior: 'saturate' };

/**
 * The row's day. Its two bounds are compared apart: for a BETWEEN, the engine walks the whole statement below (measured: a sixth of the
 * time to plan 300 columns).
 */
const DAY = 'ifNull(`day`, toDate(0))';

/** A Date clamps what is before its first day or after its last. */
const BEYOND = "multiIf(`day` = toDate(0), ' or earlier', `day` = toDate(65535), ' or later', '')";

/** Names the column that says whether a line became a row: each column asks for it. */
const IS_ROW = name('__is row');

/** Raw text kept with a reject, in bytes. */
const REJECT_TEXT = 65_536;

export interface NormalizeOptions {
  source: {
    name: string;
    /** The contract: columns of `raw_<source>`, without `_source`. */
    contract: readonly Column[];
    /** The normalizing SELECT, as the user wrote it. */
    select: string;
    /** What that SELECT returns, by ClickHouse. */
    selected: readonly Column[];
    /** CHECK constraints of the normalized table: a row that breaks one is rejected with its name. */
    constraints: readonly { name: string; expression: string }[];
  };
  /** Columns of the normalized table. */
  columns: readonly Column[];
  /** First and last day that rows of this folder may have. */
  window: { first: string; last: string; folder: string };
  input: Input;
  normalized: EngineBucket;
  parquetKey: string;
}

/**
 * Writes the statement that normalizes a chunk in one pass. Every line gets exactly one fate; rows and rejects go to one Parquet object.
 * The user's SELECT reads the lines converted to the contract; its result is converted to the table's types and checked against the
 * constraints and the arrival window.
 */
export function normalizeStatement(options: NormalizeOptions): Statement {
  const { source, columns, window, input, normalized, parquetKey } = options;
  const filled = filledColumns(columns, source.selected);
  const output = objectTable(normalized, [parquetKey], 'Parquet', chunkStructure(filled), 'chunk');

  const sql = `
INSERT INTO FUNCTION ${output.sql}
WITH${fittedSteps(options)},
  __judged AS (
    SELECT *, multiIf(
        __source.error != '' AND match(__source.text, '^[ \\\\t\\\\r\\\\x{FEFF}]*$'), 'blank',
        __source.error != '', 'rejected',
        __skip != '', 'skipped',
        __reason != '', 'rejected',
        'row') AS __fate, __fate = 'row' AS ${IS_ROW}
    FROM (
      SELECT *, multiIf(
        __source.error != '', __source.error,
        __reject != '', __reject,
__unfit != '', __unfit,
        ${source.constraints.map(({ name: constraint, expression }) => `NOT ifNull(${expression}, false), ${literal(constraint)},`).join('\n        ')}
        if(${DAY} < {first_day:Date}, true, ${DAY} > {last_day:Date}),
          concat('day ', toString(\`day\`), ${BEYOND}, ' is outside of what folder ', {folder:String}, ' may hold: ', {first_day:String}, ' to ', {last_day:String}),
        '') AS __reason
      FROM __fitted
    )
  )
SELECT
  ${[
    '__fate AS _fate',
    '__source.object AS _object',
    // No line has the number 0: it shows a row that is not what the reader gave.
    `if(tupleElement(__source, 'token', 0) = ${tokenOf('__source.object', '__source.line')}, __source.line, 0) AS _line`,
    `if(__fate = 'rejected', __reason, if(__fate = 'skipped', __skip, '')) AS _reason`,
    `if(__fate = 'rejected', substring(__source.text, 1, ${REJECT_TEXT}), '') AS _text`,
    `if(__fate = 'rejected', length(__source.text), 0) AS _text_bytes`,
    ...filled.map((column) => `${onlyRows(column)} AS ${name(column.name)}`),
  ].join(',\n  ')}
FROM __judged`;

  return {
    sql,
    settings: { ...input.settings, ...CHUNK_SETTINGS, ...OUT_OF_RANGE },
    params: {
      ...input.params,
      ...output.params,
      first_day: window.first,
      last_day: window.last,
      folder: window.folder,
    },
  };
}

/**
 * Writes common table expressions from the raw lines to `__fitted`: what the user's SELECT makes of each, converted to the columns of the
 * table, and `__source`, `__skip`, `__reject` and `__unfit`.
 */
export function fittedSteps({
  source,
  columns,
  input,
}: Pick<NormalizeOptions, 'source' | 'columns' | 'input'>): string {
  const filled = filledColumns(columns, source.selected);
  const has = (column: string) => source.selected.some((given) => given.name === column);
  const expressions = expressionsOf(source.select);
  const fits = filled.map((column) => fit(column, source.selected, expressions.get(column.name)));
  const unfit = fits.flatMap(({ faults }) => faults);
  const unread = source.contract.flatMap((column) => input.faults(column));
  return `${input.steps},
  __checked AS (
    SELECT *, ${faultsColumn(unread)}
    FROM __values
  ),
  ${name(`raw_${source.name}`)} AS (
    SELECT ${[...source.contract.map(contractColumn), sourceColumn(unread, input)].join(',\n      ')}
    FROM __checked
  ),
  __selected AS (
${source.select}
  ),
  __fitted AS (
    SELECT
      ${[
        ...filled.map(({ name: column }) => name(column)),
        '__source',
        '__skip',
        '__reject',
        `multiIf(${saidFaults(unfit)} '') AS __unfit`,
      ].join(',\n      ')}
    FROM (
      SELECT *, ${faultsColumn(unfit)}
      FROM (
        SELECT
          ${[
            ...fits.flatMap(({ columns: made }) => made),
            '_source AS __source',
            `${has('skip_reason') ? "ifNull(toString(skip_reason), '')" : "''"} AS __skip`,
            `${has('reject_reason') ? "ifNull(toString(reject_reason), '')" : "''"} AS __reject`,
          ].join(',\n          ')}
        FROM (SELECT ${[...filled.map(({ name: column }) => `${name(column)} AS ${givenOf(column)}`), ...['_source', 'skip_reason', 'reject_reason'].filter(has)].join(', ')} FROM __selected)
      )
    )
  )`;
}

const contractColumn = (column: Column) => `${valueOf(column)} AS ${name(column.name)}`;

/**
 * Writes the tuple that accompanies a row through the user's SELECT; its error names every column that does not fit. ClickHouse
 * composes the text only for lines that need it.
 */
function sourceColumn(faults: readonly Fault[], input: Input): string {
  const { unreadable } = input;
  const error = `multiIf(
        ${unreadable ? `${unreadable.when}, ${unreadable.say},` : ''}
        ${saidFaults(faults, (text) => input.clean(text))}
        '')`;
  return `CAST(tuple(__object, __line, __text, ${error}, ${tokenOf('__object', '__line')}), 'Tuple(object String, line UInt64, text String, error String, token UInt64)') AS _source`;
}

/** Writes the token of a line, by which the last step knows that the SELECT passed its object and number on together. */
const tokenOf = (object: string, line: string) => `cityHash64(${object}, toUInt64(${line}))`;

/**
 * Writes the column with the conditions of all faults, for {@link saidFaults} in the next step: an expression that a step repeats is
 * analyzed again, and an OR of many takes the square of their time.
 */
const faultsColumn = (faults: readonly Fault[]) => `[${faults.map(({ when }) => when).join(', ')}] AS __faults`;

/** Writes two arguments of a multiIf: whether any of the faults is there, and the messages of all that are. */
function saidFaults(faults: readonly Fault[], clean = (reason: string) => reason): string {
  const messages = `arrayFilter((said, fault) -> ifNull(fault, false), [${faults.map(({ say }) => say).join(', ')}], __faults)`;
  return `has(__faults, true),
        ${clean(`arrayStringConcat(arrayMap(x -> ${spokenFault('x')}, ${messages}), '; ')`)},`;
}

/** Names a column as the user's SELECT gives it, before it is converted; no column of a user can be called so by accident. */
const givenOf = (column: string) => name(`__given ${column}`);

/** Casts a scalar to what a chunk can hold. */
const storedCast: typeof castValue = (value, given, wanted) => storable(wanted, castValue(value, given, wanted));

const STORED = { scalar: storedCast, objects: false };

/** The conversion of one column of the user's SELECT to the table's column. */
interface Fit {
  /** Items of a SELECT of the given columns: the value, and what {@link Fit.faults} ask for. */
  columns: string[];
  faults: Fault[];
}

/**
 * Converts a column to the table's type, or NULL. Casts only if the types differ. A value that the cast would change, or that is
 * missing in a column that is not Nullable, becomes a fault that names the column.
 */
function fit(column: Column, selected: readonly Column[], expression: string | undefined): Fit {
  const type = parseType(column.type);
  const given = parseType(selected.find(({ name: other }) => other === column.name)?.type ?? column.type);
  const inner = givenOf(column.name);
  const made = expression === undefined ? '' : `, made by ${expression}`;
  if (isComposite(bare(type))) {
    const { value, fault } = castComposite(inner, given, type, column.name, STORED);
    const converted = `CAST(${value}, ${literal(holding(type))}) AS ${name(column.name)}`;
    if (fault === undefined) return { columns: [converted], faults: [] };
    const found = faultOf(column);
    return {
      columns: [converted, `${fault} AS ${found}`],
      faults: [{ when: `${found} != ''`, say: `concat(${found}, ${literal(made)})` }],
    };
  }
  const cast = storedCast(inner, bare(given), bare(type));
  const same = cast === inner;
  const value = `${cast} AS ${name(column.name)}`;
  const lost = {
    when: `${inner} IS NOT NULL AND ${name(column.name)} IS NULL`,
    say: misfit(column.name, inner, column.type + made),
  };
  const missing = {
    when: `${inner} IS NULL`,
    say: literal(`${column.name}: missing, ${column.type} needs a value${made}`),
  };
  const faults = [...(same ? [] : [lost]), ...(isNullable(type) ? [] : [missing])];
  return { columns: [value, ...(faults.length > 0 ? [inner] : [])], faults };
}

/** Keeps values of good rows only: other lines have a reason instead. ClickHouse's `if` does not accept two constant tuples. */
const onlyRows = (column: Column) =>
  isComposite(bare(parseType(column.type)))
    ? `if(${IS_ROW}, materialize(${name(column.name)}), defaultValueOfArgumentType(${name(column.name)}))`
    : `if(${IS_ROW}, ${name(column.name)}, NULL)`;
