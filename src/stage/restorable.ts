import { ask } from '../clickhouse/question.js';
import { columnsOf, type Place } from '../clickhouse/tables.js';
import { final, isFinal } from '../errors.js';
import type { PublishedVersion, PublishRecord } from '../ledger/records.js';
import { archivesOthers, oldestOfTables, standingAsOf, undoneBy } from '../ledger/rollback.js';
import { planOfBuild } from '../ledger/statements.js';
import { readPlan } from '../plan/stored.js';
import { command } from '../shared/commands.js';
import { plural } from '../shared/format.js';
import { archiveDatabase } from '../shared/names.js';
import { sentence } from '../shared/sentence.js';
import type { Dependencies } from '../step/dependencies.js';
import { measureDay } from './statements.js';
import { assertArchived } from './swaps.js';

/**
 * Throws if a rollback of a day cannot restore what was published: an archive no longer exists, or holds other rows. A publish archives
 * what readers had, also what something else had written to the live table. Such rows belong to no publish, so no rollback restores them.
 *
 * @param target the generation to restore, 0 for none
 * @returns the publishes that the rollback undoes, of each table the oldest
 * @throws a final ArchiveLost or ArchiveDiffers
 */
export async function assertRestorable(
  deps: Dependencies,
  { day, history, target }: { day: string; history: readonly PublishedVersion[]; target: number },
): Promise<PublishedVersion[]> {
  const archive = archiveDatabase(deps.ledger.project);
  const undone = oldestOfTables(undoneBy(history, target));
  await assertArchived(deps, { day, archive }, undone);
  for (const one of undone) {
    const before = standingAsOf(history, one.table, target);
    const place = { database: archive, table: one.archive };
    if (archivesOthers(one, before) || (before && (await isAltered(deps, place, one, before))))
      throw altered(day, target, place, one, before);
  }
  return undone;
}

/**
 * Measures an archive whose recorded hash covers other columns than that of the publish, or columns of another definition. Columns that
 * were dropped or converted since cannot be compared.
 */
async function isAltered(
  deps: Dependencies,
  archive: Place,
  { archived_rows: rows, code, columns }: PublishRecord,
  before: PublishRecord,
): Promise<boolean> {
  if (rows === 0 || before.columns.length === 0) return false;
  if (code === before.code && columns.join() === before.columns.join()) return false;
  const types = new Map(
    (await deps.clickhouse.rows<{ name: string; type: string }>(columnsOf(archive))).map(({ name, type }) => [
      name,
      type,
    ]),
  );
  if (!before.columns.every((column) => types.has(column))) return false;
  if ((await ask(deps.clickhouse, measureDay(archive, before.day, before.columns))).hash === before.hash) return false;
  const then = await typesOf(deps, before);
  return before.columns.every((column) => (then.get(column) ?? types.get(column)) === types.get(column));
}

/** Returns the types of a table's columns as of a publish; none if its plan no longer exists. */
async function typesOf(
  deps: Dependencies,
  { day, table, generation }: PublishRecord,
): Promise<ReadonlyMap<string, string>> {
  const [found] = await deps.clickhouse.rows<{ plan: string }>(planOfBuild(deps.ledger.project, day, generation));
  if (!found) return new Map();
  try {
    const { tables } = await readPlan(deps, { day, generation, plan: found.plan });
    const columns = tables.find(({ name }) => name === table)?.columns ?? [];
    return new Map(columns.map(({ name, type }) => [name, type]));
  } catch (error) {
    if (isFinal(error)) return new Map();
    throw error;
  }
}

function altered(
  day: string,
  target: number,
  archive: Place,
  { archived_rows: rows }: PublishRecord,
  before: PublishRecord | undefined,
) {
  const expected = before
    ? `${rows === before.rows ? ' with other values' : ''}, expected ${before.rows} as published`
    : ', expected none, since none were published';
  return final(
    'ArchiveDiffers',
    sentence(
      `${day} cannot be rolled back to ${target === 0 ? 'no rows' : `generation ${target}`}: ${archive.database}.${archive.table} holds `,
      `${plural(rows, 'row')}${expected}. Something else wrote to the live table before its rows were archived. Choose another publish: `,
      ...[command.rollback(day, undefined, '--dry-run'), ', or build the day again: ', command.run(day, '--force')],
    ),
    { details: { step: 'rollback' } },
  );
}
