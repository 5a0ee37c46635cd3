import { alterTable, convertAll, countAll, tablesOf } from '../../clickhouse/catalog.js';
import { oneRow, type ClickHouse } from '../../clickhouse/client.js';
import { createDatabase, type Place } from '../../clickhouse/tables.js';
import { final, isFinal, messageOf } from '../../errors.js';
import { command } from '../../shared/commands.js';
import { joinTexts, sentence, type Text } from '../../shared/sentence.js';
import type { Project, Schema, TableSchema } from '../project.js';
import { definitionOf } from '../schema/inspect.js';
import { withScratch } from '../schema/scratch.js';
import { alterations, standingTable, type StandingTable } from './evolve.js';

/** How one live table is made what its file says. */
export interface TableChange {
  table: string;
  kind: 'create' | 'alter';
  /** Whether the table is a contract's, which holds no rows. */
  contract: boolean;
  /** What the statements lose or change of published rows, in words; empty unless the caller allowed it. */
  losses: string[];
  /** Added columns that show a default on days that were published before, in words. */
  added: string[];
  /** In order; unqualified names mean the project's database. Repeating all of them after a crash is safe. */
  statements: string[];
}

/** Why a table is left as it is. */
interface Refusal {
  /** What {@link planChanges} does where the table is named to it. */
  losses: string[];
  refused: string[];
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
    (await clickhouse.rows<{ name: string; create_table_query: string }>(tablesOf(database))).map(
      ({ name, create_table_query }) => [name, definitionOf(create_table_query)],
    ),
  );
  return schema.tables
    .map((table) => ({ table, found: live.get(table.name) ?? '' }))
    .filter(({ table, found }) => found !== table.definition);
}

/**
 * What it takes to make the live tables those of the project: missing tables, added columns, changed comments, codecs and
 * settings. A contract's table is empty and may change in every column. Anything that would lose rows or change what they mean is
 * refused, with all other refusals, before anything is done.
 *
 * @param allowLoss tables in which columns may be dropped, converted and moved all the same.
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
      `${project} has no table '${unknown}'; it has ${schema.tables.map(({ name }) => name).join(', ')}.`,
    );
  const changes: TableChange[] = [];
  const refusals: (Refusal & { table: string })[] = [];
  for (const { table, found } of await differences(schema, clickhouse, database)) {
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
  const mended = refusals.filter(({ refused }) => refused.length === 0).map(({ table }) => table);
  const lines: Text[] = [
    'What the files say would lose rows or change what they mean, so nothing was changed.',
    ...refusals.map(({ table, losses, refused }) => `${database}.${table}: ${[...losses, ...refused].join('; ')}.`),
    ...(mended.length > 0
      ? [
          sentence(
            'If it is meant, see the statements, then run them without --dry-run: ',
            command.apply('--dry-run', '--allow-loss', ...new Set([...allowLoss, ...mended])),
          ),
        ]
      : []),
    ...(mended.length < refusals.length
      ? [
          sentence(
            ...['What no ALTER can do takes a new table: give it a new name (a new file), run ', command.apply()],
            ', build its days with a backfill, and drop the old table by hand when nobody reads it any more. A table without ',
            ...["rows, such as a contract's, can be dropped by hand at once: ", command.apply(), ' makes it anew.'],
          ),
        ]
      : []),
    'Or take the change back.',
  ];
  return joinTexts(lines, '\n');
}

const rowsIn = async (clickhouse: ClickHouse, place: Place): Promise<number> =>
  Number((await oneRow<{ rows: string }>(clickhouse, countAll(place))).rows);

/**
 * The statements are tried on an empty copy first, and count only if they make it exactly the wanted table: whatever this program
 * does not know of a table is thereby refused, never overlooked.
 */
async function alteration(
  { table, found }: Difference,
  clickhouse: ClickHouse,
  { database, project, allowed }: { database: string; project: string; allowed: boolean },
): Promise<Pick<TableChange, 'losses' | 'added' | 'statements'> | Refusal> {
  const { name, file, definition } = table;
  const empty = table.kind === 'raw';
  const rows = empty ? await rowsIn(clickhouse, { database, table: name }) : 0;
  if (rows > 0)
    return {
      losses: [],
      refused: [`a contract's table is empty, but this one holds ${rows} rows; empty it by hand`],
    };
  return await withScratch(clickhouse, project, (wanted) =>
    withScratch(clickhouse, project, async (copy) => {
      await clickhouse.run({ sql: file.create }, { database: wanted, what: `create ${name} (${file.path})` });
      await clickhouse.run({ sql: found }, { database: copy, what: `copy ${database}.${name}` });
      const before = await standingTable(clickhouse, copy, name);
      const after = await standingTable(clickhouse, wanted, name);
      const { clauses, losses, refused, added } = alterations(before, after, { empty });
      if (refused.length > 0) return { losses, refused };
      for (const clause of clauses)
        try {
          await clickhouse.run({ sql: alterTable({ database: copy, table: name }, clause) }, { what: clause });
        } catch (error) {
          if (!isFinal(error)) throw error;
          return { losses, refused: [`the engine refuses ${messageOf(error)}`] };
        }
      // The copy's database holds nothing else.
      const [made] = await clickhouse.rows<{ create_table_query: string }>(tablesOf(copy));
      const became = definitionOf(made?.create_table_query ?? '');
      if (became !== definition)
        return { losses, refused: [`found ${became}, expected ${definition}, which no ALTER known here makes of it`] };
      const stuck = empty ? [] : await unconvertible(clickhouse, { database, table: name }, before, after);
      if (stuck.length > 0) return { losses, refused: stuck };
      if (losses.length > 0 && !allowed) return { losses, refused: [] };
      const statements = clauses.map((clause) => alterTable({ database, table: name }, clause));
      return { losses, added, statements };
    }),
  );
}

/**
 * Columns whose values do not convert to their new type, in words. They are converted once here, because a conversion that fails
 * as part of an ALTER leaves a table that nobody can read.
 */
async function unconvertible(
  clickhouse: ClickHouse,
  place: Place,
  before: StandingTable,
  after: StandingTable,
): Promise<string[]> {
  const found: string[] = [];
  for (const { name, type } of after.columns) {
    const standing = before.columns.find((column) => column.name === name);
    if (!standing || standing.type === type) continue;
    try {
      await clickhouse.run(convertAll(place, name, type), { what: `convert ${name}` });
    } catch (error) {
      if (!isFinal(error)) throw error;
      found.push(`column ${name} holds values that are no ${type}: ${messageOf(error)}`);
    }
  }
  return found;
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
  if (words.length > 0) throw final('NotApplied', sentence(`${words.join(' ')} Run: `, command.apply()));
}
