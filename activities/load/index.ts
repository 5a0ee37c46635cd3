import { oneRow } from '../../src/clickhouse/client.js';
import { filledColumns } from '../../src/conversions/chunk-columns.js';
import { final } from '../../src/errors.js';
import { dataOfChunks, tableFingerprint } from '../../src/ledger/fingerprints.js';
import { withinLimits, type Limits } from '../../src/plan/limits.js';
import { digestOf, type ChunkDigest } from '../../src/plan/manifest.js';
import type { Plan, PlannedSource, PlannedTable, PublishedTable } from '../../src/plan/plan.js';
import { readPlan, readManifest } from '../../src/plan/stored.js';
import { dayImbalance, sumAccounts } from '../../src/shared/accounts.js';
import type { BuildRef, BuiltTable } from '../../src/shared/build.js';
import { command } from '../../src/shared/commands.js';
import { keyOf } from '../../src/shared/dedupe.js';
import { grouped } from '../../src/shared/grouped.js';
import { manifestKey, objectUrl } from '../../src/shared/names.js';
import { quarantinedNote } from '../../src/shared/notes.js';
import { sentence, type Text } from '../../src/shared/sentence.js';
import { buildInStage, copyFromLive, stageOf, type Staged } from '../../src/stage/build.js';
import { comparedWithPublished, knownAs } from '../../src/stage/reproduced.js';
import type { Dependencies } from '../../src/step/dependencies.js';
import { engineBucket } from '../../src/step/engine-bucket.js';
import type { Answer, Step } from '../../src/step/step.js';
import { assertFewRejects, assertNoneLeftOut, keepsPublished, outsideNote } from './checks.js';
import { countDuplicates, loadStatement } from './statements.js';

export interface LoadInput {
  build: BuildRef;
  table: string;
  /** Leave the earlier days out: they may not be done yet, and are copied later; see {@link LookBackInput}. */
  alone?: boolean;
}

export interface LoadResult extends BuiltTable {
  /** The folder account of folder D. */
  lines: number;
  rejected: number;
  skipped: number;
  blank: number;
  duplicates: number;
  chunks: number;
  /** Quarantined objects in the folders that may hold rows of the day. */
  quarantined: number;
  /** Things a person should know although nothing failed. */
  notes: Text[];
}

/** Rows de-duplicated by one statement: the sort and the set of keys of this many rows fit the default memory limit. */
const ROWS_PER_BUCKET = 10_000_000;
/** Parquet objects read by one statement: each object adds a key to the statement. */
const OBJECTS_PER_STATEMENT = 500;
const MANIFESTS_AT_ONCE = 16;

/**
 * Loads one source: the day's rows of all its chunks, from any folder, go into the stage, de-duplicated where a key is
 * declared. A day whose fingerprint equals the published one is copied from live instead of being loaded again.
 */
export async function load(
  deps: Dependencies,
  { build, table: name, alone = false }: LoadInput,
  step: Step,
  { rowsPerBucket = ROWS_PER_BUCKET }: { rowsPerBucket?: number } = {},
): Answer<LoadResult> {
  const plan = await readPlan(deps, build);
  const { source, table } = planned(plan, name);
  if (source.fresh) return await reusePublished(deps, plan, source, { alone }, step);
  const manifests = await readManifests(deps, plan, source, step);
  const folder = sumAccounts(
    manifests.filter((manifest) => manifest.folder === plan.day).map(({ account }) => account),
  );
  const quarantined = manifests.flatMap((manifest) => manifest.quarantined);
  assertNoneLeftOut(source, quarantined);
  const published = plan.published.find((record) => record.table === name);
  if (keepsPublished(plan, source, manifests, published))
    return await reusePublished(deps, plan, source, { alone }, step);
  await assertFewRejects(deps, plan, source, manifests);

  const used = manifests.filter(({ rowsByDay }) => (rowsByDay[plan.day] ?? 0) > 0);
  const data = dataOfChunks(used.map(({ chunk }) => chunk));
  const fingerprint = tableFingerprint(table.code, data);
  const asPublished = !plan.force && published && tableFingerprint(published.code, published.data) === fingerprint;

  const { rows, hash, duplicates, earlier } = asPublished
    ? await reuse(deps, plan, published, { alone }, step)
    : await loadChunks(deps, { plan, source, table, used, alone, rowsPerBucket }, step);
  const built = { table: name, rows, hash, data, inputs: {} };
  const chunks = used.map(({ chunk }) => chunk);
  return {
    ...built,
    ...(asPublished
      ? { changed: false, fingerprint: knownAs(published) }
      : await comparedWithPublished(deps, plan, published, { ...built, chunks }, step)),
    earlier,
    duplicates,
    chunks: used.length,
    lines: folder.lines,
    rejected: folder.rejected,
    skipped: folder.skipped,
    blank: folder.blank,
    quarantined: quarantined.length,
    notes: [...quarantinedNote(plan.day, name, quarantined), ...outsideNote(plan, name, manifests)],
  };
}

