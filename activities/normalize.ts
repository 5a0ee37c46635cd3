import { folderImbalances, sumAccounts } from '../src/core/accounts.js';
import { addDays } from '../src/core/day.js';
import {
  manifest as manifestSchema,
  type Chunk,
  type Manifest,
  type NormalizeInput,
  type NormalizeResult,
  type ObjectAccount,
  type Plan,
  type PlannedSource,
} from '../src/core/messages.js';
import { manifestKey, parquetKey } from '../src/core/names.js';
import { final } from '../src/errors.js';
import { countFates, filledColumns, normalizeStatement, recordRejects } from '../src/statements/normalize.js';
import { engineBucket, readPlan, type Dependencies } from './dependencies.js';
import { limitsOf } from './limits.js';
import { openInput } from './raw-input.js';
import type { Step } from './step.js';

/** A chunk with all that belongs to it. */
interface Work {
  plan: Plan;
  source: PlannedSource;
  chunk: Chunk;
}

/**
 * Step 3, for one chunk: raw lines become one Parquet object of an attempt's own name; both ends of the folder account are
 * counted; then the manifest is put, and with it the chunk exists. The first manifest wins, whoever wrote it.
 */
export async function normalize(
  deps: Dependencies,
  { build, chunk: position }: NormalizeInput,
  step: Step,
): Promise<Omit<NormalizeResult, 'ms'>> {
  const { config } = await deps.loadProject();
  const plan = await readPlan(deps, config.store.bucket, build);
  const work = workAt(plan, position);
  const { project, normalized } = plan;
  const key = manifestKey(
    normalized.prefix,
    project,
    work.source.name,
    work.chunk.folder,
    work.chunk.id,
    work.source.normalizer,
  );
  const standing = await readManifest(deps, normalized.bucket, key);
  const manifest = standing ?? (await commit(deps, plan, key, await write(deps, work, step)));
  await record(deps, work, manifest, key, step);
  const { lines, rows, rejected, skipped, blank } = sumAccounts(manifest.accounts);
  return { source: work.source.name, lines, rows, rejected, skipped, blank, reused: standing !== undefined };
}

function workAt(plan: Plan, position: number): Work {
  const todo = plan.sources.flatMap((source) =>
    source.chunks.filter(({ recorded }) => !recorded).map((chunk) => ({ plan, source, chunk })),
  );
  const work = todo[position];
  if (!work) throw new RangeError(`the plan leaves ${todo.length} chunks to do, there is no number ${position}`);
  return work;
}

export async function readManifest(
  { store }: Dependencies,
  bucket: string,
  key: string,
): Promise<Manifest | undefined> {
  const text = await store.read(bucket, key);
  return text === undefined ? undefined : manifestSchema.parse(JSON.parse(text));
}

async function write(deps: Dependencies, { plan, source, chunk }: Work, step: Step): Promise<Manifest> {
  const columns = columnsOf(plan, source.name);
  const filled = filledColumns(columns, source.selected);
  const normalized = await engineBucket(deps, plan.normalized.bucket);
  const keys = chunk.objects.map(({ key }) => key);
  const parquet = parquetKey(
    plan.normalized.prefix,
    plan.project,
    source.name,
    chunk.folder,
    chunk.id,
    source.normalizer,
    step.attempt,
  );
  const window = {
    first: addDays(chunk.folder, -source.arrival.after),
    last: addDays(chunk.folder, source.arrival.before),
    folder: chunk.folder,
  };
  const what = `normalize ${chunk.objects.length} objects of ${source.name}, folder ${chunk.folder}`;
  const { input, countLines } = await openInput(deps, source, keys, what, step);
  const statement = normalizeStatement({ source, columns, window, input, normalized, parquetKey: parquet });
  await deps.clickhouse.run(
    { ...statement, settings: { ...statement.settings, ...limitsOf(plan) } },
    step.statement(what, { zone: plan.zone }),
  );
  step.tell('counting');
  const [fates, lines] = await Promise.all([
    deps.clickhouse.rows<{ object: string; fate: Fate; day: string; lines: string }>(
      countFates(normalized, parquet, filled),
      step.statement(what),
    ),
    countLines(),
  ]);
  await assertUnchanged(deps, source, chunk, step);
  const accounts = accountsOf(keys, fates, lines);
  assertBalanced(source.name, accounts);
  return {
    format: 1,
    project: plan.project,
    source: source.name,
    folder: chunk.folder,
    chunk: chunk.id,
    normalizer: source.normalizer,
    objects: chunk.objects,
    parquet,
    rowsByDay: rowsByDay(fates),
    accounts,
  };
}

