// Over 300 lines: publish, its recovery and rollback share every check around a swap.
import { catchUp } from '../clickhouse/cluster/catch-up.js';
import { onNode, otherNodes } from '../clickhouse/cluster/cluster.js';
import { allOf, ask, askTogether, question, type Question } from '../clickhouse/question.js';
import {
  columnsOf,
  createDatabase,
  databasesLike,
  dropDatabase,
  dropTable,
  tablesLike,
  type Place,
} from '../clickhouse/tables.js';
import { final } from '../errors.js';
import { LEDGER } from '../ledger/ledger.js';
import type { Standing } from '../ledger/questions.js';
import type { PublishRecord } from '../ledger/records.js';
import { oldestOfTables } from '../ledger/rollback.js';
import { command } from '../shared/commands.js';
import { attemptTable, stagePrefix } from '../shared/names.js';
import { sentence } from '../shared/sentence.js';
import type { Dependencies } from '../step/dependencies.js';
import type { Step } from '../step/step.js';
import { createTwin, measureDay, plainEngineOf, replacePartition, type Measure } from './statements.js';
import {
  copyByName,
  placeName,
  publishEmpty,
  publishPartition,
  structuresOf,
  type Structure,
} from './swap-statements.js';

/** The day and the databases of a publish or rollback. */
export interface Swap {
  day: string;
  live: string;
  /** Of the generation that is published. */
  stage: string;
  archive: string;
  /** The newest generation when the swaps were planned, and its stage: a newer one drops that stage before its own first swap. */
  newest: number;
  scratch: string;
}

/** Counts and hashes a table's day over the given columns. */
export const measured = (
  deps: Dependencies,
  place: Place,
  day: string,
  columns: readonly string[],
  step: Step,
): Promise<Measure> => ask(deps.clickhouse, measureDay(place, day, columns), step.statement(`measure ${place.table}`));

/** A day of some tables of one database: what each holds, by table. */
export const measures = (
  database: string,
  day: string,
  tables: readonly { table: string; columns: readonly string[] }[],
): Record<string, Question<Measure>> =>
  Object.fromEntries(tables.map(({ table, columns }) => [table, measureDay({ database, table }, day, columns)]));

/** Returns the stored columns of a table, in order. */
export const columnNames = async ({ clickhouse }: Dependencies, place: Place): Promise<string[]> =>
  (await clickhouse.rows<{ name: string }>(columnsOf(place))).map(({ name }) => name);

/** Says which differences between two tables prevent REPLACE PARTITION; undefined if they fit. */
export function structureMisfit(
  structures: ReadonlyMap<string, Structure>,
  one: Place,
  other: Place,
): string | undefined {
  const [found, wanted] = [structures.get(placeName(one)), structures.get(placeName(other))];
  const differing = Object.keys(wanted ?? {}).filter((part) => found?.[part] !== wanted?.[part]);
  return differing.length === 0
    ? undefined
    : differing.map((part) => `${part}: ${found?.[part] ?? 'none'} instead of ${wanted?.[part] ?? 'none'}`).join('; ');
}

/** The structures of some tables in the stage and in the live database. */
export const structuresIn = (
  { stage, live }: Pick<Swap, 'stage' | 'live'>,
  tables: readonly { table: string }[],
): Question<ReadonlyMap<string, Structure>> =>
  structuresOf(
    tables.flatMap(({ table }) => [
      { database: stage, table },
      { database: live, table },
    ]),
  );

/**
 * Swaps the stage's partitions into the live tables, one for each statement in one burst, upstream first; then compares each live day
 * with what was measured in the stage, and writes the done record. Idempotent; a retry also repairs a swap that a crash of ClickHouse
 * left half done (old and new rows together).
 *
 * @param known the structures, if they were just read and no newer build was planned
 * @param also asked together with the verification
 * @returns milliseconds from the first swap to the last, and the answer to `also`
 */
export async function swapForward(
  deps: Dependencies,
  swap: Swap,
  intents: readonly PublishRecord[],
  step: Step,
  { known, also }: { known?: ReadonlyMap<string, Structure> | undefined; also?: Question<Standing> } = {},
): Promise<{ burstMs: number; also: Standing | undefined }> {
  const structures = known ?? (await ask(deps.clickhouse, structuresIn(swap, intents)));
  const sources = new Map<string, Place>();
  let all = true;
  for (const { table, columns } of intents) {
    const staged = { database: swap.stage, table };
    const fits = structureMisfit(structures, staged, { database: swap.live, table }) === undefined;
    all &&= fits;
    // A column that was added since a crash must not prevent the publish from being finished.
    sources.set(table, fits ? staged : await twinOf(deps, swap, staged, table, columns, step));
  }
  if (!known || !all) await assertNewest(deps, swap);
  const burstMs = await swapAll(deps, swap, intents, sources, 'publish', step);
  const answered = await verifySwap(deps, swap, intents, step, also);
  await deps.ledger.recordPublishes('done', intents);
  return { burstMs, also: answered };
}