/**
 * Stages a day that is up to date by the plan, from live. Reads neither raw objects nor normalized chunks, which may have expired;
 * the folder's account comes from the ledger.
 */
async function reusePublished(
  deps: Dependencies,
  plan: Plan,
  source: PlannedSource,
  options: { alone: boolean },
  step: Step,
): Answer<LoadResult> {
  const { day } = plan;
  const { name, normalizer } = source;
  const published = plan.published.find((record) => record.table === name);
  if (!published) throw new RangeError(`the plan says that ${name} of ${day} is published, but lacks the record`);
  const chunks = source.chunks.map(({ id, folder }) => ({ id, folder, normalizer }));
  const quarantined = await deps.ledger.quarantinedObjects(name, chunks);
  assertNoneLeftOut(source, quarantined);
  const own = chunks.filter(({ folder }) => folder === day);
  const { lines, rejected, skipped, blank } = sumAccounts(await deps.ledger.folderAccounts(name, day, day, own));
  return {
    ...(await reuse(deps, plan, published, options, step)),
    table: name,
    fingerprint: knownAs(published),
    data: published.data,
    changed: false,
    inputs: {},
    chunks: published.chunks.length,
    ...{ lines, rejected, skipped, blank },
    quarantined: quarantined.length,
    notes: quarantinedNote(day, name, quarantined),
  };
}

/** Copies the published day from live, with the duplicates of its recorded account. */
async function reuse(
  deps: Dependencies,
  plan: Plan,
  published: PublishedTable,
  options: { alone: boolean },
  step: Step,
): Promise<Staged & Pick<LoadResult, 'duplicates'>> {
  const staged = await copyFromLive(deps, plan, published, step, options);
  const accounts = await deps.ledger.dayAccounts(plan.day);
  const account = accounts.find(
    ({ table, generation }) => table === published.table && generation === (published.madeBy ?? published.generation),
  );
  return { ...staged, duplicates: account?.duplicates ?? 0 };
}

interface Loading {
  plan: Plan;
  source: PlannedSource;
  table: PlannedTable;
  /** The chunks with rows of the day. */
  used: readonly ChunkDigest[];
  alone: boolean;
  rowsPerBucket: number;
}

/** Loads the day and balances its account: every row in the manifests is loaded, or is a duplicate. */
async function loadChunks(deps: Dependencies, loading: Loading, step: Step) {
  const { plan, table, used, alone } = loading;
  const promised = used.reduce((sum, { rowsByDay }) => sum + (rowsByDay[plan.day] ?? 0), 0);
  let duplicates = 0;
  const what = { what: `load ${table.name} of ${plan.day}`, details: { step: 'load', table: table.name } };
  const staged = await withinLimits(plan, step, what, (limits) =>
    buildInStage(
      deps,
      plan,
      table.name,
      step,
      async (target) => {
        duplicates = await fillStage(deps, { ...loading, promised, target, limits }, step);
      },
      { alone },
    ),
  );
  const { rows } = staged;
  const wrong = dayImbalance(table.name, promised, rows, duplicates);
  if (wrong !== undefined)
    throw final(
      'AccountsDiffer',
      `${wrong}. Nothing is published. Each row of a chunk must be loaded once or be a duplicate: if nothing else writes to ` +
        `${stageOf(plan)} or below ${objectUrl(plan.normalized.bucket, plan.normalized.prefix)}, please report this as a bug of Daybook.`,
      { details: { step: 'load', table: table.name } },
    );
  await deps.ledger.recordDayAccount({
    day: plan.day,
    table: table.name,
    generation: plan.generation,
    rows: promised,
    loaded: rows,
    duplicates,
  });
  return { ...staged, duplicates };
}

