import type { Statement } from './statement.js';
import { name, table } from './text.js';

/** A table by its database and name. */
export interface Place {
  database: string;
  table: string;
}

/** Creates a database with the Atomic engine, in which tables can be exchanged in one step. */
export const createDatabase = (database: string): Statement => ({
  sql: `CREATE DATABASE IF NOT EXISTS ${name(database)} ENGINE = Atomic`,
});

/**
 * Turns off ClickHouse's protection against dropping large tables by accident, which also applies to stages, archives and replaced
 * partitions.
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

/** Selects the stored columns of a table, in order: those that `*` returns. */
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
