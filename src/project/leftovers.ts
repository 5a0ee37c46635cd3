import { materializedViewsOn } from '../clickhouse/catalog.js';
import type { ClickHouse } from '../clickhouse/client.js';
import { unlessMissing } from '../clickhouse/errors.js';
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

/** Selects the tables of a database that the project has published. */
const onceTables = (project: string, database: string): Statement => ({
  sql: `
SELECT name FROM system.tables
WHERE database = {database:String}
  AND name IN (SELECT DISTINCT table FROM daybook.publishes WHERE project = {project:String} AND event = 'done')
ORDER BY name`,
  params: { project, database },
});

/** Finds tables of models and sources that were published once and no longer have a file; none if the ledger does not exist yet. */
export async function findRemoved(clickhouse: ClickHouse, project: Project): Promise<string[]> {
  const { config } = project;
  const own = ownTables(project);
  const published = await unlessMissing(
    clickhouse.rows<{ name: string }>(onceTables(config.project, config.database), { what: 'find tables' }),
    [],
  );
  return published.map(({ name }) => name).filter((name) => !own.has(name));
}

/** Finds the materialized views that read tables of the project. */
export async function findViews(clickhouse: ClickHouse, project: Project): Promise<View[]> {
  const own = ownTables(project);
  const views = await clickhouse.rows<View>(materializedViewsOn(project.config.database), { what: 'find views' });
  return views.filter(({ table }) => own.has(table));
}

const ownTables = ({ normalized, aggregates }: Project) =>
  new Set([...normalized, ...aggregates].map(({ name }) => name));

const REMOVED = 'no longer has a file in the project: readers keep its rows, and no run updates them';

/** Says of a table without a file what readers have, and both ways out. */
export const removedText = (database: string, table: string): string =>
  `${database}.${table} ${REMOVED}. ` +
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
      `the table ${REMOVED}`,
      `Restore its file, or drop the table when no one reads it: DROP TABLE ${tableName(database, table)}`,
    ),
  );