/** How much smaller the parts are that are de-duplicated at once where memory is short. */
const FRUGAL_PARTS = 8;

interface Filling extends Loading {
  promised: number;
  limits: Limits;
  target: { database: string; table: string };
}

/** Fills the attempt's table. @returns the duplicates in the chunks, counted independently of what was inserted. */
async function fillStage(
  deps: Dependencies,
  { plan, source, table, used, rowsPerBucket, promised, target, limits }: Filling,
  step: Step,
): Promise<number> {
  const bucket = await engineBucket(deps, plan.normalized.bucket);
  const { dedupeBy } = source;
  const keyed = keyOf(dedupeBy).length > 0;
  const parts = limits.frugal ? FRUGAL_PARTS : 1;
  const buckets = !keyed ? 1 : parts * Math.max(1, Math.ceil(promised / rowsPerBucket));
  const parquet = used.map((manifest) => manifest.parquet);
  // Rows of one key may be in any object, so with a key every statement reads all objects.
  const groups = !keyed ? grouped(parquet, OBJECTS_PER_STATEMENT) : parquet.length === 0 ? [] : [parquet];
  let duplicates = 0;
  for (const parquetKeys of groups)
    for (let bucket_number = 0; bucket_number < buckets; bucket_number++) {
      const options = {
        target,
        columns: table.columns,
        filled: filledColumns(table.columns, source.selected),
        bucket,
        parquetKeys,
        day: plan.day,
        dedupeBy,
        bucket_number,
        buckets,
      };
      step.report(`load ${source.name}, part ${bucket_number + 1} of ${buckets}`);
      const run = step.statement(`load ${source.name}`, { zone: plan.zone });
      const insert = loadStatement(options);
      await deps.clickhouse.run({ ...insert, settings: { ...insert.settings, ...limits.settings } }, run);
      if (keyed) {
        const count = countDuplicates(options);
        const found = await oneRow<{ duplicates: string }>(
          deps.clickhouse,
          { ...count, settings: limits.settings },
          run,
        );
        duplicates += Number(found.duplicates);
      }
    }
  return duplicates;
}

async function readManifests(
  deps: Dependencies,
  plan: Plan,
  source: PlannedSource,
  step: Step,
): Promise<ChunkDigest[]> {
  const { prefix, bucket } = plan.normalized;
  const manifests: ChunkDigest[] = [];
  for (const group of grouped(source.chunks, MANIFESTS_AT_ONCE)) {
    step.signal.throwIfAborted();
    manifests.push(
      ...(await Promise.all(
        group.map(async ({ folder, id }) => {
          const key = manifestKey(prefix, plan.project, source.name, folder, id, source.normalizer);
          const manifest = await readManifest(deps, bucket, key);
          if (!manifest)
            throw final(
              'ObjectVanished',
              sentence(
                `Manifest ${key} was deleted after the day was planned. Its chunk will be normalized again: `,
                command.run(plan.day),
              ),
              { details: { step: 'load', object: key } },
            );
          return digestOf(manifest);
        }),
      )),
    );
  }
  return manifests;
}

function planned(plan: Plan, name: string): { source: PlannedSource; table: PlannedTable } {
  const source = plan.sources.find((one) => one.name === name);
  const table = plan.tables.find((one) => one.name === name);
  if (!source || !table) throw new RangeError(`the plan has no source ${name}`);
  return { source, table };
}
