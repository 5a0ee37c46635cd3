import { exceedsItsMemory } from '../../src/clickhouse/errors.js';
import { ask } from '../../src/clickhouse/question.js';
import { filledColumns } from '../../src/conversions/chunk-columns.js';
import { final } from '../../src/errors.js';
import { frugalLimitsOf, limitsOf } from '../../src/plan/limits.js';
import type { Manifest } from '../../src/plan/manifest.js';
import { plannedColumns, type Chunk, type Plan, type PlannedSource } from '../../src/plan/plan.js';
import { openInput } from '../../src/plan/raw-input.js';
import { placedIn } from '../../src/project/sql/failed-at.js';
import { readAnotherVersion, type LineCount } from '../../src/raw/lines.js';
import { normalizeStatement } from '../../src/raw/normalize.js';
import { folderImbalances, type ObjectAccount, type QuarantinedObject } from '../../src/shared/accounts.js';
import { addDays } from '../../src/shared/day.js';
import { sizeText } from '../../src/shared/format.js';
import { parquetKey } from '../../src/shared/names.js';
import type { Dependencies } from '../../src/step/dependencies.js';
import { engineBucket } from '../../src/step/engine-bucket.js';
import type { Step } from '../../src/step/step.js';
import type { StoredObject } from '../../src/store/object.js';
import {
  badObjects,
  changedWhileRead,
  cutObjects,
  gluedObjects,
  mayBeOfAnObject,
  mistakenObjects,
  unreadableObjects,
  type Suspect,
} from './bad-objects.js';
import { removeLeftover } from './leftover.js';
import { countByNumbers, misnumbered } from './numbering.js';
import { countFates, type FateCount } from './statements.js';

/** A chunk with its source and plan. */
export interface Work {
  plan: Plan;
  source: PlannedSource;
  chunk: Chunk;
}

/**
 * Writes the chunk's Parquet object and returns its manifest, which is not written yet. Bad objects fail the chunk; if the source
 * quarantines them, the chunk is made of the others.
 */
export async function normalizeChunk(deps: Dependencies, work: Work, step: Step): Promise<Manifest> {
  const { plan, source, chunk } = work;
  const quarantined: QuarantinedObject[] = [];
  for (let pass = 1; ; pass++) {
    const objects = chunk.objects.filter(({ key }) => !quarantined.some(({ object }) => object === key));
    const parquet = objects.length === 0 ? '' : parquetOf(work, `${step.attempt}${pass === 1 ? '' : `-${pass}`}`);
    const { bad, fates, lines } = await readOnce(deps, work, objects, parquet, step);
    if (bad.length === 0) {
      await assertUnchanged(deps, source, chunk, lines, step);
      const accounts = accountsOf(source.name, chunk.objects, fates, lines);
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
        quarantined,
      };
    }
    await removeLeftover(deps, plan.normalized.bucket, parquet);
    if (source.onBadObject === 'fail') throw badObjects(source.name, bad);
    step.report(`quarantining ${bad.length} bad objects`);
    quarantined.push(...bad);
  }
}

function parquetOf({ plan, source, chunk }: Work, attempt: string): string {
  const { prefix } = plan.normalized;
  return parquetKey(prefix, plan.project, source.name, chunk.folder, chunk.id, source.normalizer, attempt);
}

/** The result of one pass over the objects; if some are bad, only those. */
interface Pass {
  bad: QuarantinedObject[];
  fates: FateCount[];
  lines: LineCount[];
}