type Fate = 'row' | 'rejected' | 'skipped' | 'blank';

const FIELD_OF_FATE = { row: 'rows', rejected: 'rejected', skipped: 'skipped', blank: 'blank' } as const;

function accountsOf(
  keys: readonly string[],
  fates: readonly { object: string; fate: Fate; lines: string }[],
  lines: readonly { object: string; lines: string }[],
): ObjectAccount[] {
  const accounts = new Map(
    keys.map((object) => [object, { object, lines: 0, rows: 0, rejected: 0, skipped: 0, blank: 0 }]),
  );
  const of = (object: string) => accounts.get(object) ?? unknownObject(object);
  for (const { object, lines: count } of lines) of(object).lines += Number(count);
  for (const { object, fate, lines: count } of fates) of(object)[FIELD_OF_FATE[fate]] += Number(count);
  return [...accounts.values()];
}

function unknownObject(object: string): never {
  throw final('AccountsDiffer', `The engine read ${object}, which is not part of this chunk. Nothing was recorded.`, {
    details: { object },
  });
}

function rowsByDay(fates: readonly { fate: Fate; day: string; lines: string }[]): Record<string, number> {
  const days: Record<string, number> = {};
  for (const { fate, day, lines } of fates) if (fate === 'row') days[day] = (days[day] ?? 0) + Number(lines);
  return days;
}

function assertBalanced(source: string, accounts: readonly ObjectAccount[]): void {
  const wrong = folderImbalances(accounts);
  if (wrong.length > 0)
    throw final(
      'AccountsDiffer',
      `${source}: lines went missing or came twice, nothing is published. ${wrong.join('; ')}`,
      {
        details: { step: 'normalize', objects: wrong },
      },
    );
}

/** What was read is what was listed: an object rewritten meanwhile would leave lines of two versions under one name. */
async function assertUnchanged(
  { store }: Dependencies,
  source: PlannedSource,
  chunk: Chunk,
  step: Step,
): Promise<void> {
  const first = chunk.objects[0]?.key ?? '';
  const folder = first.slice(0, first.lastIndexOf('/') + 1);
  const prefix = chunk.objects.every(({ key }) => key.startsWith(folder))
    ? folder
    : commonPrefix(chunk.objects.map(({ key }) => key));
  const now = new Map((await store.list(source.bucket, prefix, step.signal)).map(({ key, etag }) => [key, etag]));
  for (const { key, etag } of chunk.objects)
    if (now.get(key) !== etag)
      throw final(
        now.has(key) ? 'ObjectChanged' : 'ObjectVanished',
        `${source.name}: ${key} was ${now.has(key) ? 'rewritten' : 'deleted'} while it was read. Nothing was recorded; run the day again and it is listed anew.`,
        { details: { step: 'normalize', object: key } },
      );
}

function commonPrefix(keys: readonly string[]): string {
  const [first = '', ...others] = keys;
  let length = first.length;
  for (const key of others) while (!key.startsWith(first.slice(0, length))) length--;
  return first.slice(0, length);
}

/** Puts the manifest. Where another attempt was first, that one counts, and this one's Parquet goes. */
async function commit(deps: Dependencies, plan: Plan, key: string, manifest: Manifest): Promise<Manifest> {
  const { bucket } = plan.normalized;
  if (await deps.store.write(bucket, key, JSON.stringify(manifest), { once: true })) return manifest;
  const winner = await readManifest(deps, bucket, key);
  if (!winner) throw new Error(`manifest ${key} was refused as existing, but is not there`);
  if (winner.parquet !== manifest.parquet) await deps.store.remove(bucket, [manifest.parquet]);
  return winner;
}

async function record(
  deps: Dependencies,
  { plan, source, chunk }: Work,
  manifest: Manifest,
  key: string,
  step: Step,
): Promise<void> {
  const { rowsByDay: days, accounts } = manifest;
  const ids = { source: source.name, folder: chunk.folder, chunk: chunk.id, normalizer: source.normalizer };
  if (accounts.some(({ rejected }) => rejected > 0))
    await deps.clickhouse.run(
      recordRejects(
        await engineBucket(deps, plan.normalized.bucket),
        manifest.parquet,
        filledColumns(columnsOf(plan, source.name), source.selected),
        {
          ...ids,
          project: plan.project,
        },
      ),
      step.statement(`record rejects of ${source.name}`),
    );
  await deps.ledger.recordChunk({ ...ids, manifest: key, objects: chunk.objects, rowsByDay: days, accounts });
}

const columnsOf = (plan: Plan, table: string) => plan.tables.find(({ name }) => name === table)?.columns ?? [];
