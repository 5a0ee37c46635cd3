import type { Column } from '../../clickhouse/column.js';
import { filledColumns } from '../../conversions/chunk-columns.js';
import { EPOCH_UNITS, parseType } from '../../conversions/column-types.js';
import { unsupportedIn } from '../../conversions/scalars.js';
import { columnsOfDedupe, type DedupeBy } from '../../shared/dedupe.js';
import type { SourceConfig } from '../config/config.js';
import { error, warning } from '../problems.js';
import type { Problem, SqlFile, TableSchema } from '../project.js';
import { identifierOf, statementsOf, tokenize } from '../sql/tokens.js';
import type { InspectedTable } from './inspect.js';

/** The type of `_source`, the column that links a row to its raw line. */
const SOURCE_TYPE = 'Tuple(object String, line UInt64, text String, error String)';

/** Column names that normalized chunks use themselves. */
const RESERVED = new Set(['_fate', '_reason', '_text', '_text_bytes', '_source', 'skip_reason', 'reject_reason']);

/** What ClickHouse calls the place of a row in an object. A column of the same name would be read instead of it. */
const PLACE = new Set(['_path', '_row_number', '_etag']);

/** Columns of a normalized table that the load fills, with their types. */
const TRACED: Record<string, string> = { _object: 'String', _line: 'UInt64' };

/** Checks a contract, `raw_<source>`. */
export function contractProblems(
  { path }: SqlFile,
  { columns, comments }: InspectedTable,
  format: SourceConfig['format'] | undefined,
): Problem[] {
  const source = columns.find(({ name }) => name === '_source');
  const given = columns.filter(({ name }) => name !== '_source');
  return [
    ...(source?.type === SOURCE_TYPE
      ? []
      : [
          error(
            path,
            source
              ? `found _source ${source.type}, expected ${SOURCE_TYPE}`
              : 'found no column _source, which links rows to their raw lines',
            `Declare the column: _source ${SOURCE_TYPE}`,
          ),
        ]),
    ...given.flatMap((column) => [
      ...(format === 'parquet' ? placeProblems(path, column) : []),
      ...zoneProblems(path, column),
      ...contractColumnProblems(path, column),
      ...unitProblems(path, column, comments[column.name] ?? ''),
    ]),
  ];
}

const placeProblems = (path: string, { name }: Column): Problem[] =>
  PLACE.has(name)
    ? [
        error(
          path,
          `found the column ${name}, which is what ClickHouse calls the place of a row in its object`,
          'Rename it. What it is called in Parquet files changes with it.',
        ),
      ]
    : [];

/** Checks that a comment about the unit of a time column is one that Daybook understands. */
function unitProblems(path: string, { name, type, unit }: Column, comment: string): Problem[] {
  const isTime = /\bDateTime/.test(type);
  if (!/^\s*units?\b/i.test(comment) || !isTime || unit !== undefined) return [];
  return [
    error(
      path,
      `found the comment '${comment}' on ${name}, which is not a known unit of time`,
      `Write it as one of: ${EPOCH_UNITS.map((one) => `COMMENT 'unit: ${one}'`).join(', ')}.`,
    ),
  ];
}

function contractColumnProblems(path: string, { name, type, defaultKind }: Column): Problem[] {
  const problems: Problem[] = [];
  if (name.startsWith('__'))
    problems.push(error(path, `found the column ${name}; names with __ are reserved for Daybook`, 'Rename it.'));
  if (defaultKind !== '')
    problems.push(
      error(
        path,
        `found ${defaultKind} on column ${name}, which raw lines ignore`,
        `Write ifNull(${name}, …) in the SELECT.`,
      ),
    );
  const unsupported = unsupportedIn(parseType(type));
  if (unsupported !== undefined)
    problems.push(
      error(
        path,
        `found column ${name} of type ${unsupported}, which can't be read from JSON lines`,
        'Declare it as String and convert it in the SELECT.',
      ),
    );
  return problems;
}

/** Checks the rules of every table that readers see. */
export function tableProblems({ path, header }: SqlFile, table: InspectedTable): Problem[] {
  const { columns, partitionKey, definition } = table;
  const problems: Problem[] = [];
  const day = columns.find(({ name }) => name === 'day');
  if (day?.type !== 'Date')
    problems.push(
      error(
        path,
        `found ${day ? `day ${day.type}` : 'no column day'}, expected day Date`,
        'Declare the column: day Date',
      ),
    );
  if (partitionKey !== 'day')
    problems.push(
      error(
        path,
        `found ${partitionKey === '' ? 'no PARTITION BY' : `PARTITION BY ${partitionKey}`}, expected PARTITION BY day`,
        'Write PARTITION BY day: a day is published by replacing its partition.',
      ),
    );
  for (const column of columns) {
    problems.push(...zoneProblems(path, column));
    if (column.defaultKind === 'EPHEMERAL')
      problems.push(error(path, `found the EPHEMERAL column ${column.name}`, 'Compute it in the SELECT.'));
  }
  if (tokenize(definition).some(({ kind, text }) => kind === 'word' && text === 'TTL'))
    problems.push(
      warning(
        path,
        'found a TTL: rows that expire make a day differ from what was published',
        'Drop old partitions instead.',
      ),
    );
  for (const name of header.unique.filter((column) => !columns.some((one) => one.name === column)))
    problems.push(
      error(
        path,
        `found '-- unique: ${header.unique.join(', ')}', but the table has no column ${name}`,
        'Use columns of the table.',
      ),
    );
  return problems;
}

