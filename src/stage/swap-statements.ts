import type { Statement } from '../clickhouse/statement.js';
import { ANY_SIZE, type Place } from '../clickhouse/tables.js';
import { names, table } from '../clickhouse/text.js';

/** Replaces the live day with the source's, which must not be empty: ClickHouse refuses that. */
export const publishPartition = (live: Place, source: Place, day: string): Statement => ({
  sql: `ALTER TABLE ${table(live.database, live.table)} REPLACE PARTITION {day:Date} FROM ${table(source.database, source.table)}`,
  params: { day },
  settings: ANY_SIZE,
});

/**
 * Makes the live day empty. DROP PARTITION alone needs no source, so a zombie attempt could drop what a newer one has published. With
 * the empty stage named first, its statement fails if that stage no longer exists, before anything is dropped.
 */
export const publishEmpty = (live: Place, source: Place, day: string): Statement => ({
  sql: `
ALTER TABLE ${table(live.database, live.table)}
  REPLACE PARTITION {day:Date} FROM ${table(source.database, source.table)},
  DROP PARTITION {day:Date}`,
  params: { day },
  settings: { ...ANY_SIZE, allow_replace_partition_from_empty_source: 1 },
});

/**
 * Selects what must be equal in both tables for REPLACE PARTITION: columns, keys, indices and storage policy. One row of texts, equal
 * for tables that fit.
 */
export const structureOf = ({ database, table: of }: Place): Statement => ({
  sql: `
SELECT
  (SELECT arrayStringConcat(arraySort(groupArray(concat(name, ' ', type))), ', ') FROM system.columns
   WHERE database = {database:String} AND table = {table:String} AND default_kind IN ('', 'DEFAULT', 'MATERIALIZED')) AS columns,
  (SELECT arrayStringConcat(arraySort(groupArray(concat(name, ' ', type_full, ' ', expr))), ', ') FROM system.data_skipping_indices
   WHERE database = {database:String} AND table = {table:String}) AS indices,
  (SELECT arrayStringConcat(arraySort(groupArray(concat(name, ' ', query))), ', ') FROM system.projections
   WHERE database = {database:String} AND table = {table:String}) AS projections,
  partition_key, sorting_key, primary_key, storage_policy
FROM system.tables WHERE database = {database:String} AND name = {table:String}`,
  params: { database, table: of },
});

/** Copies a day by name between tables whose columns differ; a column that only the target has gets its default. */
export const copyByName = (target: Place, source: Place, day: string, columns: readonly string[]): Statement => ({
  sql: `
INSERT INTO ${table(target.database, target.table)} (${names(columns)})
SELECT ${names(columns)} FROM ${table(source.database, source.table)} WHERE day = {day:Date}`,
  params: { day },
});
