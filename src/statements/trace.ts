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
  /** Whether the table keeps of each row from which object and line it came. */
  traced: boolean;
  /** So many rows are shown, and nothing is said of any other. */
  limit: number;
}

/**
 * The shown rows, always the same ones: in the order of their lines where the table keeps those, else by a hash of all values, which
 * every type has.
 */
const picked = ({ database, table: of, where, traced }: Picked) =>
  `FROM ${table(database, of)} WHERE \`day\` = {day:Date} AND (${where}\n) ` +
  `ORDER BY ${traced ? '`_object`, `_line`' : 'cityHash64(tuple(*))'} LIMIT {shown:UInt64}`;

const shown = ({ day, limit }: Picked) => ({ day, shown: limit });

/** The picked rows themselves; {@link ownPositions} are theirs, in the same order. */
export const pickedRows = (rows: Picked): Statement => ({ sql: `SELECT * ${picked(rows)}`, params: shown(rows) });

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

const within = ({ rows, by, lookback }: MadeFrom) => ({
  day: rows.day,
  lookback,
  ...(by.length === 0 ? {} : { shown: rows.limit }),
});

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

/** Where the picked rows of a table came from that keeps it, row by row. */
export const ownPositions = (rows: Picked): Statement => ({
  sql: `SELECT \`_object\` AS object, \`_line\` AS line ${picked(rows)}`,
  params: shown(rows),
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

/** Where the picked rows of a table that doesn't keep it came from: lines of its chunks with the same values in `columns`. */
export const chunkPositions = (chunk: ObjectTable, rows: Picked, columns: readonly string[]) => {
  // As text, since a chunk holds the same values in wider types.
  const values = `toString(tuple(${names(columns)}))`;
  return {
    sql:
      `SELECT _object AS object, _line AS line FROM ${chunk.sql} WHERE _fate = 'row' AND ${name('day')} = {day:Date} ` +
      `AND ${values} IN (SELECT ${values} ${picked(rows)}) ORDER BY object, line LIMIT {shown:UInt64}`,
    params: { ...chunk.params, ...shown(rows) },
  } satisfies Statement;
};
