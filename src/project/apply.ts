import { final } from '../errors.js';
import type { ClickHouse } from '../io/clickhouse.js';
import { createDatabase } from '../statements/stage.js';
import { definitionOf } from './inspect.js';
import type { Schema } from './project.js';

/** One difference between the project's tables and the live ones. */
export interface TableChange {
  table: string;
  /** `create` is safe and applied; `different` needs a person. */
  kind: 'create' | 'different';
  /** The definition that the project wants, and the one that stands. */
  expected: string;
  found: string;
}

/** Tables that are missing in the live database, or stand there with another definition. Empty means applied. */
export async function pendingChanges(schema: Schema, clickhouse: ClickHouse, database: string): Promise<TableChange[]> {
  const live = new Map(
    (
      await clickhouse.rows<{ name: string; create_table_query: string }>({
        sql: 'SELECT name, create_table_query FROM system.tables WHERE database = {database:String}',
        params: { database },
      })
    ).map(({ name, create_table_query }) => [name, definitionOf(create_table_query)]),
  );
  return schema.tables.flatMap(({ name: table, definition: expected }): TableChange[] => {
    const found = live.get(table);
    if (found === undefined) return [{ table, kind: 'create', expected, found: '' }];
    return found === expected ? [] : [{ table, kind: 'different', expected, found }];
  });
}

/**
 * Creates the database and every missing table, in the user's own words. A table that stands with another definition is refused
 * by name before anything is created: changing it could lose data.
 */
export async function applyTables(schema: Schema, clickhouse: ClickHouse, database: string): Promise<TableChange[]> {
  const changes = await pendingChanges(schema, clickhouse, database);
  refuseDifferent(changes, database);
  await clickhouse.run(createDatabase(database), { what: `create database ${database}` });
  for (const { table } of changes) {
    const file = schema.tables.find(({ name }) => name === table)?.file;
    if (file) await clickhouse.run({ sql: file.create }, { database, what: `create ${table} (${file.path})` });
  }
  return changes;
}

/** Throws a final error unless every table of the project stands as its file defines it. */
export async function assertApplied(schema: Schema, clickhouse: ClickHouse, database: string): Promise<void> {
  const changes = await pendingChanges(schema, clickhouse, database);
  refuseDifferent(changes, database);
  const missing = changes.map(({ table }) => `${database}.${table}`);
  if (missing.length > 0)
    throw final('NotApplied', `These tables do not exist yet: ${missing.join(', ')}. Run: npx daybook apply`);
}

function refuseDifferent(changes: readonly TableChange[], database: string): void {
  const different = changes.filter(({ kind }) => kind === 'different');
  if (different.length === 0) return;
  throw final(
    'NotApplied',
    different
      .map(
        ({ table, found, expected }) =>
          `${database}.${table} stands with another definition than its file.\n  found:    ${found}\n  expected: ${expected}`,
      )
      .join('\n') + '\nAlter the table by hand to match its file, or change the file back; then run: npx daybook apply',
    { details: { tables: different.map(({ table }) => table) } },
  );
}