/** Writes the objects as Parquet, counts both sides of their accounts, and checks that each was read completely. */
async function readOnce(
  deps: Dependencies,
  work: Work,
  objects: readonly StoredObject[],
  parquet: string,
  step: Step,
): Promise<Pass> {
  const { plan, source, chunk } = work;
  if (objects.length === 0) return { bad: [], fates: [], lines: [] };
  const filled = filledColumns(plannedColumns(plan, source.name), source.selected);
  const normalized = await engineBucket(deps, plan.normalized.bucket);
  const what = `normalize ${objects.length} objects of ${source.name}, folder ${chunk.folder}`;
  const only = (bad: QuarantinedObject[]): Pass => ({ bad, fates: [], lines: [] });

  const [cut, written] = await Promise.allSettled([
    cutObjects(deps, source, objects, step),
    writeParquet(deps, work, objects, parquet, what, step),
  ]);
  if (cut.status === 'rejected') throw cut.reason;
  if (written.status === 'rejected') {
    if (!mayBeOfAnObject(written.reason, source)) throw written.reason;
    const bad = merged(cut.value, await unreadableObjects(deps, work, objects, step, exceedsItsMemory(written.reason)));
    if (bad.length > 0) return only(bad);
    throw exceedsItsMemory(written.reason) ? chunkNeedsMemory(work, objects) : written.reason;
  }
  if (cut.value.length > 0) return only(cut.value);

  step.report('counting');
  const { counted, readRows } = written.value;
  const fates = await ask(deps.clickhouse, countFates(normalized, parquet, filled), step.statement(what));
  const known = source.format === 'ndjson' ? countByNumbers(objects, fates, readRows) : undefined;
  const lines = known ?? (await ask(deps.clickhouse, counted, step.statement(what)));
  const accounts = accountsOf(source.name, objects, fates, lines);
  if (known === undefined && folderImbalances(accounts).length === 0)
    assertAllBalanced(source.name, misnumbered(fates));
  const unbalanced = new Set(accounts.filter((one) => folderImbalances([one]).length > 0).map(({ object }) => object));
  const wrong = objects.filter(({ key }) => unbalanced.has(key));
  const unlike = source.format === 'parquet' ? await unreadableObjects(deps, work, wrong, step) : [];
  const rejected = accounts.some((account) => account.rejected > 0);
  const [mistaken, glued] = rejected
    ? await Promise.all([
        mistakenObjects(deps, work, suspects(accounts), step),
        gluedObjects(deps, work, parquet, step),
      ])
    : [[], []];
  return { bad: merged(unlike, merged(mistaken, glued)), fates, lines };
}

async function writeParquet(
  deps: Dependencies,
  { plan, source, chunk }: Work,
  objects: readonly StoredObject[],
  parquet: string,
  what: string,
  step: Step,
) {
  const window = {
    first: addDays(chunk.folder, -source.arrival.after),
    last: addDays(chunk.folder, source.arrival.before),
    folder: chunk.folder,
  };
  const keys = objects.map(({ key }) => key);
  const { input, lines: counted } = await openInput(deps, { plan, source }, keys, what, step, objects);
  const statement = normalizeStatement({
    source,
    columns: plannedColumns(plan, source.name),
    window,
    input,
    normalized: await engineBucket(deps, plan.normalized.bucket),
    parquetKey: parquet,
  });
  const write = (limits: Record<string, number>) =>
    placedIn(
      { path: `sql/normalized/${source.name}.sql`, line: source.line, select: source.select },
      deps.clickhouse.run(
        { ...statement, settings: { ...statement.settings, ...limits } },
        step.statement(what, { zone: plan.zone }),
      ),
      { onlyCalled: true },
    );
  const { readRows } = await write(limitsOf(plan)).catch(async (thrown: unknown) => {
    if (readAnotherVersion(thrown)) await assertUnchanged(deps, source, chunk, [], step);
    if (!exceedsItsMemory(thrown)) throw thrown;
    step.report('reading again with less memory');
    // An attempt writes no object twice; what the first statement may have left is its own.
    await removeLeftover(deps, plan.normalized.bucket, parquet);
    return await write(frugalLimitsOf(plan));
  });
  return { counted, readRows };
}

/** Creates the failure of objects that can be read one by one, but not normalized within the project's limits. */
function chunkNeedsMemory({ plan, source, chunk }: Work, objects: readonly StoredObject[]): Error {
  const [first] = objects;
  const needed = `needs more than limits.memory (${sizeText(plan.limits.memory)})`;
  return final(
    'LimitReached',
    objects.length > 1
      ? `${source.name}: normalizing ${objects.length} objects of folder ${chunk.folder} together ${needed}, although each can be read alone. Raise it in the config, or lower sources.${source.name}.chunk.maxObjects.`
      : `${source.name}: normalizing ${first?.key ?? ''} ${needed}, although it can be read. Raise it in the config.`,
    { details: { step: 'normalize', source: source.name, object: first?.key, objects: objects.length } },
  );
}

