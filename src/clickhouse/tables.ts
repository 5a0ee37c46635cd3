import { CATALOG } from './catalog-file.js';
import type { Statement } from './statement.js';
import { name, table } from './text.js';

/** A table by its database and name. */
export interface Place {
  database: string;
  table: string;
}

/** Creates a database. Names no engine: on a server that is Atomic, and ClickHouse Cloud has one of its own, which replicates. */
export const createDatabase = (database: string): Statement => ({
  sql: `CREATE DATABASE IF NOT EXISTS ${name(database)}`,
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
  sql: CATALOG.columnsOf,
  params: { ...place },
});

export const tablesLike = (database: string): Statement => ({
  sql: CATALOG.tablesLike,
  params: { database },
});

export const databasesLike = (prefix: string): Statement => ({
  sql: CATALOG.databasesLike,
  params: { prefix },
});
