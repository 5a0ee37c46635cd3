import { question, type Question } from '../clickhouse/question.js';
import { readStatements } from '../clickhouse/sql-file.js';
import type { Statement } from '../clickhouse/statement.js';
import { ANY_SIZE, type Place } from '../clickhouse/tables.js';
import { names, table } from '../clickhouse/text.js';

const STRUCTURE = readStatements(new URL('structure.sql', import.meta.url), ['structuresOf']);

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

/** What must be equal in two tables for REPLACE PARTITION, as texts that are equal for tables that fit. */
export type Structure = Readonly<Record<string, string>>;

/** Returns the name of a table in the answer of {@link structuresOf}. */
export const placeName = ({ database, table: of }: Place): string => `${database}.${of}`;

/** Selects columns, keys, indices and storage policy of some tables, by {@link placeName}. */
export const structuresOf = (places: readonly Place[]): Question<ReadonlyMap<string, Structure>> =>
  question(
    {
      sql: STRUCTURE.structuresOf,
      params: {
        databases: [...new Set(places.map(({ database }) => database))],
        tables: [...new Set(places.map(({ table: of }) => of))],
      },
    },
    (rows: readonly (Structure & Place)[]) =>
      new Map(rows.map(({ database, table: of, ...structure }) => [placeName({ database, table: of }), structure])),
  );

/** Copies a day by name between tables whose columns differ; a column that only the target has gets its default. */
export const copyByName = (target: Place, source: Place, day: string, columns: readonly string[]): Statement => ({
  sql: `
INSERT INTO ${table(target.database, target.table)} (${names(columns)})
SELECT ${names(columns)} FROM ${table(source.database, source.table)} WHERE day = {day:Date}`,
  params: { day },
});
