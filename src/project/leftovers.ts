import type { ClickHouse } from '../clickhouse/client.js';
import { isMissingTable } from '../clickhouse/errors.js';
import type { Statement } from '../clickhouse/statement.js';
import { table as tableName } from '../clickhouse/text.js';
import { warning } from './problems.js';
import type { Problem, Project } from './project.js';

/** A materialized view that reads a table of the project. */
export interface View {
  table: string;
  /** With its database. */
  view: string;
}

/** What readers meet beside the tables that runs build. */
export interface Leftovers {
  /** Tables of models and sources that were published once and no longer have a file. */
  removed: string[];
  views: View[];
}

/** Selects the tables of a database that the project has published. */
const publishedTables = (project: string, database: string): Statement => ({
  sql: `
SELECT name FROM system.tables
WHERE database = {database:String}
  AND name IN (SELECT DISTINCT table FROM daybook.publishes WHERE project = {project:String} AND event = 'done')
ORDER BY name`,
  params: { project, database },
});

/** Selects what is fed by inserts into tables of a database. */
const viewsOn = (database: string): Statement => ({
  sql: `
SELECT name AS table, concat(view.1, '.', view.2) AS view
FROM system.tables ARRAY JOIN arrayZip(dependencies_database, dependencies_table) AS view
WHERE database = {database:String}
ORDER BY table, view`,
  params: { database },
  settings: { prefer_column_name_to_alias: 1 },
});

/** Finds removed tables and materialized views; nothing where the ledger does not exist yet. */
export async function findLeftovers(clickhouse: ClickHouse, project: Project): Promise<Leftovers> {
  const { config, normalized, aggregates } = project;
  const own = new Set([...normalized, ...aggregates].map(({ name }) => name));
  try {
    const [published, views] = await Promise.all([
      clickhouse.rows<{ name: string }>(publishedTables(config.project, config.database), { what: 'find tables' }),
      clickhouse.rows<View>(viewsOn(config.database), { what: 'find views' }),
    ]);
    return {
      removed: published.map(({ name }) => name).filter((name) => !own.has(name)),
      views: views.filter(({ table }) => own.has(table)),
    };
  } catch (error) {
    if (isMissingTable(error)) return { removed: [], views: [] };
    throw error;
  }
}

/** Says of a table without a file what readers have, and both ways out. */
export const removedText = (database: string, table: string): string =>
  `${database}.${table} no longer has a file in the project: readers keep its rows, and no run updates them. ` +
  `Restore the file, or drop the table when no one reads it: DROP TABLE ${tableName(database, table)}`;

/** Says why a view on a published table stays empty. */
export const viewText = (database: string, { table, view }: View): string =>
  `The materialized view ${view} reads ${database}.${table}, and never fires: a publish replaces partitions and inserts nothing. ` +
  'Write it as a model under sql/aggregates/, or as a refreshable view (REFRESH EVERY)';

/** Reports tables without a file as warnings of `daybook check`. */
export const removedProblems = (database: string, removed: readonly string[]): Problem[] =>
  removed.map((table) =>
    warning(
      `${database}.${table}`,
      'the table no longer has a file in the project: readers keep its rows, and no run updates them',
      `Restore its file, or drop the table when no one reads it: DROP TABLE ${tableName(database, table)}`,
    ),
  );
