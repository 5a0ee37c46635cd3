import { checksIn, columnsIn, dictionarySources, tablesOf } from '../../clickhouse/catalog.js';
import type { ClickHouse, StatementOptions } from '../../clickhouse/client.js';
import { plainEngine } from '../../clickhouse/cluster/replicated.js';
import type { Column } from '../../clickhouse/column.js';
import { name } from '../../clickhouse/text.js';
import { EPOCH_UNITS, parseType } from '../../conversions/column-types.js';
import { holding } from '../../conversions/conversions.js';
import { parseQueryTree, type QueryTree } from './query-tree.js';

/** A scratch database with the project's tables, empty. */
export interface Scratch {
  clickhouse: ClickHouse;
  database: string;
  /** The project's zone. */
  zone: string;
}

/** One table as the engine reports it. */
export interface InspectedTable {
  /** Comments of columns that have one, by name. */
  comments: Record<string, string>;
  columns: Column[];
  constraints: { name: string; expression: string }[];
  partitionKey: string;
  definition: string;
}

/**
 * Analysis runs scalar subqueries on empty tables, so a slow one is waiting for something. Without their optimization, a subquery
 * that returns an array or a tuple still shows the tables that it reads, instead of `__getScalar`. Types are printed on one line,
 * as in a table's columns.
 */
const SETTINGS = { max_execution_time: 20, enable_scalar_subquery_optimization: 0, print_pretty_type_names: 0 };

/** An arbitrary day: types do not depend on it. */
const SOME_DAY = '2000-01-01';

const optionsOf = ({ database, zone }: Scratch, what: string): StatementOptions => ({ database, zone, what });

export const createTable = (scratch: Scratch, create: string, what: string): Promise<unknown> =>
  scratch.clickhouse.run({ sql: create }, optionsOf(scratch, what));

/** Replaces a contract by the table that the normalizing SELECT sees: scalars are Nullable, because lines may lack them. */
export const replaceContract = (scratch: Scratch, table: string, columns: readonly Column[]): Promise<unknown> => {
  const nullable = columns.map(
    (column) => `${name(column.name)} ${column.name === '_source' ? column.type : holding(parseType(column.type))}`,
  );
  const sql = `CREATE OR REPLACE TABLE ${name(table)} (${nullable.join(', ')}) ENGINE = MergeTree ORDER BY tuple()`;
  return scratch.clickhouse.run({ sql }, optionsOf(scratch, table));
};

/** Reads the unit of numbers in a time column from a comment that begins with, for example, `unit: milliseconds`. */
function unitOf(comment: string): Pick<Column, 'unit'> {
  const [, unit] = /^unit: (\w+)(?=$|[,.;])/.exec(comment) ?? [];
  const known = EPOCH_UNITS.find((one) => one === unit);
  return known === undefined ? {} : { unit: known };
}

/** Reads all tables of the scratch database, by name. */
export async function inspectTables({ clickhouse, database }: Scratch): Promise<Map<string, InspectedTable>> {
  const [tables, columns, constraints] = await Promise.all([
    clickhouse.rows<{ name: string; partition_key: string; create_table_query: string }>(tablesOf(database)),
    clickhouse.rows<{ table: string; name: string; type: string; default_kind: string; comment: string }>(
      columnsIn(database),
    ),
    clickhouse.rows<{ table: string; name: string; expression: string }>(checksIn(database)),
  ]);
  return new Map(
    tables.map((table) => [
      table.name,
      {
        columns: columns
          .filter((column) => column.table === table.name)
          .map((column) => ({
            name: column.name,
            type: column.type,
            defaultKind: column.default_kind,
            ...unitOf(column.comment),
          })),
        comments: Object.fromEntries(
          columns
            .filter((column) => column.table === table.name && column.comment !== '')
            .map((column) => [column.name, column.comment]),
        ),
        constraints: constraints
          .filter((constraint) => constraint.table === table.name)
          .map((constraint) => ({ name: constraint.name, expression: constraint.expression })),
        partitionKey: table.partition_key,
        definition: definitionOf(table.create_table_query),
      },
    ]),
  );
}

/**
 * Normalizes the engine's `create_table_query`: removes the database's name and that a table is replicated, and sorts the settings,
 * which are otherwise in the order in which they were set. Equal texts mean equal tables.
 */
export const definitionOf = (createTableQuery: string): string =>
  plainEngine(createTableQuery)
    .replace(/^CREATE TABLE (?:`(?:[^`\\]|\\.)+`|[^\s.`]+)\./, 'CREATE TABLE ')
    .replace(SETTINGS_AT_END, (_, list: string, comment: string) => {
      const settings = list.match(SETTING) ?? [];
      return ` SETTINGS ${settings.sort().join(', ')}${comment}`;
    });

const TEXT = String.raw`'(?:[^'\\]|\\.)*'`;
const SETTING = new RegExp(String.raw`\w+ = (?:${TEXT}|[^\s,]+)`, 'g');
const SETTINGS_AT_END = new RegExp(
  String.raw` SETTINGS (\w+ = (?:${TEXT}|[^\s,]+)(?:, \w+ = (?:${TEXT}|[^\s,]+))*)((?: COMMENT ${TEXT})?)$`,
);

/** Reads the source tables of dictionaries, which are given as `database.dictionary`. */
export async function sourcesOf(
  { clickhouse }: Scratch,
  dictionaries: readonly string[],
): Promise<{ dictionary: string; database: string; table: string }[]> {
  return dictionaries.length === 0 ? [] : await clickhouse.rows(dictionarySources(dictionaries));
}

/** Analyzes a SELECT: its columns and its query tree. With `day` false, `{day:Date}` has no value. */
export async function inspectSelect(
  scratch: Scratch,
  select: string,
  options: { what: string; day: boolean },
): Promise<{ selected: Column[]; tree: QueryTree }> {
  const ask = <Row>(sql: string) =>
    scratch.clickhouse.rows<Row>(
      { sql, settings: SETTINGS, ...(options.day ? { params: { day: SOME_DAY } } : {}) },
      optionsOf(scratch, options.what),
    );
  const described = await ask<{ name: string; type: string }>(`DESCRIBE (\n${select}\n)`);
  const explained = await ask<{ explain: string }>(`EXPLAIN QUERY TREE run_passes = 1\n${select}`);
  return {
    selected: described.map((column) => ({ name: column.name, type: column.type, defaultKind: '' })),
    tree: parseQueryTree(explained.map(({ explain }) => explain)),
  };
}
