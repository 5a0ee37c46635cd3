import type { ObjectTable } from '../../clickhouse/object-table.js';
import type { Statement } from '../../clickhouse/statement.js';
import { name, names, table } from '../../clickhouse/text.js';
import { STEP_BY_STEP, type Input } from '../../raw/input.js';

/** The position of a raw line: its object, and its line number from 1. */
export interface Position {
  object: string;
  line: number;
}

/** Most characters that are shown of a line. */
const SHOWN = 65_536;

/** Rows of a table's day, selected by the user's condition. */
export interface Picked {
  database: string;
  table: string;
  day: string;
  /** A SQL expression, as the user wrote it. */
  where: string;
  /** Whether the table stores the object and line of each row. */
  traced: boolean;
  /** Most rows that are traced. */
  limit: number;
}

/**
 * Selects the rows in a stable order: by their lines if the table stores those, else by a hash of all values, which works for
 * every type.
 */
const picked = ({ database, table: of, where, traced }: Picked) =>
  `FROM ${table(database, of)} WHERE \`day\` = {day:Date} AND (${where}\n) ` +
  `ORDER BY ${traced ? '`_object`, `_line`' : 'cityHash64(tuple(*))'} LIMIT {shown:UInt64}`;

const shownParams = ({ day, limit }: Picked) => ({ day, shown: limit });

/** Reads the picked rows, in the order of {@link ownPositions}. */
export const pickedRows = (rows: Picked): Statement => ({ sql: `SELECT * ${picked(rows)}`, params: shownParams(rows) });

/** Reads the columns of a table's sorting key. */
export const sortingColumns = (database: string, of: string): Statement => ({
  sql: `SELECT name FROM system.columns WHERE database = {database:String} AND table = {table:String} AND is_in_sorting_key ORDER BY position`,
  params: { database, table: of },
});

export interface MadeFrom {
  rows: Picked;
  input: string;
  /** Columns of both tables, other than the day, that link their rows by equal values. */
  by: readonly string[];
  /** Earlier days that the model reads. */
  lookback: number;
  /** Whether the input stores the object and line of each row. */
  traced: boolean;
}

const from = ({ rows, input, by }: MadeFrom) =>
  `FROM ${table(rows.database, input)} WHERE \`day\` BETWEEN {day:Date} - {lookback:UInt16} AND {day:Date}` +
  (by.length === 0 ? '' : ` AND (${names(by)}) IN (SELECT ${names(by)} ${picked(rows)})`);

const withinParams = ({ rows, by, lookback }: MadeFrom) => ({
  day: rows.day,
  lookback,
  ...(by.length === 0 ? {} : { shown: rows.limit }),
});

/**
 * Selects the positions of rows. Conditions stay in a query of their own: the engine would read a name in them as the alias of this one,
 * where a column of the table is called the same.
 */
const selectPositions = (rows: string) =>
  `SELECT _object AS object, _line AS line FROM (SELECT _object, _line ${rows})`;

/** Counts the rows of an input that are linked to the picked rows, by object if the input stores it. */
export const inputObjects = (made: MadeFrom): Statement => ({
  sql: `SELECT __of AS object, count() AS rows FROM (SELECT ${made.traced ? '`_object`' : "''"} AS __of ${from(made)}) GROUP BY object ORDER BY rows DESC, object`,
  params: withinParams(made),
});

/** Reads the positions of the first of those rows. */
export const inputPositions = (made: MadeFrom, limit: number): Statement => ({
  sql: `${selectPositions(from(made))} ORDER BY object, line LIMIT {limit:UInt64}`,
  params: { ...withinParams(made), limit },
});

/** Reads the positions of the picked rows from a table that stores them. */
export const ownPositions = (rows: Picked): Statement => ({
  sql: `${selectPositions(picked(rows))} ORDER BY object, line`,
  params: shownParams(rows),
});

/** Reads raw lines from their objects; for Parquet, rows as JSON. */
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

/** Finds the positions of the picked rows for a table that doesn't store them: lines of its chunks with equal `columns`. */
export const chunkPositions = (chunk: ObjectTable, rows: Picked, columns: readonly string[]) => {
  // Compare as text, because a chunk stores the same values in wider types.
  const values = `toString(tuple(${names(columns)}))`;
  return {
    sql:
      selectPositions(
        `FROM ${chunk.sql} WHERE _fate = 'row' AND ${name('day')} = {day:Date} AND ${values} IN (SELECT ${values} ${picked(rows)})`,
      ) + ' ORDER BY object, line LIMIT {shown:UInt64}',
    params: { ...chunk.params, ...shownParams(rows) },
  } satisfies Statement;
};
