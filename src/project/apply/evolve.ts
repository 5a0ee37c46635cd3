import { describeTable } from '../../clickhouse/catalog.js';
import type { ClickHouse } from '../../clickhouse/client.js';
import type { Statement } from '../../clickhouse/statement.js';
import { literal, name } from '../../clickhouse/text.js';

/** The properties of an existing table that an ALTER may change, as the engine reports them. */
export interface TableState {
  columns: {
    name: string;
    type: string;
    /** '', 'DEFAULT', 'MATERIALIZED' or 'ALIAS', and its expression. */
    default_kind: string;
    default_expression: string;
    comment: string;
    /** Such as `CODEC(ZSTD(1))`; '' if the column has none. */
    compression_codec: string;
  }[];
  comment: string;
  engine: string;
  partition_key: string;
  sorting_key: string;
  primary_key: string;
  sampling_key: string;
  /** Settings of the table by name, with the values as written. */
  settings: Map<string, string>;
  constraints: string[];
}

/** Reads one table from the engine. */
export async function readTable(clickhouse: ClickHouse, database: string, table: string): Promise<TableState> {
  const asked = describeTable({ database, table });
  const ask = <Row>(statement: Statement) => clickhouse.rows<Row>(statement, { what: `describe ${table}` });
  type Row = Omit<TableState, 'columns' | 'settings' | 'constraints'> & { engine_full: string };
  const [tables, columns, constraints] = await Promise.all([
    ask<Row>(asked.options),
    ask<TableState['columns'][number]>(asked.columns),
    ask<{ name: string; expression: string }>(asked.constraints),
  ]);
  const [found] = tables;
  if (!found) throw new RangeError(`no table ${database}.${table}`);
  const { engine_full, ...rest } = found;
  return {
    ...rest,
    columns,
    settings: settingsIn(engine_full),
    constraints: constraints.map((one) => `${one.name} CHECK ${one.expression}`),
  };
}

