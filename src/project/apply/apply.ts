import { alterTable, convertAll, countAll, tablesOf } from '../../clickhouse/catalog.js';
import { oneRow, type ClickHouse } from '../../clickhouse/client.js';
import { catchUp } from '../../clickhouse/cluster/catch-up.js';
import { everyNode } from '../../clickhouse/cluster/cluster.js';
import { createOnEachNode } from '../../clickhouse/cluster/databases.js';
import { REPLICATED_BY_DEFAULT, replicatedCreate } from '../../clickhouse/cluster/replicated.js';
import { ask, question, type Question } from '../../clickhouse/question.js';
import type { Statement } from '../../clickhouse/statement.js';
import type { Place } from '../../clickhouse/tables.js';
import { final, isFinal, messageOf } from '../../errors.js';
import { command } from '../../shared/commands.js';
import { absentTables } from '../../shared/notes.js';
import { joinTexts, sentence, type Text } from '../../shared/sentence.js';
import type { Project, Schema, TableSchema } from '../project.js';
import { definitionOf } from '../schema/inspect.js';
import { withScratch } from '../schema/scratch.js';
import { alterations, readTable, type TableState } from './evolve.js';

/** The change that makes one live table match its file. */
export interface TableChange {
  table: string;
  kind: 'create' | 'alter';
  /** Whether the table is a contract, which holds no rows. */
  contract: boolean;
  /** Describes what the statements lose or change in published rows; empty unless the caller allowed it. */
  losses: string[];
  /** Added columns that show a default on days that were published before, in words. */
  added: string[];
  /** In order; unqualified names refer to the project's database. Safe to repeat after a crash. */
  statements: string[];
}

/** Why a table is not changed. */
interface Refusal {
  /** Losses that {@link planChanges} accepts if `allowLoss` names the table. */
  losses: string[];
  /** Changes that are never made. */
  refused: string[];
}

/** A table of the project that is missing in the live database, or has another definition there. */
interface TableDifference {
  table: TableSchema;
  /** The live definition; '' if the table is missing. */
  found: string;
}

/** Selects the definitions of a database's tables, by name. */
export const liveTables = (database: string): Question<Map<string, string>> =>
  question(
    tablesOf(database),
    (rows: readonly { name: string; create_table_query: string }[]) =>
      new Map(rows.map(({ name, create_table_query }) => [name, definitionOf(create_table_query)])),
  );

/** Lists the tables that differ; empty if everything is applied. */
const differences = (schema: Schema, live: ReadonlyMap<string, string>): TableDifference[] =>
  schema.tables
    .map((table) => ({ table, found: live.get(table.name) ?? '' }))
    .filter(({ table, found }) => found !== table.definition);

/**
 * Plans the changes that make the live tables match the project: missing tables, added columns, changed comments, codecs and
 * settings. A contract is an empty table, so all its columns may change. Changes that would lose rows or change their meaning are
 * refused, all at once, before anything is changed.
 *
 * @param allowLoss tables whose columns may be dropped, converted and moved nevertheless
 */
export async function planChanges(
  { config }: Project,
  schema: Schema,
  clickhouse: ClickHouse,
  allowLoss: readonly string[] = [],
): Promise<TableChange[]> {
  const { database, project } = config;
  const unknown = allowLoss.find((name) => !schema.tables.some((table) => table.name === name));
  if (unknown !== undefined)
    throw final(
      'BadConfig',
      `${project} has no table '${unknown}'. Its tables: ${schema.tables.map(({ name }) => name).join(', ')}.`,
    );
  const changes: TableChange[] = [];
  const refusals: (Refusal & { table: string })[] = [];
  for (const { table, found } of differences(schema, await ask(clickhouse, liveTables(database)))) {
    const contract = table.kind === 'raw';
    if (found === '')
      changes.push({
        table: table.name,
        kind: 'create',
        contract,
        losses: [],
        added: [],
        statements: [table.file.create],
      });
    else {
      const change = await alteration({ table, found }, clickhouse, {
        ...{ database, project },
        allowed: allowLoss.includes(table.name),
      });
      if ('refused' in change) refusals.push({ table: table.name, ...change });
      else changes.push({ table: table.name, kind: 'alter', contract, ...change });
    }
  }
  if (refusals.length > 0) throw final('NotApplied', refusalText(refusals, database, allowLoss));
  return changes;
}

function refusalText(
  refusals: readonly (Refusal & { table: string })[],
  database: string,
  allowLoss: readonly string[],
): Text {
  const allowable = refusals.filter(({ refused }) => refused.length === 0).map(({ table }) => table);
  const lines: Text[] = [
    'The files would lose rows or change their meaning, so nothing was changed.',
    ...refusals.map(({ table, losses, refused }) => `${database}.${table}: ${[...losses, ...refused].join('; ')}.`),
    ...(allowable.length > 0
      ? [
          sentence(
            'If this is intended, review the statements, then run without --dry-run: ',
            command.apply('--dry-run', '--allow-loss', ...new Set([...allowLoss, ...allowable])),
          ),
        ]
      : []),
    ...(allowable.length < refusals.length
      ? [
          sentence(
            ...['What no ALTER can do needs a new table: give it a new name (a new file), run ', command.apply()],
            ', build its days with a backfill, and drop the old table when it is no longer read. A table without ',
            ...['rows, such as a contract, can be dropped at once: ', command.apply(), ' creates it again.'],
          ),
        ]
      : []),
    'Or revert the change.',
  ];
  return joinTexts(lines, '\n');
}

