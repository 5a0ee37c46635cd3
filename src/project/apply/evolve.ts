import { describeTable } from '../../clickhouse/catalog.js';
import type { ClickHouse } from '../../clickhouse/client.js';
import type { Statement } from '../../clickhouse/statement.js';
import { literal, name } from '../../clickhouse/text.js';

/** What the engine says of a table that stands, as far as an ALTER may change it. */
export interface StandingTable {
  columns: {
    name: string;
    type: string;
    /** '', 'DEFAULT', 'MATERIALIZED' or 'ALIAS', and its expression. */
    default_kind: string;
    default_expression: string;
    comment: string;
    /** Such as `CODEC(ZSTD(1))`; '' where the column has none of its own. */
    compression_codec: string;
  }[];
  comment: string;
  engine: string;
  partition_key: string;
  sorting_key: string;
  primary_key: string;
  sampling_key: string;
  /** Settings of the table by name, their values as they were written. */
  settings: Map<string, string>;
  constraints: string[];
}

/** Asks the engine for one table. */
export async function standingTable(clickhouse: ClickHouse, database: string, table: string): Promise<StandingTable> {
  const asked = describeTable({ database, table });
  const ask = <Row>(statement: Statement) => clickhouse.rows<Row>(statement, { what: `describe ${table}` });
  type Row = Omit<StandingTable, 'columns' | 'settings' | 'constraints'> & { engine_full: string };
  const [tables, columns, constraints] = await Promise.all([
    ask<Row>(asked.options),
    ask<StandingTable['columns'][number]>(asked.columns),
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

/** Settings at the end of the engine's rendering of an ENGINE clause. */
export function settingsIn(engine: string): Map<string, string> {
  const [, list = ''] = / SETTINGS (.*)$/s.exec(engine) ?? [];
  return new Map(
    [...list.matchAll(/(\w+) = ('(?:[^'\\]|\\.)*'|[^\s,]+)/g)].map(([, key = '', value = '']) => [key, value]),
  );
}

/** What it takes to make a table that stands the wanted one. */
export interface Alterations {
  /** Clauses of ALTER TABLE, in order. */
  clauses: string[];
  /** What some of the clauses lose, or change of rows that stand, in words. */
  losses: string[];
  /** What no clause here may do, in words. */
  refused: string[];
  /** Added columns that can't be told from a real value on days that were published before, in words. */
  added: string[];
}

/** @param empty of a table without rows: a column that differs is made anew, and nothing is lost. */
export function alterations(found: StandingTable, wanted: StandingTable, { empty }: { empty: boolean }): Alterations {
  const clauses: string[] = [];
  const losses: string[] = [];
  const refused: string[] = [];
  const added: string[] = [];
  const standing = new Map(found.columns.map((column) => [column.name, column]));
  const gone = found.columns.filter((column) => !wanted.columns.some((one) => one.name === column.name));
  // Names of the columns that stay, in the order that the clauses so far leave them in.
  const order = found.columns.filter((column) => !gone.includes(column)).map((column) => column.name);
  for (const [index, column] of wanted.columns.entries()) {
    const place = index === 0 ? 'FIRST' : `AFTER ${name(wanted.columns[index - 1]?.name ?? '')}`;
    const before = standing.get(column.name);
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
    losses.push(...gone.map((column) => `column ${column.name} is not in the file: dropping it loses what it holds`));
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

/** What of a column changes rows that stand, or how they are read. */
const differencesOf = (found: StandingColumn, wanted: StandingColumn, moved: boolean): string[] => [
  ...(found.type === wanted.type ? [] : [`column ${found.name} is ${found.type}, the file says ${wanted.type}`]),
  ...(fallback(found) === fallback(wanted)
    ? []
    : [`column ${found.name} has ${fallback(found) || 'no default'}, the file says ${fallback(wanted) || 'none'}`]),
  ...(moved ? [`column ${found.name} stands elsewhere in the file`] : []),
];

function modified(found: StandingColumn, wanted: StandingColumn, place: string): string[] {
  const other = fallback(found) !== fallback(wanted);
  const given = found.type !== wanted.type || place !== '' || (other && wanted.default_kind !== '');
  const parts = [name(wanted.name), wanted.type, other ? fallback(wanted) : '', place];
  return [
    ...(given ? [`MODIFY COLUMN ${parts.filter((part) => part !== '').join(' ')}`] : []),
    ...(other && wanted.default_kind === '' ? [`MODIFY COLUMN ${name(found.name)} REMOVE ${found.default_kind}`] : []),
  ];
}

/** What of a column changes no row. */
const described = (found: StandingColumn, wanted: StandingColumn): string[] => [
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

/** Settings that say where the parts lie: changing them takes more than a word. */
const PLACES = new Set(['storage_policy', 'disk', 'table_disk']);

function settingClauses(found: ReadonlyMap<string, string>, wanted: ReadonlyMap<string, string>): string[] {
  const changed = [...wanted].filter(([key, value]) => !PLACES.has(key) && found.get(key) !== value);
  const gone = [...found.keys()].filter((key) => !PLACES.has(key) && !wanted.has(key));
  return [
    ...changed.map(([key, value]) => `MODIFY SETTING ${key} = ${value}`),
    ...gone.map((key) => `RESET SETTING ${key}`),
  ];
}

type StandingColumn = StandingTable['columns'][number];

/** What an added column shows where no build has filled it; NULL says so by itself. */
function filledWithDefaults(column: StandingColumn): string[] {
  if (/^(?:LowCardinality\()?Nullable\(/.test(column.type) && column.default_kind === '') return [];
  const shows =
    column.default_kind === '' ? `the default of its type (${column.type}), such as 0 or ''` : fallback(column);
  return [`column ${column.name} shows ${shows}`];
}

const fallback = ({ default_kind: kind, default_expression: expression }: StandingColumn) =>
  `${kind} ${expression}`.trim();

const definition = (column: StandingColumn): string =>
  [
    name(column.name),
    column.type,
    fallback(column),
    column.comment === '' ? '' : `COMMENT ${literal(column.comment)}`,
    column.compression_codec,
  ]
    .filter((part) => part !== '')
    .join(' ');
