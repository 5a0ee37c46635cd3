import { everyNode, otherNodes } from '../../src/clickhouse/cluster/cluster.js';
import { ask } from '../../src/clickhouse/question.js';
import { dropDatabase, dropTable } from '../../src/clickhouse/tables.js';
import type { ArchiveRecord } from '../../src/ledger/records.js';
import { openLedgerReport } from '../../src/ledger/report/index.js';
import {
  archiveDatabase,
  dayOfPlan,
  dayOfStage,
  manifestOfParquet,
  normalizedFolder,
  objectUrl,
  plansFolder,
  schemasFolder,
  stagePrefix,
  stagesPrefix,
  workflowId,
} from '../../src/shared/names.js';
import { stagesOf } from '../../src/stage/swaps.js';
import type { Dependencies } from '../../src/step/dependencies.js';
import type { Answer, Step } from '../../src/step/step.js';
import { isRunning } from '../../src/temporal/client.js';
import { sweepRejects } from './rejects.js';
import { archivesHeld, stagesHeld, type HeldArchive } from './statements.js';

export interface SweepInput {
  /** The day that has succeeded, whose stages are dropped whatever their age; null to remove only expired data. */
  day: string | null;
  /** The newest generation whose stage is dropped: a zombie attempt must not drop the stage of a newer build. */
  generation?: number;
}

export interface SweepResult {
  stages: number;
  archives: number;
  /** Bytes of the remaining archives; includes rows that the live table shares, although they take no extra space. */
  archivedBytes: number;
  objects: number;
  /** What could not be removed, and what to do; absent in results of earlier versions. */
  notes?: string[];
  ms: number;
}

/**
 * Cleans up. The sweep of a day drops its stages and its archives that are no longer needed, and touches no other day. The sweep of
 * a night removes what has expired of all days: archives beyond the configured days and versions, old stages, expired normalized
 * chunks (the manifest before its Parquet, so that no manifest points to nothing), rejects of replaced chunks, the plans of builds
 * that no longer matter, and cached schemas.
 */
export async function sweep(deps: Dependencies, { day, generation }: SweepInput, step: Step): Answer<SweepResult> {
  if (day !== null) return { ...(await sweepBuilds(deps, day, generation, step)), objects: 0 };
  const stages = await sweepOldStages(deps, step);
  const archives = await sweepArchives(deps, step);
  const chunks = await sweepNormalized(deps, step);
  // After the manifests, by which a build would find such a chunk again, and before the plans, which say what is in use.
  const notes = await sweepRejects(deps, step);
  const objects = chunks + (await sweepPlans(deps, step)) + (await sweepSchemas(deps, step));
  return { stages, ...archives, objects, ...(notes.length > 0 ? { notes } : {}) };
}

const SECONDS_A_DAY = 24 * 60 * 60;
/** How long a failed build's stage is kept for inspection, in seconds. */
const INSPECTED = 3 * SECONDS_A_DAY;
/** Age in seconds below which an archive that is not in the ledger may belong to a publish that is about to record it. */
const SETTLED = 6 * 60 * 60;

/**
 * Drops the stages of a day up to a generation, unless it has an open intent, and its archives as {@link sweepArchives} does. Called by
 * the day's own workflow when it is done with them.
 */
async function sweepBuilds(
  deps: Dependencies,
  day: string,
  newest = Infinity,
  step: Step,
): Promise<Pick<SweepResult, 'stages' | 'archives' | 'archivedBytes'>> {
  const { config } = await deps.loadProject();
  const { questions, project } = deps.ledger;
  const { published, stages, held, records } = await deps.ledger.ask({
    published: questions.published(day),
    stages: stagesOf(project, day),
    held: archivesHeld(archiveDatabase(project), day),
    records: questions.archives(day),
  });
  const isOwn = (name: string) => Number(name.slice(stagePrefix(project, day).length)) <= newest;
  const dropped = published.open.length > 0 ? [] : stages.filter(isOwn);
  for (const name of dropped) await deps.clickhouse.run(dropDatabase(name), step.statement(`drop stage ${name}`));
  // The day has moved here from another node, or another run of it was built there.
  for (const node of published.open.length > 0 ? [] : await otherNodes(deps.clickhouse))
    for (const name of (await ask(node, stagesOf(project, day))).filter(isOwn)) {
      await node.run(dropDatabase(name), step.statement(`drop stage ${name}`));
      dropped.push(name);
    }
  return { stages: dropped.length, ...(await dropArchives(deps, held, records, config.keepPrevious, step)) };
}

/**
 * Drops archives beyond `keepPrevious`: a number of versions for each table's day, for a number of days after they were made. Archives
 * that an unfinished publish or rollback may need are kept in any case.
 */
async function sweepArchives(deps: Dependencies, step: Step): Promise<Pick<SweepResult, 'archives' | 'archivedBytes'>> {
  const { config } = await deps.loadProject();
  const held = await ask(deps.clickhouse, archivesHeld(archiveDatabase(config.project)));
  const days = held.map(({ day }) => day).sort();
  const [first, last] = [days[0], days.at(-1)];
  if (first === undefined || last === undefined) return { archives: 0, archivedBytes: 0 };
  const records = await deps.ledger.archives(first, last);
  return await dropArchives(deps, held, records, config.keepPrevious, step);
}