/**
 * Restores the archived days, verifies them and records that the publishes were undone. The archives themselves are not changed:
 * twins of them are swapped, which a newer build drops before its own swaps, so a zombie attempt cannot replace newer rows with old
 * ones. Several publishes of one table are undone at once, from the archive of the oldest. Idempotent.
 *
 * @param begun called when everything is ready for the first swap
 */
export async function swapBack(
  deps: Dependencies,
  swap: Swap,
  undone: readonly PublishRecord[],
  step: Step,
  begun: () => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  const intents = oldestOfTables(undone);
  await catchUp(
    deps.clickhouse,
    [swap.archive],
    intents.map(({ archive }) => archive),
  );
  await assertArchived(deps, swap, intents);
  const sources = new Map<string, Place>();
  for (const { table, archive, archived_rows: rows, archived_hash: hash, columns } of intents) {
    const archived = archive === '' ? undefined : { database: swap.archive, table: archive };
    const twin = await twinOf(deps, swap, archived, table, columns, step);
    const found = await measured(deps, twin, swap.day, columns, step);
    if (found.rows !== rows || found.hash !== hash)
      throw archiveLost(
        swap.day,
        `${archive} holds ${found.rows} rows with hash ${found.hash}, but ${rows} with ${hash} were archived`,
      );
    sources.set(table, twin);
  }
  await assertNewest(deps, swap);
  await begun();
  const archived = intents.map((intent) => ({ ...intent, rows: intent.archived_rows }));
  await swapAll(deps, swap, archived, sources, 'roll back', step);
  const before = intents.map(({ table, archived_rows: rows, archived_hash: hash, columns }) => ({
    table,
    rows,
    hash,
    columns,
  }));
  await verifySwap(deps, swap, before, step);
  await deps.ledger.recordPublishes('undone', undone);
  for (const { database, table } of sources.values()) await deps.clickhouse.run(dropTable(database, table));
}

/**
 * Throws if the stage holds other rows of the day than were built: ClickHouse may have lost some in a crash of its host, and a zombie
 * attempt may have moved its own there.
 *
 * @param found what the stage holds, if it was just measured
 */
export async function assertStaged(
  deps: Dependencies,
  { day, stage }: Pick<Swap, 'day' | 'stage'>,
  built: readonly Built[],
  step: Step,
  found?: Readonly<Record<string, Measure>>,
): Promise<void> {
  const staged =
    found ?? (await askTogether(deps.clickhouse, measures(stage, day, built), step.statement('measure the stage')));
  const wrong = differing(built, staged);
  if (!wrong) return;
  const { table, rows, hash, has } = wrong;
  throw final(
    'AccountsDiffer',
    sentence(
      `${table} of ${day}: the stage holds ${has.rows} rows with hash ${has.hash}, but ${rows} with ${hash} were built. `,
      `Rows in ${stage} were lost or replaced; nothing was published. Build the day again: `,
      command.run(day),
    ),
    { details: { step: 'publish', table } },
  );
}

/** A table's day as measured, over some columns. */
export type Built = Measure & { table: string; columns: readonly string[] };

/** Finds the first table that does not hold what is expected. */
function differing(
  expected: readonly Built[],
  found: Readonly<Record<string, Measure>>,
): (Built & { has: Measure }) | undefined {
  const compared = expected.map((one) => ({ ...one, has: found[one.table] ?? { rows: 0, hash: '0' } }));
  return compared.find(({ rows, hash, has }) => has.rows !== rows || has.hash !== hash);
}

/** Throws if the archive of a table that has to be restored no longer exists. */
export async function assertArchived(
  { clickhouse }: Dependencies,
  { day, archive: database }: Pick<Swap, 'day' | 'archive'>,
  records: readonly PublishRecord[],
): Promise<void> {
  const existing = new Set((await clickhouse.rows<{ name: string }>(tablesLike(database))).map(({ name }) => name));
  const gone = records.filter(({ archive }) => archive !== '' && !existing.has(archive)).map(({ table }) => table);
  if (gone.length > 0)
    throw archiveLost(day, `the archive of ${gone.join(', ')} from before that publish no longer exists`);
}

const archiveLost = (day: string, found: string) =>
  final(
    'ArchiveLost',
    sentence(
      `${day} cannot be rolled back: ${found} (archives are kept for keepPrevious in the config). Nothing was swapped. `,
      'Build the day again instead: ',
      command.run(day, '--force'),
    ),
    { details: { step: 'rollback' } },
  );