/** Parses the settings at the end of an ENGINE clause as the engine prints it. */
export function settingsIn(engine: string): Map<string, string> {
  const [, list = ''] = / SETTINGS (.*)$/s.exec(engine) ?? [];
  return new Map(
    [...list.matchAll(/(\w+) = ('(?:[^'\\]|\\.)*'|[^\s,]+)/g)].map(([, key = '', value = '']) => [key, value]),
  );
}

/** The ALTERs that turn an existing table into the wanted one. */
export interface Alterations {
  /** Clauses of ALTER TABLE, in order. */
  clauses: string[];
  /** Describes what some of the clauses lose or change in existing rows. */
  losses: string[];
  /** Describes the differences that no clause may change. */
  refused: string[];
  /** Added columns that look like a real value on days that were published before, in words. */
  added: string[];
}

/** @param empty for a table without rows: a column that differs is dropped and added again, and nothing is lost */
export function alterations(found: TableState, wanted: TableState, { empty }: { empty: boolean }): Alterations {
  const clauses: string[] = [];
  const losses: string[] = [];
  const refused: string[] = [];
  const added: string[] = [];
  const existing = new Map(found.columns.map((column) => [column.name, column]));
  const gone = found.columns.filter((column) => !wanted.columns.some((one) => one.name === column.name));
  // Names of the remaining columns, in their order after the clauses so far.
  const order = found.columns.filter((column) => !gone.includes(column)).map((column) => column.name);
  for (const [index, column] of wanted.columns.entries()) {
    const place = index === 0 ? 'FIRST' : `AFTER ${name(wanted.columns[index - 1]?.name ?? '')}`;
    const before = existing.get(column.name);
    const moved = before !== undefined && order[index] !== column.name;
    if (moved) order.splice(order.indexOf(column.name), 1);
    if (moved || !before) order.splice(index, 0, column.name);
    const differing = before ? differencesOf(before, column, moved) : [];
    if (!before && !empty) added.push(...filledWithDefaults(column));
    if (!before) clauses.push(`ADD COLUMN ${definition(column)} ${place}`);
    else if (differing.length > 0 && empty)
      clauses.push(`DROP COLUMN ${name(column.name)}`, `ADD COLUMN ${definition(column)} ${place}`);
    else {
      losses.push(...differing);
      clauses.push(...modified(before, column, moved ? place : ''), ...described(before, column));
    }
  }
  clauses.push(...gone.map((column) => `DROP COLUMN ${name(column.name)}`));
  if (!empty)
    losses.push(...gone.map((column) => `column ${column.name} is not in the file: dropping it loses its values`));
  if (found.comment !== wanted.comment) clauses.push(`MODIFY COMMENT ${literal(wanted.comment)}`);
  clauses.push(...settingClauses(found.settings, wanted.settings));
  for (const [what, key] of KEYS)
    if (found[key] !== wanted[key])
      refused.push(`its ${what} is ${found[key] || 'not given'}, the file says ${wanted[key] || 'none'}`);
  for (const one of found.constraints.filter((constraint) => !wanted.constraints.includes(constraint)))
    refused.push(`its CONSTRAINT ${one} is not in the file`);
  for (const one of wanted.constraints.filter((constraint) => !found.constraints.includes(constraint)))
    refused.push(`it lacks the CONSTRAINT ${one}`);
  return { clauses, losses, refused, added };
}

/** Describes differences of a column that change existing rows, or how they are read. */
const differencesOf = (found: ColumnState, wanted: ColumnState, moved: boolean): string[] => [
  ...(found.type === wanted.type ? [] : [`column ${found.name} is ${found.type}, the file says ${wanted.type}`]),
  ...(fallback(found) === fallback(wanted)
    ? []
    : [`column ${found.name} has ${fallback(found) || 'no default'}, the file says ${fallback(wanted) || 'none'}`]),
  ...(moved ? [`column ${found.name} has another position in the file`] : []),
];

function modified(found: ColumnState, wanted: ColumnState, place: string): string[] {
  const other = fallback(found) !== fallback(wanted);
  const given = found.type !== wanted.type || place !== '' || (other && wanted.default_kind !== '');
  const parts = [name(wanted.name), wanted.type, other ? fallback(wanted) : '', place];
  return [
    ...(given ? [`MODIFY COLUMN ${parts.filter((part) => part !== '').join(' ')}`] : []),
    ...(other && wanted.default_kind === '' ? [`MODIFY COLUMN ${name(found.name)} REMOVE ${found.default_kind}`] : []),
  ];
}

/** Returns the clauses for differences of a column that change no row. */
const described = (found: ColumnState, wanted: ColumnState): string[] => [
  ...(found.comment === wanted.comment ? [] : [`COMMENT COLUMN ${name(wanted.name)} ${literal(wanted.comment)}`]),
  ...(found.compression_codec === wanted.compression_codec
    ? []
    : [`MODIFY COLUMN ${name(wanted.name)} ${wanted.compression_codec || 'REMOVE CODEC'}`]),
];

const KEYS = [
  ['engine', 'engine'],
  ['PARTITION BY', 'partition_key'],
  ['ORDER BY', 'sorting_key'],
  ['PRIMARY KEY', 'primary_key'],
  ['SAMPLE BY', 'sampling_key'],
] as const;

/** Settings for the location of parts, which an ALTER alone does not move. */
const PLACES = new Set(['storage_policy', 'disk', 'table_disk']);

function settingClauses(found: ReadonlyMap<string, string>, wanted: ReadonlyMap<string, string>): string[] {
  const changed = [...wanted].filter(([key, value]) => !PLACES.has(key) && found.get(key) !== value);
  const gone = [...found.keys()].filter((key) => !PLACES.has(key) && !wanted.has(key));
  return [
    ...changed.map(([key, value]) => `MODIFY SETTING ${key} = ${value}`),
    ...gone.map((key) => `RESET SETTING ${key}`),
  ];
}

type ColumnState = TableState['columns'][number];

/** What an added column shows where no build has filled it; NULL says so by itself. */
function filledWithDefaults(column: ColumnState): string[] {
  if (/^(?:LowCardinality\()?Nullable\(/.test(column.type) && column.default_kind === '') return [];
  const shows =
    column.default_kind === '' ? `the default of its type (${column.type}), such as 0 or ''` : fallback(column);
  return [`column ${column.name} shows ${shows}`];
}

const fallback = ({ default_kind: kind, default_expression: expression }: ColumnState) =>
  `${kind} ${expression}`.trim();

const definition = (column: ColumnState): string =>
  [
    name(column.name),
    column.type,
    fallback(column),
    column.comment === '' ? '' : `COMMENT ${literal(column.comment)}`,
    column.compression_codec,
  ]
    .filter((part) => part !== '')
    .join(' ');
