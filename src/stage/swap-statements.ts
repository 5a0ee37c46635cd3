import { allOf, derived, question, type Question } from '../clickhouse/question.js';
import { readStatements } from '../clickhouse/sql-file.js';
import { plainSelect, type Statement } from '../clickhouse/statement.js';
import { ANY_SIZE, type Place } from '../clickhouse/tables.js';
import { names, table } from '../clickhouse/text.js';

const STRUCTURE = readStatements(new URL('structure.sql', import.meta.url), [
  'tablesIn',
  'columnsIn',
  'indicesIn',
  'projectionsIn',
]);

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

/** Selects columns, keys, indices, projections and storage policy of some tables, by {@link placeName}. */
export function structuresOf(places: readonly Place[]): Question<ReadonlyMap<string, Structure>> {
  const params = {
    databases: [...new Set(places.map(({ database }) => database))],
    tables: [...new Set(places.map(({ table: of }) => of))],
  };
  const texts = (sql: string) => question({ ...plainSelect(sql), params }, textsByPlace);
  return derived(
    allOf({
      tables: question({ ...plainSelect(STRUCTURE.tablesIn), params }, (rows: readonly (Structure & Place)[]) => rows),
      columns: texts(STRUCTURE.columnsIn),
      indices: texts(STRUCTURE.indicesIn),
      projections: texts(STRUCTURE.projectionsIn),
    }),
    ({ tables, columns, indices, projections }) =>
      new Map(
        tables.map(({ database, table: of, ...keys }) => {
          const place = placeName({ database, table: of });
          const parts = { columns: columns(place), indices: indices(place), projections: projections(place) };
          return [place, { ...parts, ...keys }];
        }),
      ),
  );
}

/** Joins the texts of each table in one order, so that they are equal for tables that have the same. */
function textsByPlace(rows: readonly (Place & { text: string })[]): (place: string) => string {
  const found = new Map<string, string[]>();
  for (const row of rows) found.set(placeName(row), [...(found.get(placeName(row)) ?? []), row.text]);
  return (place) => (found.get(place) ?? []).sort().join(', ');
}

/** Copies a day by name between tables whose columns differ; a column that only the target has gets its default. */
export const copyByName = (target: Place, source: Place, day: string, columns: readonly string[]): Statement => ({
  sql: `
INSERT INTO ${table(target.database, target.table)} (${names(columns)})
SELECT ${names(columns)} FROM ${table(source.database, source.table)} WHERE day = {day:Date}`,
  params: { day },
});