/** Merges two lists of bad objects; an object in both keeps the first reason. */
const merged = (first: readonly QuarantinedObject[], second: readonly QuarantinedObject[]): QuarantinedObject[] => [
  ...first,
  ...second.filter(({ object }) => !first.some((one) => one.object === object)),
];

/** Objects of which at most one line became something: a whole array of objects has one line that reads as an object. */
const suspects = (accounts: readonly ObjectAccount[]): Suspect[] =>
  accounts
    .map(({ object, rows, skipped, rejected }) => ({ key: object, good: rows + skipped, rejected }))
    .filter(({ good, rejected }) => good <= 1 && rejected > 0);

const FIELD_OF_FATE = {
  row: 'rows',
  rejected: 'rejected',
  outside: 'rejected',
  skipped: 'skipped',
  blank: 'blank',
} as const;

function accountsOf(
  source: string,
  objects: readonly StoredObject[],
  fates: readonly FateCount[],
  lines: readonly LineCount[],
): ObjectAccount[] {
  const accounts = new Map<string, ObjectAccount>(
    objects.map(({ key }) => [key, { object: key, lines: 0, rows: 0, rejected: 0, skipped: 0, blank: 0 }]),
  );
  const of = (object: string) => accounts.get(object) ?? unknownObject(source, object);
  for (const { object, lines: count } of lines) of(object).lines += count;
  for (const { object, fate, lines: count } of fates) {
    const account = of(object);
    account[FIELD_OF_FATE[fate]] += count;
    if (fate === 'outside') account.outside = (account.outside ?? 0) + count;
  }
  return [...accounts.values()];
}

function unknownObject(source: string, object: string): never {
  throw final(
    'AccountsDiffer',
    `${source}: a line is of ${object}, which is not part of this chunk. Nothing was recorded. ${mustReturn(source)}`,
    { details: { object } },
  );
}

function rowsByDay(fates: readonly FateCount[]): Record<string, number> {
  const days: Record<string, number> = {};
  for (const { fate, day, lines } of fates) if (fate === 'row') days[day] = (days[day] ?? 0) + lines;
  return days;
}

/** Objects that an error of unbalanced accounts names. */
const WRONG_NAMED = 10;

const assertBalanced = (source: string, accounts: readonly ObjectAccount[]): void => {
  assertAllBalanced(source, folderImbalances(accounts));
};

const mustReturn = (source: string) =>
  `The SELECT of sql/normalized/${source}.sql must return each line once and pass _source on unchanged. If it does, please report this as a bug of Daybook.`;

/** @param wrong a sentence for each object whose lines do not add up */
function assertAllBalanced(source: string, wrong: readonly string[]): void {
  if (wrong.length === 0) return;
  const named = wrong.slice(0, WRONG_NAMED);
  const more = wrong.length > named.length ? `; and ${wrong.length - named.length} more objects` : '';
  throw final(
    'AccountsDiffer',
    `${source}: lines were lost or counted twice. Nothing is published. ${named.join('; ')}${more}. ${mustReturn(source)}`,
    { details: { step: 'normalize', objects: named } },
  );
}

/**
 * Throws if an object changed after it was listed: the chunk could mix lines of two versions. ClickHouse reports the ETag of what it
 * read; only objects without a line are listed, all of them in one request.
 */
async function assertUnchanged(
  { store }: Dependencies,
  source: PlannedSource,
  chunk: Chunk,
  lines: readonly LineCount[],
  step: Step,
): Promise<void> {
  const read = new Map(lines.map(({ object, etag }) => [object, etag]));
  const silent = chunk.objects.filter(({ key }) => !read.has(key));
  if (silent.length > 0)
    for (const { key, etag } of await store.list(
      source.bucket,
      commonPrefix(silent.map(({ key }) => key)),
      step.signal,
    ))
      if (!read.has(key)) read.set(key, etag);
  for (const { key, etag } of chunk.objects)
    if (read.get(key) !== etag) throw changedWhileRead(source.name, key, read.has(key));
}

function commonPrefix(keys: readonly string[]): string {
  const [first = '', ...others] = keys;
  let length = first.length;
  for (const key of others) while (!key.startsWith(first.slice(0, length))) length--;
  return first.slice(0, length);
}
