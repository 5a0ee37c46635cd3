import { CATALOG } from './catalog-file.js';
import { derived, question, type Question } from './question.js';
import { plainSelect, type Statement } from './statement.js';
import type { Place } from './tables.js';
import { literal, name, table } from './text.js';

/* Queries about ClickHouse itself: its tables, its running queries, its version, its grants; and statements that try out a change of a table. */

/** Selects the tables of a database: `name`, `partition_key`, `create_table_query`. */
export const tablesOf = (database: string): Statement => ({
  ...plainSelect(CATALOG.tablesOf),
  params: { database },
});

/** Selects the columns of a database's tables, in order: `table`, `name`, `type`, `default_kind`, `comment`. */
export const columnsIn = (database: string): Statement => ({
  sql: CATALOG.columnsIn,
  params: { database },
});

/** Selects the CHECK constraints of a database's tables: `table`, `name`, `expression`. */
export const checksIn = (database: string): Statement => ({
  sql: CATALOG.checksIn,
  params: { database },
});

/** Selects everything of one table that an ALTER can change: keys and options, columns, constraints; three statements. */
export const describeTable = (place: Place): Record<'options' | 'columns' | 'constraints', Statement> => ({
  options: {
    sql: CATALOG.optionsOfTable,
    params: { ...place },
  },
  columns: {
    sql: CATALOG.columnsOfTable,
    params: { ...place },
  },
  constraints: {
    sql: CATALOG.constraintsOfTable,
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
  sql: CATALOG.dictionarySources,
  params: { dictionaries },
  settings: { prefer_column_name_to_alias: 1 },
});

/** Selects the materialized views that are fed by tables of a database: `view` as `database.name`, and the `table`. */
export const materializedViewsOn = (database: string): Statement => ({
  sql: CATALOG.materializedViewsOn,
  params: { database },
  settings: { prefer_column_name_to_alias: 1 },
});

/** A query that runs now; `elapsed` in seconds. */
export interface RunningQuery {
  query_id: string;
  elapsed: number | string;
}

/** The statements that list, count and kill the running queries whose handle starts with a prefix. */
interface AboutRunning {
  /** Lists them, as {@link RunningQuery}. */
  list: (prefix: string) => Statement;
  count: (prefix: string) => Question<number>;
  /** Kills them without waiting until they have ended. */
  kill: (prefix: string) => Statement;
}

/**
 * Returns the statements about running queries, which each server lists for itself. Of ClickHouse Cloud they ask all replicas of the
 * service: the next statement may reach another one.
 */
export function aboutRunning({ cloud = false }: { cloud?: boolean }): AboutRunning {
  const about = (sql: string, prefix: string): Statement => ({
    sql: cloud ? onEveryReplica(sql) : sql,
    params: { prefix },
  });
  return {
    list: (prefix) => about(CATALOG.runningQueries, prefix),
    count: (prefix) =>
      question(about(CATALOG.countRunning, prefix), ([row]: readonly { running: string }[]) =>
        Number(row?.running ?? 0),
      ),
    kill: (prefix) => about(CATALOG.killRunning, prefix),
  };
}

/** The cluster of a service of ClickHouse Cloud is named `default`. */
const onEveryReplica = (sql: string) =>
  sql
    .replace('KILL QUERY', "KILL QUERY ON CLUSTER 'default'")
    .replace('system.processes', "clusterAllReplicas('default', system.processes)");

/** Says what an earlier attempt has left, and how an administrator ends it. */
export const stillRunning = (left: readonly RunningQuery[], within: number): string =>
  `${left.length === 1 ? 'A statement' : `${left.length} statements`} of an earlier attempt ${left.length === 1 ? 'was' : 'were'} killed ` +
  `and still ${left.length === 1 ? 'runs' : 'run'} after ${within / 1000} s: ${left.map(({ query_id: id, elapsed }) => `${id} (since ${Math.round(Number(elapsed))} s)`).join(', ')}. ` +
  'The step waits for it. If it never ends, restart ClickHouse.';

/** Selects the `bytes` of memory that all other queries hold, of any user. */
export const memoryOfOthers = (): Statement => ({ sql: CATALOG.memoryOfOthers });

export const engineVersion = (): Statement => ({ sql: CATALOG.engineVersion });

/** What ClickHouse makes of SQL depends on these, beside the SQL. */
export interface EngineState {
  version: string;
  /** A hash of the functions that users have defined. */
  functions: string;
  /** Their CREATE statements, by name. */
  definitions: Readonly<Record<string, string>>;
}

/** Reads what the analysis of SQL depends on, beside the SQL. */
export const engineState = (): Question<EngineState> =>
  question(plainSelect(CATALOG.engineState), ([row]: readonly EngineState[]) => row ?? NO_STATE);

const NO_STATE: EngineState = { version: '', functions: '', definitions: {} };

/** How long the state is taken as known, in milliseconds: a build fixes what it found when it was planned for longer. */
const STATE_KEPT = 10_000;

/**
 * Reads the same at most every ten seconds, because the list of functions takes the engine as long as all that a build asks the ledger
 * when it is planned. Returns a function that makes the question; what it makes reads nothing while the state is known.
 */
export function engineStateKept(): () => Question<EngineState> {
  let known: { state: EngineState; at: number } | undefined;
  return () => {
    const kept = known;
    if (kept && performance.now() - kept.at < STATE_KEPT) return { statements: [], answer: () => kept.state };
    return derived(engineState(), (state) => {
      known = { state, at: performance.now() };
      return state;
    });
  };
}

/** The right to remove rejected lines, the only records of the ledger that are ever removed. */
export const REMOVE_REJECTS = 'ALTER DELETE ON daybook.rejected_rows';

/** Returns the statement by which an administrator gives a right to Daybook's user; undefined if the user has it. */
export async function missingGrant(
  clickhouse: { granted(right: string): Promise<boolean>; rows<Row>(statement: Statement): Promise<Row[]> },
  right: string,
): Promise<string | undefined> {
  if (await clickhouse.granted(right)) return undefined;
  const [row] = await clickhouse.rows<{ user: string }>({ sql: 'SELECT currentUser() AS user' });
  return `GRANT ${right} TO ${name(row?.user ?? 'daybook')}`;
}
