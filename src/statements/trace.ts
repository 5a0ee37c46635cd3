import type { Statement } from '../core/statement.js';
import { STEP_BY_STEP, type Input } from './input.js';
import type { ObjectTable } from './objects.js';
import { name, names, table } from './text.js';

/** Where a raw line stands: its object, and its line from 1. */
export interface Position {
  object: string;
  line: number;
}

/** Raw text that is shown of a line, in characters. */
const SHOWN = 65_536;

/** Some rows of a table's day that a person's condition picks. */
export interface Picked {
  database: string;
  table: string;
  day: string;
  /** An expression of SQL, as the person wrote it. */
  where: string;
}

const picked = ({ database, table: of, where }: Picked) =>
  `FROM ${table(database, of)} WHERE \`day\` = {day:Date} AND (${where}\n)`;

/** The rows themselves; in the order of their lines where the table keeps those, so that {@link ownPositions} are theirs. */
export const pickedRows = (rows: Picked, limit: number, traced: boolean): Statement => ({
  sql: `SELECT * ${picked(rows)}${traced ? ' ORDER BY `_object`, `_line`' : ''} LIMIT {limit:UInt64}`,
  params: { day: rows.day, limit },
});

/** Columns that name a row of a table's day: those it is sorted by. */
export const sortingColumns = (database: string, of: string): Statement => ({
  sql: `SELECT name FROM system.columns WHERE database = {database:String} AND table = {table:String} AND is_in_sorting_key ORDER BY position`,
  params: { database, table: of },
});

export interface MadeFrom {
  rows: Picked;
  input: string;
  /** Columns that both have, other than the day: equal values make the link. */
  by: readonly string[];
  /** Earlier days that the model reads. */
  lookback: number;
  /** Whether the input tells of each row from which object and line it came. */
  traced: boolean;
}

const from = ({ rows, input, by }: MadeFrom) =>
  `FROM ${table(rows.database, input)} WHERE \`day\` BETWEEN {day:Date} - {lookback:UInt16} AND {day:Date}` +
  (by.length === 0 ? '' : ` AND (${names(by)}) IN (SELECT ${names(by)} ${picked(rows)})`);

const within = ({ rows, lookback }: MadeFrom) => ({ day: rows.day, lookback });

/** How many rows of an input share the picked rows' values, by object where the input tells. */
export const inputObjects = (made: MadeFrom): Statement => ({
  sql: `SELECT ${made.traced ? '`_object`' : "''"} AS object, count() AS rows ${from(made)} GROUP BY object ORDER BY rows DESC, object`,
  params: within(made),
});

/** The first of those rows, by where their lines stand. */
export const inputPositions = (made: MadeFrom, limit: number): Statement => ({
  sql: `SELECT \`_object\` AS object, \`_line\` AS line ${from(made)} ORDER BY object, line LIMIT {limit:UInt64}`,
  params: { ...within(made), limit },
});

/** Where the picked rows of a table came from that keeps it. */
export const ownPositions = (rows: Picked, limit: number): Statement => ({
  sql: `SELECT \`_object\` AS object, \`_line\` AS line ${picked(rows)} ORDER BY object, line LIMIT {limit:UInt64}`,
  params: { day: rows.day, limit },
});

/** Raw lines as they stand in their objects; for Parquet, their rows as JSON. */
export const rawLines = (input: Input, at: readonly Position[]): Statement => ({
  sql: `
WITH${input.steps}
SELECT __object AS object, __line AS line, substringUTF8(toValidUTF8(__text), 1, ${SHOWN}) AS text
FROM __values
WHERE has(arrayZip({objects:Array(String)}, {lines:Array(UInt64)}), (toString(__object), toUInt64(__line)))`,
  params: {
    ...input.params,
    objects: at.map(({ object }) => object),
    lines: at.map(({ line }) => line),
  },
  settings: { ...input.settings, ...STEP_BY_STEP },
});

/** Where rows of a normalized chunk came from, for tables that don't keep it themselves. */
export const chunkPositions = (chunk: ObjectTable, rows: Picked, limit: number) =>
  ({
    sql: `SELECT _object AS object, _line AS line FROM ${chunk.sql} WHERE _fate = 'row' AND ${name('day')} = {day:Date} AND (${rows.where}\n) ORDER BY object, line LIMIT {limit:UInt64}`,
    params: { ...chunk.params, day: rows.day, limit },
  }) satisfies Statement;