const rowsIn = async (clickhouse: ClickHouse, place: Place): Promise<number> =>
  Number((await oneRow<{ rows: string }>(clickhouse, countAll(place))).rows);

/**
 * Plans the statements for one table. They are tried on an empty copy first and must turn it into exactly the wanted table, so
 * that properties of a table that this program does not know are refused, never overlooked.
 */
async function alteration(
  { table, found }: TableDifference,
  clickhouse: ClickHouse,
  { database, project, allowed }: { database: string; project: string; allowed: boolean },
): Promise<Pick<TableChange, 'losses' | 'added' | 'statements'> | Refusal> {
  const { name, file, definition } = table;
  const empty = table.kind === 'raw';
  const rows = empty ? await rowsIn(clickhouse, { database, table: name }) : 0;
  if (rows > 0)
    return {
      losses: [],
      refused: [`a contract must be empty, but this table holds ${rows} rows; truncate it by hand`],
    };
  return await withScratch(clickhouse, project, (wanted) =>
    withScratch(clickhouse, project, async (copy) => {
      await clickhouse.run({ sql: file.create }, { database: wanted, what: `create ${name} (${file.path})` });
      await clickhouse.run({ sql: found }, { database: copy, what: `copy ${database}.${name}` });
      const before = await readTable(clickhouse, copy, name);
      const after = await readTable(clickhouse, wanted, name);
      const { clauses, losses, refused, added } = alterations(before, after, { empty });
      if (refused.length > 0) return { losses, refused };
      for (const clause of clauses)
        try {
          await clickhouse.run({ sql: alterTable({ database: copy, table: name }, clause) }, { what: clause });
        } catch (error) {
          if (!isFinal(error)) throw error;
          return { losses, refused: [`the engine refuses ${messageOf(error)}`] };
        }
      // The copy is the only table in its database.
      const [made] = await clickhouse.rows<{ create_table_query: string }>(tablesOf(copy));
      const became = definitionOf(made?.create_table_query ?? '');
      if (became !== definition)
        return { losses, refused: [`found ${became}, expected ${definition}, which no known ALTER can produce`] };
      const stuck = empty ? [] : await unconvertible(clickhouse, { database, table: name }, before, after);
      if (stuck.length > 0) return { losses, refused: stuck };
      if (losses.length > 0 && !allowed) return { losses, refused: [] };
      const statements = clauses.map((clause) => alterTable({ database, table: name }, clause));
      return { losses, added, statements };
    }),
  );
}

/**
 * Lists columns with values that do not convert to their new type. Converts them in a query first, because a conversion that
 * fails as part of an ALTER leaves an unreadable table.
 */
async function unconvertible(
  clickhouse: ClickHouse,
  place: Place,
  before: TableState,
  after: TableState,
): Promise<string[]> {
  const found: string[] = [];
  for (const { name, type } of after.columns) {
    const existing = before.columns.find((column) => column.name === name);
    if (!existing || existing.type === type) continue;
    try {
      await clickhouse.run(convertAll(place, name, type), { what: `convert ${name}` });
    } catch (error) {
      if (!isFinal(error)) throw error;
      found.push(`column ${name} holds values that do not convert to ${type}: ${messageOf(error)}`);
    }
  }
  return found;
}

/** Makes the tables of a cluster replicated ones. */
const definedOn = ({ cluster }: ClickHouse, sql: string): Statement =>
  cluster === undefined ? { sql } : { sql: replicatedCreate(sql), settings: REPLICATED_BY_DEFAULT };

/** Creates the database, and makes the changes that {@link planChanges} planned. */
export async function applyChanges(
  changes: readonly TableChange[],
  clickhouse: ClickHouse,
  database: string,
): Promise<void> {
  await createOnEachNode(clickhouse, database);
  for (const { table, kind, statements } of changes)
    for (const sql of statements)
      await clickhouse.run(definedOn(clickhouse, sql), { database, what: `${kind} ${table}` });
  for (const node of await everyNode(clickhouse)) await catchUp(node, [database]);
}

/** Throws a final error unless every table of the project matches its file. */
export function assertApplied(schema: Schema, live: ReadonlyMap<string, string>, database: string): void {
  const words = notApplied(schema, live, database);
  if (words !== '') throw final('NotApplied', sentence(`${words} Run: `, command.apply()));
}

/** Names the tables that are missing or differ from their files; '' if there are none. */
export function notApplied(schema: Schema, live: ReadonlyMap<string, string>, database: string): string {
  const found = differences(schema, live);
  const named = (differ: boolean) =>
    found.filter((one) => (one.found !== '') === differ).map(({ table }) => table.name);
  const differing = named(true).map((table) => `${database}.${table}`);
  const words = [
    ...(named(false).length > 0 ? [absentTables(database, named(false))] : []),
    ...(differing.length > 0 ? [`These tables differ from their files: ${differing.join(', ')}.`] : []),
  ];
  return words.join(' ');
}