/** Checks the rules that apply only to normalized tables. */
export function normalizedProblems(
  path: string,
  columns: readonly Column[],
  dedupeBy: DedupeBy,
  source: string,
): Problem[] {
  const reserved = columns.filter(({ name }) => RESERVED.has(name) || name.startsWith('__'));
  const traced = columns.filter(({ name, type }) => name in TRACED && TRACED[name] !== type);
  const unknown = columnsOfDedupe(dedupeBy).filter((key) => !columns.some(({ name }) => name === key));
  return [
    ...columns.flatMap((column) => placeProblems(path, column)),
    ...reserved.map(({ name }) =>
      error(path, `found the column ${name}, a name that is reserved for Daybook`, 'Rename it.'),
    ),
    ...traced.map(({ name, type }) =>
      error(
        path,
        `found ${name} ${type}, expected ${TRACED[name] ?? ''}`,
        `Declare the column: ${name} ${TRACED[name] ?? ''}`,
      ),
    ),
    ...unknown.map((key) =>
      error(
        `sources.${source}.dedupeBy`,
        `found '${key}', which is not a column of ${source}`,
        `Use columns of the table in ${path}.`,
      ),
    ),
  ];
}

/** Checks that `dedupeBy` names columns that the SELECT returns: duplicates are removed before ClickHouse computes the others. */
export function unfilledKeyProblems(
  { name: source, file, columns, selected }: Pick<TableSchema, 'name' | 'file' | 'columns' | 'selected'>,
  dedupeBy: DedupeBy,
): Problem[] {
  // A SELECT that could not be analyzed has no columns, and is reported elsewhere; so are columns without a default that it lacks.
  const computed = selected.length === 0 ? [] : columns.filter(({ defaultKind }) => defaultKind !== '');
  return columnsOfDedupe(dedupeBy)
    .filter((key) => computed.some(({ name }) => name === key) && !selected.some(({ name }) => name === key))
    .map((key) =>
      error(
        `sources.${source}.dedupeBy`,
        `found '${key}', which the SELECT of ${file.path} does not return: duplicates are removed before it is computed`,
        `Return ${key} from the SELECT; its column may have a DEFAULT, but be neither MATERIALIZED nor an ALIAS.`,
      ),
    );
}

/** Checks that constraints read only columns that the SELECT returns, because rows are checked before the load fills the rest. */
export function constraintProblems(
  path: string,
  { columns, constraints }: InspectedTable,
  selected: readonly Column[],
): Problem[] {
  const given = filledColumns(columns, selected);
  // Columns that are missing altogether are reported elsewhere.
  const unseen = columns
    .filter((column) => !given.includes(column) && (column.defaultKind !== '' || column.name in TRACED))
    .map(({ name }) => name);
  return constraints.flatMap(({ name: constraint, expression }) =>
    namedColumns(expression)
      .filter((name) => unseen.includes(name))
      .map((name) =>
        error(
          path,
          `CONSTRAINT ${constraint} reads ${name}, which the SELECT does not return: rows are checked before it is filled`,
          name in TRACED
            ? `Return reject_reason from the SELECT instead; use _source.${name.slice(1)} there.`
            : `Add ${name} to the SELECT, or write its expression in the constraint.`,
        ),
      ),
  );
}

/** Lists the names in an expression that may be columns, each once: no functions, no parts of qualified names. */
function namedColumns(expression: string): string[] {
  const tokens = statementsOf(expression).flatMap((statement) => statement.tokens);
  const names = tokens.filter(
    ({ kind }, index) =>
      (kind === 'word' || kind === 'quoted') && tokens[index + 1]?.text !== '(' && tokens[index - 1]?.text !== '.',
  );
  return [...new Set(names.map(identifierOf))];
}

/** Checks that a time column has a zone: without one, `toDate` uses the session's, and a row's day depends on the client. */
function zoneProblems(path: string, { name, type }: Column): Problem[] {
  const withoutText = type.replaceAll(/'(?:[^'\\]|\\.)*'/g, "''");
  if (!/\bDateTime(?![\w(])|\bDateTime64\(\d+\)/.test(withoutText)) return [];
  const fix = type.includes('DateTime64') ? "DateTime64(3, 'Europe/Berlin')" : "DateTime('Europe/Berlin')";
  return [error(path, `found ${name} ${type} without a time zone`, `Add the zone, as in ${fix}.`)];
}
