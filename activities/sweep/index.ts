import { databasesLike, dropDatabase, dropTable } from '../../src/clickhouse/tables.js';
import { openLedgerReport } from '../../src/ledger/report.js';
import {
  archiveDatabase,
  dayOfPlan,
  dayOfStage,
  manifestOfParquet,
  normalizedFolder,
  objectUrl,
  plansFolder,
  readArchiveName,
  stagePrefix,
  stagesPrefix,
  workflowId,
} from '../../src/shared/names.js';
import type { Dependencies } from '../../src/step/dependencies.js';
import type { Answer, Step } from '../../src/step/step.js';
import { isRunning } from '../../src/temporal/client.js';
import { stagesHeld, tablesHeld } from './statements.js';

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
  ms: number;
}

/**
 * Step 8. Drops the day's stages and removes expired data: archives beyond the configured days and versions, expired normalized chunks
 * (the manifest before its Parquet, so that no manifest points to nothing), and the plans of builds that no longer matter.
 */
export async function sweep(deps: Dependencies, { day, generation }: SweepInput, step: Step): Answer<SweepResult> {
  return {
    stages: (day === null ? 0 : await sweepStages(deps, day, generation, step)) + (await sweepOldStages(deps, step)),
    ...(await sweepArchives(deps, step)),
    objects: (await sweepNormalized(deps, step)) + (await sweepPlans(deps, step)),
  };
}

const SECONDS_A_DAY = 24 * 60 * 60;
/** How long a failed build's stage is kept for inspection, in seconds. */
const INSPECTED = 3 * SECONDS_A_DAY;
/** Age in seconds below which an archive that is not in the ledger may belong to a publish that is about to record it. */
const SETTLED = 6 * 60 * 60;

/** Drops the stages of a day up to a generation, unless it has an open intent. Called by the day's own workflow when it is done with them. */
async function sweepStages(deps: Dependencies, day: string, newest = Infinity, step: Step): Promise<number> {
  if ((await deps.ledger.openIntents(day)).length > 0) return 0;
  const prefix = stagePrefix(deps.ledger.project, day);
  const stages = (await deps.clickhouse.rows<{ name: string }>(databasesLike(prefix))).filter(
    ({ name }) => Number(name.slice(prefix.length)) <= newest,
  );
  for (const { name } of stages) await deps.clickhouse.run(dropDatabase(name), step.statement(`drop stage ${name}`));
  return stages.length;
}

/**
 * Drops archives beyond `keepPrevious`: a number of versions for each table's day, for a number of days after they were made. Archives
 * that an unfinished publish or rollback may need are kept in any case.
 */
async function sweepArchives(deps: Dependencies, step: Step): Promise<{ archives: number; archivedBytes: number }> {
  const { config } = await deps.loadProject();
  const { keepPrevious } = config;
  const database = archiveDatabase(config.project);
  const archives = (await deps.clickhouse.rows<{ name: string; age: string; bytes: string }>(tablesHeld(database)))
    .flatMap(({ name, age, bytes }) => {
      const named = readArchiveName(name);
      return named ? [{ ...named, name, age: Number(age), bytes: Number(bytes) }] : [];
    })
    // Newest first, so that versions are counted from the one that a rollback would need.
    .sort((a, b) => b.generation - a.generation);
  const days = archives.map(({ day }) => day).sort();
  if (days.length === 0) return { archives: 0, archivedBytes: 0 };
  const records = await deps.ledger.archives(days[0] ?? '', days.at(-1) ?? '');
  const versions = new Map<string, number>();
  let dropped = 0;
  let archivedBytes = 0;
  for (const { name, table, day, age, bytes } of archives) {
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
  for (const { name, age } of await deps.clickhouse.rows<{ name: string; age: string }>(
    stagesHeld(stagesPrefix(project)),
  )) {
    const day = dayOfStage(project, name);
    if (day === undefined || Number(age) < INSPECTED) continue;
    if ((await deps.ledger.openIntents(day)).length > 0) continue;
    if (await isRunning(await deps.temporal(), workflowId.day(project, day))) continue;
    await deps.clickhouse.run(dropDatabase(name), step.statement(`drop stage ${name}`));
    dropped++;
  }
  return dropped;
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
