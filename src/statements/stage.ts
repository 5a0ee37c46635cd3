import type { Statement } from '../core/statement.js';
import { name, table } from './text.js';

/** Databases are Atomic, so that a table is exchanged in one step. */
export const createDatabase = (database: string): Statement => ({
  sql: `CREATE DATABASE IF NOT EXISTS ${name(database)} ENGINE = Atomic`,
});

export const dropDatabase = (database: string): Statement => ({
  sql: `DROP DATABASE IF EXISTS ${name(database)} SYNC`,
});

export const dropTable = (database: string, identifier: string): Statement => ({
  sql: `DROP TABLE IF EXISTS ${table(database, identifier)} SYNC`,
});

/**
 * An empty twin of a live table: `AS` copies columns, keys, indices, constraints and settings, which REPLACE PARTITION demands
 * and does not all check. Merges are stopped because a copied partition would be rewritten within seconds.
 */
export const createTwin = (
  database: string,
  identifier: string,
  live: { database: string; table: string },
): Statement[] => [
  { sql: `CREATE TABLE IF NOT EXISTS ${table(database, identifier)} AS ${table(live.database, live.table)}` },
  { sql: `SYSTEM STOP MERGES ${table(database, identifier)}` },
];

interface Place {
  database: string;
  table: string;
}

/**
 * The target's day becomes the source's day by hard links. Running it again changes nothing, unlike ATTACH, which doubles rows.
 * `emptyToo` is for copies into stages and archives; a publish of an empty day is an explicit {@link dropPartition}.
 */
export const replacePartition = (target: Place, source: Place, day: string, emptyToo: boolean): Statement => ({
  sql: `ALTER TABLE ${table(target.database, target.table)} REPLACE PARTITION {day:Date} FROM ${table(source.database, source.table)}`,
  params: { day },
  ...(emptyToo ? { settings: { allow_replace_partition_from_empty_source: 1 } } : {}),
});

export const dropPartition = (target: Place, day: string): Statement => ({
  sql: `ALTER TABLE ${table(target.database, target.table)} DROP PARTITION {day:Date}`,
  params: { day },
});

/**
 * Count and order-free hash of a table's day, and the rows of any other day. The hash takes the whole row as one tuple:
 * `cityHash64(*)` is NULL for a row with a NULL, and a sum skips those.
 */
export const measure = (place: Place, day: string): Statement => ({
  sql: `
SELECT countIf(day = {day:Date}) AS rows, sumIf(cityHash64(tuple(*)), day = {day:Date}) AS hash, countIf(day != {day:Date}) AS strays
FROM ${table(place.database, place.table)}`,
  params: { day },
});

/** The same for a live table, where other days are none of our business. */
export const measureDay = (place: Place, day: string): Statement => ({
  sql: `
SELECT count() AS rows, sum(cityHash64(tuple(*))) AS hash, 0 AS strays
FROM ${table(place.database, place.table)} WHERE day = {day:Date}`,
  params: { day },
});

export const tablesLike = (database: string): Statement => ({
  sql: 'SELECT name FROM system.tables WHERE database = {database:String} ORDER BY name',
  params: { database },
});

export const databasesLike = (prefix: string): Statement => ({
  sql: 'SELECT name FROM system.databases WHERE startsWith(name, {prefix:String}) ORDER BY name',
  params: { prefix },
});
