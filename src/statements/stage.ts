import type { Statement } from '../core/statement.js';
import { name, names, table } from './text.js';

/** A table by its database and name. */
export interface Place {
  database: string;
  table: string;
}

/** Databases are Atomic, so that a table is exchanged in one step. */
export const createDatabase = (database: string): Statement => ({
  sql: `CREATE DATABASE IF NOT EXISTS ${name(database)} ENGINE = Atomic`,
});

/**
 * The engine's guards against dropping big tables by accident hold for stages and archives too, and for partitions that are
 * replaced: here it is no accident.
 */
export const ANY_SIZE = { max_table_size_to_drop: 0, max_partition_size_to_drop: 0 };

export const dropDatabase = (database: string): Statement => ({
  sql: `DROP DATABASE IF EXISTS ${name(database)} SYNC`,
  settings: ANY_SIZE,
});

export const dropTable = (database: string, identifier: string): Statement => ({
  sql: `DROP TABLE IF EXISTS ${table(database, identifier)} SYNC`,
  settings: ANY_SIZE,
});

/**
 * An empty twin of a live table: `AS` copies columns, keys, indices, constraints and settings, which REPLACE PARTITION demands
 * and does not all check. Merges are stopped because a copied partition would be rewritten within seconds.
 */
export const createTwin = (database: string, identifier: string, live: Place): Statement[] => [
  { sql: `CREATE TABLE IF NOT EXISTS ${table(database, identifier)} AS ${table(live.database, live.table)}` },
  { sql: `SYSTEM STOP MERGES ${table(database, identifier)}` },
];

/**
 * The target's day becomes the source's day by hard links. Running it again changes nothing, unlike ATTACH, which doubles rows.
 * For copies into stages and archives, where the source may be empty; readers' tables are changed by `publishPartition`.
 */
export const replacePartition = (target: Place, source: Place, day: string): Statement => ({
  sql: `ALTER TABLE ${table(target.database, target.table)} REPLACE PARTITION {day:Date} FROM ${table(source.database, source.table)}`,
  params: { day },
  settings: { ...ANY_SIZE, allow_replace_partition_from_empty_source: 1 },
});

/** Users may call their columns what the results are called here. */
const COLUMNS_FIRST = { prefer_column_name_to_alias: 1 };

/** Rows of a table's day. */
export const countRows = (place: Place, day: string): Statement => ({
  sql: `SELECT count() AS rows FROM ${table(place.database, place.table)} WHERE day = {day:Date}`,
  params: { day },
});

/** Rows of the day that was built and of any other day, and the hash of that day as {@link measureDay} takes it. */
export const measureBuilt = (place: Place, day: string, columns: readonly string[]): Statement => ({
  sql: `
SELECT countIf(day = {day:Date}) AS rows, countIf(day != {day:Date}) AS strays, ${hashOf(columns, 'day = {day:Date}')} AS hash
FROM ${table(place.database, place.table)}`,
  params: { day },
  settings: COLUMNS_FIRST,
});

/**
 * Count and order-free hash of a table's day over some of its columns. The hash takes the row as one tuple: `cityHash64(*)` is
 * NULL for a row with a NULL, and a sum skips those.
 */
export const measureDay = (place: Place, day: string, columns: readonly string[]): Statement => ({
  sql: `
SELECT count() AS rows, ${hashOf(columns)} AS hash
FROM ${table(place.database, place.table)} WHERE day = {day:Date}`,
  params: { day },
  settings: COLUMNS_FIRST,
});

/** The same for every day of a range, in days' order. */
export const measureDays = (place: Place, first: string, last: string, columns: readonly string[]): Statement => ({
  sql: `
SELECT day, count() AS rows, ${columns.length === 0 ? '0' : hashOf(columns)} AS hash
FROM ${table(place.database, place.table)} WHERE day BETWEEN {first:Date} AND {last_day:Date}
GROUP BY day ORDER BY day`,
  params: { first, last_day: last },
  settings: COLUMNS_FIRST,
});

const hashOf = (columns: readonly string[], only?: string) =>
  only === undefined
    ? `sum(cityHash64(tuple(${names(columns)})))`
    : `sumIf(cityHash64(tuple(${names(columns)})), ${only})`;

/** Columns of a table that hold values of their own, in order: those that `*` gives. */
export const columnsOf = (place: Place): Statement => ({
  sql: `
SELECT name, type FROM system.columns
WHERE database = {database:String} AND table = {table:String} AND default_kind IN ('', 'DEFAULT')
ORDER BY position`,
  params: { ...place },
});

export const tablesLike = (database: string): Statement => ({
  sql: 'SELECT name FROM system.tables WHERE database = {database:String} ORDER BY name',
  params: { database },
});

export const databasesLike = (prefix: string): Statement => ({
  sql: 'SELECT name FROM system.databases WHERE startsWith(name, {prefix:String}) ORDER BY name',
  params: { prefix },
});
