import type { Statement } from './statement.js';
import type { Place } from './tables.js';
import { literal, name, table } from './text.js';

/* Queries about ClickHouse itself: its tables, its running queries, its version; and statements that try out a change of a table. */

/** Selects the tables of a database: `name`, `partition_key`, `create_table_query`. */
export const tablesOf = (database: string): Statement => ({
  sql: 'SELECT name, partition_key, create_table_query FROM system.tables WHERE database = {database:String}',
  params: { database },
});

/** Selects the columns of a database's tables, in order: `table`, `name`, `type`, `default_kind`, `comment`. */
export const columnsIn = (database: string): Statement => ({
  sql: 'SELECT table, name, type, default_kind, comment FROM system.columns WHERE database = {database:String} ORDER BY table, position',
  params: { database },
});

/** Selects the CHECK constraints of a database's tables: `table`, `name`, `expression`. */
export const checksIn = (database: string): Statement => ({
  sql: "SELECT table, name, expression FROM system.constraints WHERE database = {database:String} AND type = 'CHECK'",
  params: { database },
});

const OF_TABLE = 'WHERE database = {database:String} AND table = {table:String}';

/** Selects everything of one table that an ALTER can change: keys and options, columns, constraints; three statements. */
export const describeTable = (place: Place): Record<'options' | 'columns' | 'constraints', Statement> => ({
  options: {
    sql: `SELECT comment, engine, engine_full, partition_key, sorting_key, primary_key, sampling_key FROM system.tables ${OF_TABLE}`,
    params: { ...place },
  },
  columns: {
    sql: `SELECT name, type, default_kind, default_expression, comment, compression_codec FROM system.columns ${OF_TABLE} ORDER BY position`,
    params: { ...place },
  },
  constraints: {
    sql: `SELECT name, expression FROM system.constraints ${OF_TABLE} ORDER BY name`,
    params: { ...place },
  },
});

/** Writes an ALTER with one clause, as a person would type it. */
export const alterTable = (place: Place, clause: string): string =>
  `ALTER TABLE ${table(place.database, place.table)} ${clause}`;

export const countAll = (place: Place): Statement => ({
  sql: `SELECT count() AS rows FROM ${table(place.database, place.table)}`,
});

/**
 * Converts every value of a column and discards the result; ClickHouse throws if one does not convert. NULLs are skipped, because an
 * ALTER turns them into the column's default.
 */
export const convertAll = (place: Place, column: string, type: string): Statement => ({
  sql: `SELECT max(cityHash64(tuple(CAST(assumeNotNull(${name(column)}), ${literal(type)})))) FROM ${table(place.database, place.table)} WHERE ${name(column)} IS NOT NULL`,
});

/** Selects the source tables of the given dictionaries, each named `database.dictionary`. */
export const dictionarySources = (dictionaries: readonly string[]): Statement => ({
  sql: `
SELECT concat(database, '.', name) AS dictionary, source.1 AS database, source.2 AS table
FROM system.tables ARRAY JOIN arrayZip(loading_dependencies_database, loading_dependencies_table) AS source
WHERE engine = 'Dictionary' AND concat(database, '.', name) IN {dictionaries:Array(String)}`,
  params: { dictionaries },
  settings: { prefer_column_name_to_alias: 1 },
});

/** Selects the materialized views that are fed by tables of a database: `view` as `database.name`, and the `table`. */
export const materializedViewsOn = (database: string): Statement => ({
  sql: `
SELECT concat(fed.1, '.', fed.2) AS view, name AS table
FROM system.tables ARRAY JOIN arrayZip(dependencies_database, dependencies_table) AS fed
WHERE database = {database:String} ORDER BY view`,
  params: { database },
  settings: { prefer_column_name_to_alias: 1 },
});

const BY_HANDLE = "WHERE startsWith(Settings['log_comment'], {prefix:String})";

/** A query that runs now; `elapsed` in seconds. */
export interface RunningQuery {
  query_id: string;
  elapsed: number | string;
}

/** The queries that run and whose handle starts with `prefix`, as {@link RunningQuery}. */
export const runningQueries = (prefix: string): Statement => ({
  sql: `SELECT query_id, elapsed FROM system.processes ${BY_HANDLE}`,
  params: { prefix },
});

/** Kills these queries without waiting until they have ended. */
export const killRunning = (prefix: string): Statement => ({
  sql: `KILL QUERY ${BY_HANDLE} ASYNC`,
  params: { prefix },
});

export const engineVersion = (): Statement => ({ sql: 'SELECT version() AS version' });