async function dropArchives(
  deps: Dependencies,
  held: readonly HeldArchive[],
  records: ReadonlyMap<string, ArchiveRecord>,
  keepPrevious: { days: number; versions: number },
  step: Step,
): Promise<Pick<SweepResult, 'archives' | 'archivedBytes'>> {
  const database = archiveDatabase(deps.ledger.project);
  const versions = new Map<string, number>();
  let dropped = 0;
  let archivedBytes = 0;
  // Newest first, so that versions are counted from the one that a rollback would need.
  for (const { name, table, day, age, bytes } of [...held].sort((a, b) => b.generation - a.generation)) {
    const last = records.get(name)?.last;
    const version = (versions.get(`${table}/${day}`) ?? 0) + (last === 'done' ? 1 : 0);
    versions.set(`${table}/${day}`, version);
    // An unrecorded archive may belong to a publish that is about to record it; that of an undone publish is useless.
    const kept = version <= keepPrevious.versions && age < keepPrevious.days * SECONDS_A_DAY;
    const wanted = last === undefined ? age < SETTLED : last === 'done' ? kept : last !== 'undone';
    if (wanted) archivedBytes += bytes;
    else {
      await deps.clickhouse.run(dropTable(database, name), step.statement(`drop archive ${name}`));
      dropped++;
    }
  }
  return { archives: dropped, archivedBytes };
}

/** Drops old stages of failed days that no unfinished publish or running build needs. */
async function sweepOldStages(deps: Dependencies, step: Step): Promise<number> {
  const { project } = deps.ledger;
  let dropped = 0;
  for (const node of await everyNode(deps.clickhouse))
    for (const { name, age } of await node.rows<{ name: string; age: string }>(stagesHeld(stagesPrefix(project)))) {
      const day = dayOfStage(project, name);
      if (day === undefined || (Number(age) < INSPECTED && !(await isReplaced(deps, day, name)))) continue;
      if ((await deps.ledger.openIntents(day)).length > 0) continue;
      if (await isRunning(await deps.temporal(), workflowId.day(project, day))) continue;
      await node.run(dropDatabase(name), step.statement(`drop stage ${name}`));
      dropped++;
    }
  return dropped;
}

/**
 * Returns true for a stage on a cluster whose day was published since: its node was down when the day's other stages were dropped, and
 * no one inspects what has been replaced.
 */
async function isReplaced({ clickhouse, ledger }: Dependencies, day: string, name: string): Promise<boolean> {
  if (!clickhouse.cluster) return false;
  const published = (await ledger.currentPublishes(day, day)).map(({ generation }) => generation);
  return Number(name.slice(stagePrefix(ledger.project, day).length)) <= Math.max(0, ...published);
}

/** Removes normalized chunks older than `keepNormalized`. */
async function sweepNormalized(deps: Dependencies, step: Step): Promise<number> {
  const { store } = deps;
  const { config } = await deps.loadProject();
  const { bucket, normalized, keepNormalized } = config.store;
  const before = Date.now() - keepNormalized;
  let removed = 0;
  for (const source of Object.keys(config.sources)) {
    const prefix = normalizedFolder(normalized, config.project, source, '').replace(/\/$/, '');
    const listed = await store.list(bucket, prefix, step.signal);
    const young = new Set(listed.filter(({ modified }) => modified.getTime() >= before).map(({ key }) => key));
    // A chunk's Parquet is older than its manifest, but must not be removed before it.
    const old = listed
      .map(({ key }) => key)
      .filter((key) => !young.has(key) && !young.has(manifestOfParquet(key) ?? ''));
    await store.remove(
      bucket,
      old.filter((key) => key.endsWith('.json')),
    );
    await store.remove(
      bucket,
      old.filter((key) => !key.endsWith('.json')),
    );
    removed += old.length;
  }
  return removed;
}

/** Removes expired plans, except those of a day's newest build and of its newest successful one, which are still read. */
async function sweepPlans(deps: Dependencies, step: Step): Promise<number> {
  const { store } = deps;
  const { config } = await deps.loadProject();
  const { bucket, normalized, keepNormalized } = config.store;
  const before = Date.now() - keepNormalized;
  const old = (await store.list(bucket, plansFolder(normalized, config.project), step.signal))
    .filter(({ modified }) => modified.getTime() < before)
    .flatMap(({ key }) => {
      const day = dayOfPlan(key);
      return day === undefined ? [] : [{ key, day }];
    });
  const days = [...new Set(old.map(({ day }) => day))].sort();
  const [first, last] = [days[0], days.at(-1)];
  if (first === undefined || last === undefined) return 0;
  const current = await openLedgerReport(deps.clickhouse, config.project).plans(first, last);
  const left = old.filter(({ key, day }) => {
    const { newest, whole } = current.get(day) ?? { newest: null, whole: null };
    return ![newest?.plan, whole?.plan].includes(objectUrl(bucket, key));
  });
  const running = new Set<string>();
  for (const day of new Set(left.map((one) => one.day)))
    if (await isRunning(await deps.temporal(), workflowId.day(config.project, day))) running.add(day);
  const gone = left.filter(({ day }) => !running.has(day)).map(({ key }) => key);
  await store.remove(bucket, gone);
  return gone.length;
}

/** Removes cached schemas that are older than normalized chunks may be; the one in use is cached again when it is needed. */
async function sweepSchemas(deps: Dependencies, step: Step): Promise<number> {
  const { config } = await deps.loadProject();
  const { bucket, normalized, keepNormalized } = config.store;
  const listed = await deps.store.list(bucket, schemasFolder(normalized, config.project), step.signal);
  const old = listed.filter(({ modified }) => modified.getTime() < Date.now() - keepNormalized).map(({ key }) => key);
  await deps.store.remove(bucket, old);
  return old.length;
}