/** Swaps one partition for each statement, in one burst. @returns milliseconds. */
async function swapAll(
  deps: Dependencies,
  swap: Swap,
  records: readonly Pick<PublishRecord, 'table' | 'rows'>[],
  sources: ReadonlyMap<string, Place>,
  verb: string,
  step: Step,
): Promise<number> {
  const started = performance.now();
  for (const { table, rows } of records) {
    const source = sources.get(table);
    if (!source) throw new RangeError(`no source for ${table}`);
    const change = rows === 0 ? publishEmpty : publishPartition;
    const statement = change({ database: swap.live, table }, source, swap.day);
    await deps.clickhouse.run(statement, step.statement(`${verb} ${table}`));
  }
  return Math.round(performance.now() - started);
}

/** Creates a twin of the live table with the source's day: by hard links if the two fit, otherwise copied by column name. */
async function twinOf(
  { clickhouse }: Dependencies,
  swap: Swap,
  source: Place | undefined,
  table: string,
  columns: readonly string[],
  step: Step,
): Promise<Place> {
  const live = { database: swap.live, table };
  const twin = { database: swap.scratch, table: attemptTable(table, step.attempt) };
  await clickhouse.run(createDatabase(twin.database));
  const engine = clickhouse.cluster ? await plainEngineOf(clickhouse, live) : '';
  await clickhouse.run(createTwin(twin, live, 'replace', engine), step.statement(`stage ${table}`));
  if (!source) return twin;
  const fits = structureMisfit(await ask(clickhouse, structuresOf([source, live])), source, live) === undefined;
  const copy = fits ? replacePartition(twin, source, swap.day) : copyByName(twin, source, swap.day, columns);
  await clickhouse.run(copy, step.statement(`copy ${table}`));
  return twin;
}

/**
 * Drops older stages before the first swap, so that a swap of a zombie attempt finds no source and changes nothing; on a cluster also
 * those on other nodes that answer.
 *
 * @param found names of the day's stages, if they were read after this build was planned: an older build that has passed its last check
 *   of the ledger had its stage by then
 * @returns true if there were any
 */
export async function fence(
  { clickhouse }: Dependencies,
  project: string,
  { day, newest }: Pick<Swap, 'day' | 'newest'>,
  step: Step,
  found?: readonly string[],
): Promise<boolean> {
  const isOlder = (name: string) => Number(name.slice(stagePrefix(project, day).length)) < newest;
  const older = (found ?? (await ask(clickhouse, stagesOf(project, day)))).filter(isOlder);
  for (const name of older) await clickhouse.run(dropDatabase(name), step.statement(`drop older stage ${name}`));
  for (const node of await otherNodes(clickhouse))
    for (const name of await ask(node, stagesOf(project, day)))
      if (isOlder(name)) await node.run(dropDatabase(name), step.statement(`drop older stage ${name}`));
  return older.length > 0;
}

/** Selects the names of all stages of a day. */
export const stagesOf = (project: string, day: string): Question<string[]> =>
  question(databasesLike(stagePrefix(project, day)), (rows: readonly { name: string }[]) =>
    rows.map(({ name }) => name),
  );

/**
 * Throws if a newer build was planned: an older build must never publish over a newer one.
 *
 * @param found the newest generation, if it was just read
 */
export async function assertNewest(
  deps: Dependencies,
  { day, newest: generation }: Pick<Swap, 'day' | 'newest'>,
  found?: number,
): Promise<void> {
  if (found === undefined) await catchUp(deps.clickhouse, [LEDGER]);
  const newest = found ?? (await deps.ledger.lastGeneration(day));
  if (newest > generation)
    throw final(
      'Superseded',
      `Generation ${generation} of ${day} is older than ${newest}, which was planned meanwhile. This build publishes nothing.`,
      { details: { step: 'publish' } },
    );
}

async function verifySwap(
  deps: Dependencies,
  { live, day }: Swap,
  expected: readonly Built[],
  step: Step,
  also: Question<Standing> = NOTHING,
): Promise<Standing> {
  const what = step.statement('verify the live tables');
  const readers = allOf(measures(live, day, expected));
  const { found, answered } = await askTogether(deps.clickhouse, { found: readers, answered: also }, what);
  let wrong = differing(expected, found);
  let where = onNode(deps.clickhouse);
  for (const node of await otherNodes(deps.clickhouse)) {
    if (wrong) break;
    await catchUp(
      node,
      [live],
      expected.map(({ table }) => table),
    );
    wrong = differing(expected, await ask(node, readers, what));
    where = onNode(node);
  }
  if (!wrong) return answered;
  const { table, rows, hash, has } = wrong;
  throw final(
    'AccountsDiffer',
    sentence(
      `${table} of ${day}${where}: after the swap there are ${has.rows} rows with hash ${has.hash}, expected ${rows} with ${hash}. `,
      `Something else writes to ${live}.${table}. Run the day again, which recovers it first: `,
      command.run(day),
    ),
    { details: { step: 'publish', table } },
  );
}

const NOTHING: Question<Standing> = { statements: [], answer: () => ({ current: [], open: [] }) };
