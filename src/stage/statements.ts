import { describeTable } from '../clickhouse/catalog.js';
import type { ClickHouse } from '../clickhouse/client.js';
import { plainEngine } from '../clickhouse/cluster/replicated.js';
import { question, type Question } from '../clickhouse/question.js';
import { selectOf, type Statement } from '../clickhouse/statement.js';
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

/** Disables merges: no merge may produce more than one byte. Unlike SYSTEM STOP MERGES, it survives a restart of ClickHouse. */
const UNMERGED = 'max_bytes_to_merge_at_min_space_in_pool = 1, max_bytes_to_merge_at_max_space_in_pool = 1';

/**
 * Creates an empty twin of a live table: `AS` copies columns, keys, indices, constraints and settings, which must be equal for REPLACE
 * PARTITION although it does not check all of them. Merges are disabled because a copied partition would be rewritten within seconds.
 *
 * @param existing whether an existing table of that name is kept or replaced by an empty one
 * @param engine with its keys and settings, if it is not that of the live table
 */
export const createTwin = (twin: Place, live: Place, existing: 'keep' | 'replace', engine = ''): Statement => ({
  sql: `CREATE ${existing === 'replace' ? 'OR REPLACE TABLE' : 'TABLE IF NOT EXISTS'} ${table(twin.database, twin.table)} AS ${table(live.database, live.table)} ${unmerged(engine)}`,
  settings: LIKE_LIVE,
});

/** Adds the settings that disable merges to an engine, which may have settings of its own; '' means the engine of the live table. */
const unmerged = (engine: string): string => {
  if (engine === '') return `SETTINGS ${UNMERGED}`;
  return `ENGINE = ${engine}${engine.includes(' SETTINGS ') ? ',' : ' SETTINGS'} ${UNMERGED}`;
};

/** Reads the engine of a live table with its keys and settings, as that of a plain table: its days are built on one node. */
export const plainEngineOf = async (clickhouse: Pick<ClickHouse, 'rows'>, live: Place): Promise<string> => {
  const [found] = await clickhouse.rows<{ engine_full: string }>(describeTable(live).options);
  return plainEngine(found?.engine_full ?? '');
};

/**
 * Replaces the target's days with the source's by hard links. Idempotent, unlike ATTACH, which duplicates rows. For copies into stages
 * and archives, where the source may be empty; live tables are changed by `publishPartition`.
 */
export const replacePartitions = (target: Place, source: Place, days: readonly string[]): Statement => ({
  sql: `ALTER TABLE ${table(target.database, target.table)} ${days
    .map((_, n) => `REPLACE PARTITION {day_${n}:Date} FROM ${table(source.database, source.table)}`)
    .join(', ')}`,
  params: Object.fromEntries(days.map((day, n) => [`day_${n}`, day])),
  settings: { ...ANY_SIZE, allow_replace_partition_from_empty_source: 1 },
});

export const replacePartition = (target: Place, source: Place, day: string): Statement =>
  replacePartitions(target, source, [day]);

/** Renames a table within its database; fails with TABLE_ALREADY_EXISTS if the name is taken. */
export const renameTable = (place: Place, to: string): Statement => ({
  sql: `RENAME TABLE ${table(place.database, place.table)} TO ${table(place.database, to)}`,
});

/** Row count and order-independent hash (decimal digits) of a table's day. */
export interface Measure {
  rows: number;
  hash: string;
}

/** Users' columns may have the names of the results here. */
const COLUMNS_FIRST = { prefer_column_name_to_alias: 1 };

/** A hash is of the rows themselves. Looking for projections takes a fifth of the time for a small day. */
const ROWS_THEMSELVES = { ...COLUMNS_FIRST, optimize_use_projections: 0 };

/** Counts the rows of some days of a table, by day; days without rows are left out. */
export const countDays = (place: Place, days: readonly string[]): Question<Map<string, number>> =>
  question(
    {
      ...selectOf(
        'day, count() AS rows',
        `FROM ${table(place.database, place.table)} WHERE day IN {days:Array(Date)} GROUP BY day`,
      ),
      params: { days },
    },
    (rows: readonly { day: string; rows: string }[]) => new Map(rows.map((row) => [row.day, Number(row.rows)])),
  );

/** Counts the rows of the built day and of other days, and computes the hash of the built day as {@link measureDay} does. */
export const measureBuilt = (
  place: Place,
  day: string,
  columns: readonly string[],
): Question<Measure & { strays: number }> =>
  question(
    measureBuiltStatement(place, day, columns),
    (rows: readonly { rows: string; strays: string; hash: string }[]) => {
      const { rows: count, strays, hash } = onlyRow(place, rows);
      return { rows: Number(count), strays: Number(strays), hash };
    },
  );

const measureBuiltStatement = (place: Place, day: string, columns: readonly string[]): Statement => ({
  ...selectOf(
    `countIf(day = {day:Date}) AS rows, countIf(day != {day:Date}) AS strays, ${hashOf(columns, 'day = {day:Date}')} AS hash`,
    `FROM ${table(place.database, place.table)}`,
  ),
  params: { day },
  settings: COLUMNS_FIRST,
});

/**
 * Computes count and order-independent hash of a table's day over some of its columns. The hash takes the row as one tuple:
 * `cityHash64(*)` is NULL for a row with a NULL, and a sum skips those.
 */
export const measureDay = (place: Place, day: string, columns: readonly string[]): Question<Measure> =>
  question(measureDayStatement(place, day, columns), (rows: readonly { rows: string; hash: string }[]) => {
    const { rows: count, hash } = onlyRow(place, rows);
    return { rows: Number(count), hash };
  });

function onlyRow<Row>({ table: name }: Place, [row]: readonly Row[]): Row {
  if (row === undefined) throw new Error(`${name}: ClickHouse returned no row, expected one; it is retried.`);
  return row;
}

const measureDayStatement = (place: Place, day: string, columns: readonly string[]): Statement => ({
  ...selectOf(
    `count() AS rows, ${hashOf(columns)} AS hash`,
    `FROM ${table(place.database, place.table)} WHERE day = {day:Date}`,
  ),
  params: { day },
  settings: ROWS_THEMSELVES,
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
