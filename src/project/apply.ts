import { final, isFinal, messageOf } from '../errors.js';
import type { ClickHouse } from '../io/clickhouse.js';
import { createDatabase, dropTable } from '../statements/stage.js';
import { table as tableName } from '../statements/text.js';
import { alterations, standingTable } from './evolve.js';
import { definitionOf } from './inspect.js';
import type { Project, Schema, TableSchema } from './project.js';
import { withScratch } from './scratch.js';

/** How one live table is made what its file says. */
export interface TableChange {
  table: string;
  /** A contract's table holds no rows, so it is made anew instead of altered. */
  kind: 'create' | 'recreate' | 'alter';
  /** In order; unqualified names mean the project's database. Repeating all of them after a crash is safe. */
  statements: string[];
}

/** A table of the project that is missing in the live database, or stands there with another definition. */
interface Difference {
  table: TableSchema;
  /** The definition that stands; '' where the table is missing. */
  found: string;
}

/** Empty means that everything is applied. */
async function differences(schema: Schema, clickhouse: ClickHouse, database: string): Promise<Difference[]> {
  const live = new Map(
    (
      await clickhouse.rows<{ name: string; create_table_query: string }>({
        sql: 'SELECT name, create_table_query FROM system.tables WHERE database = {database:String}',
        params: { database },
      })
    ).map(({ name, create_table_query }) => [name, definitionOf(create_table_query)]),
  );
  return schema.tables
    .map((table) => ({ table, found: live.get(table.name) ?? '' }))
    .filter(({ table, found }) => found !== table.definition);
}

/**
 * What it takes to make the live tables those of the project: missing tables, added columns, changed comments, codecs and
 * settings. Anything that would lose rows or change what they mean is refused, with all other refusals, before anything is done.
 */
export async function planChanges({ config }: Project, schema: Schema, clickhouse: ClickHouse): Promise<TableChange[]> {
  const { database, project } = config;
  const changes: TableChange[] = [];
  const refusals: string[] = [];
  for (const { table, found } of await differences(schema, clickhouse, database)) {
    if (found === '') changes.push({ table: table.name, kind: 'create', statements: [table.file.create] });
    else {
      const change =
        table.kind === 'raw'
          ? await recreation(table, clickhouse, database)
          : await alteration({ table, found }, clickhouse, { database, project });
      if ('refused' in change) refusals.push(`${database}.${table.name}: ${change.refused.join('; ')}.`);
      else changes.push(change);
    }
  }
  if (refusals.length > 0)
    throw final(
      'NotApplied',
      `What the files say would lose rows or change what they mean, so nothing was changed.\n${refusals.join('\n')}\n` +
        'Either give the changed table a new name (a new file) and build its days, or ALTER it by hand to what its file says, ' +
        'or take the change back; then run: npx daybook apply',
    );
  return changes;
}

async function recreation(
  { name, file }: TableSchema,
  clickhouse: ClickHouse,
  database: string,
): Promise<TableChange | { refused: string[] }> {
  const [counted] = await clickhouse.rows<{ rows: string }>({
    sql: `SELECT count() AS rows FROM ${tableName(database, name)}`,
  });
  const rows = Number(counted?.rows);
  if (rows !== 0)
    return { refused: [`a contract's table is empty, but this one holds ${rows} rows; empty it by hand`] };
  return { table: name, kind: 'recreate', statements: [dropTable(database, name).sql, file.create] };
}

/**
 * The statements are tried on an empty copy first, and count only if they make it exactly the wanted table: whatever this program
 * does not know of a table is thereby refused, never overlooked.
 */
async function alteration(
  { table, found }: Difference,
  clickhouse: ClickHouse,
  { database, project }: { database: string; project: string },
): Promise<TableChange | { refused: string[] }> {
  const { name, file, definition } = table;
  return await withScratch(clickhouse, project, (wanted) =>
    withScratch(clickhouse, project, async (copy) => {
      await clickhouse.run({ sql: file.create }, { database: wanted, what: `create ${name} (${file.path})` });
      await clickhouse.run({ sql: found }, { database: copy, what: `copy ${database}.${name}` });
      const { clauses, refused } = alterations(
        await standingTable(clickhouse, copy, name),
        await standingTable(clickhouse, wanted, name),
      );
      if (refused.length > 0) return { refused };
      for (const clause of clauses)
        try {
          await clickhouse.run({ sql: `ALTER TABLE ${tableName(copy, name)} ${clause}` }, { what: clause });
        } catch (error) {
          if (!isFinal(error)) throw error;
          return { refused: [`the engine refuses ${messageOf(error)}`] };
        }
      const [made] = await clickhouse.rows<{ create_table_query: string }>({
        sql: 'SELECT create_table_query FROM system.tables WHERE database = {copy:String} AND name = {name:String}',
        params: { copy, name },
      });
      const after = definitionOf(made?.create_table_query ?? '');
      if (after !== definition)
        return { refused: [`found ${after}, expected ${definition}, which no ALTER known here makes of it`] };
      return {
        table: name,
        kind: 'alter',
        statements: clauses.map((clause) => `ALTER TABLE ${tableName(database, name)} ${clause}`),
      };
    }),
  );
}

/** Creates the database, and carries out what {@link planChanges} planned. */
export async function applyChanges(
  changes: readonly TableChange[],
  clickhouse: ClickHouse,
  database: string,
): Promise<void> {
  await clickhouse.run(createDatabase(database), { what: `create database ${database}` });
  for (const { table, kind, statements } of changes)
    for (const sql of statements) await clickhouse.run({ sql }, { database, what: `${kind} ${table}` });
}

/** Throws a final error unless every table of the project stands as its file defines it. */
export async function assertApplied(schema: Schema, clickhouse: ClickHouse, database: string): Promise<void> {
  const found = await differences(schema, clickhouse, database);
  const named = (differ: boolean) =>
    found.filter((one) => (one.found !== '') === differ).map(({ table }) => `${database}.${table.name}`);
  const words = [
    ...(named(false).length > 0 ? [`These tables do not exist yet: ${named(false).join(', ')}.`] : []),
    ...(named(true).length > 0 ? [`These tables differ from their files: ${named(true).join(', ')}.`] : []),
  ];
  if (words.length > 0) throw final('NotApplied', `${words.join(' ')} Run: npx daybook apply`);
}
