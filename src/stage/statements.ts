import type { Statement } from '../clickhouse/statement.js';
import { ANY_SIZE, type Place } from '../clickhouse/tables.js';
import { names, table } from '../clickhouse/text.js';

/** What the live table was allowed by the SETTINGS of its own CREATE TABLE, its twin is, too. */
const LIKE_LIVE = {
  allow_suspicious_low_cardinality_types: 1,
  allow_suspicious_fixed_string_types: 1,
  allow_suspicious_types_in_order_by: 1,
  allow_suspicious_primary_key: 1,
  allow_suspicious_indices: 1,
  allow_suspicious_codecs: 1,
  allow_suspicious_variant_types: 1,
};

/**
 * Creates an empty twin of a live table: `AS` copies columns, keys, indices, constraints and settings, which must be equal for REPLACE
 * PARTITION although it does not check all of them. Merges are stopped because a copied partition would be rewritten within seconds.
 */
export const createTwin = (database: string, identifier: string, live: Place): Statement[] => [
  {
    sql: `CREATE TABLE IF NOT EXISTS ${table(database, identifier)} AS ${table(live.database, live.table)}`,
    settings: LIKE_LIVE,
  },
  { sql: `SYSTEM STOP MERGES ${table(database, identifier)}` },
];

/**
 * Replaces the target's day with the source's by hard links. Idempotent, unlike ATTACH, which duplicates rows. For copies into stages
 * and archives, where the source may be empty; live tables are changed by `publishPartition`.
 */
export const replacePartition = (target: Place, source: Place, day: string): Statement => ({
  sql: `ALTER TABLE ${table(target.database, target.table)} REPLACE PARTITION {day:Date} FROM ${table(source.database, source.table)}`,
  params: { day },
  settings: { ...ANY_SIZE, allow_replace_partition_from_empty_source: 1 },
});

/** Users' columns may have the names of the results here. */
const COLUMNS_FIRST = { prefer_column_name_to_alias: 1 };

/** Counts the rows of a table's day. */
export const countRows = (place: Place, day: string): Statement => ({
  sql: `SELECT count() AS rows FROM ${table(place.database, place.table)} WHERE day = {day:Date}`,
  params: { day },
});

/** Counts the rows of the built day and of other days, and computes the hash of the built day as {@link measureDay} does. */
export const measureBuilt = (place: Place, day: string, columns: readonly string[]): Statement => ({
  sql: `
SELECT countIf(day = {day:Date}) AS rows, countIf(day != {day:Date}) AS strays, ${hashOf(columns, 'day = {day:Date}')} AS hash
FROM ${table(place.database, place.table)}`,
  params: { day },
  settings: COLUMNS_FIRST,
});

/**
 * Computes count and order-independent hash of a table's day over some of its columns. The hash takes the row as one tuple:
 * `cityHash64(*)` is NULL for a row with a NULL, and a sum skips those.
 */
export const measureDay = (place: Place, day: string, columns: readonly string[]): Statement => ({
  sql: `
SELECT count() AS rows, ${hashOf(columns)} AS hash
FROM ${table(place.database, place.table)} WHERE day = {day:Date}`,
  params: { day },
  settings: COLUMNS_FIRST,
});

/** Computes the same for every day of a range, ascending. */
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
