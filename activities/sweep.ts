import { addDays, compactDay, dayIn } from '../src/core/day.js';
import type { SweepInput, SweepResult } from '../src/core/messages.js';
import { archiveDatabase, normalizedFolder, stagePrefix } from '../src/core/names.js';
import { databasesLike, dropDatabase, dropTable, tablesLike } from '../src/statements/stage.js';
import type { Dependencies } from './dependencies.js';
import type { Step } from './step.js';

/**
 * Step 8. The day's own stage goes, and what is old: archives beyond the configured days and versions, normalized chunks past
 * their time (the manifest before its Parquet, so that nobody trusts a manifest without one).
 */
export async function sweep(deps: Dependencies, { day }: SweepInput, step: Step): Promise<Omit<SweepResult, 'ms'>> {
  return {
    stages: await sweepStages(deps, day, step),
    archives: await sweepArchives(deps, step),
    objects: await sweepNormalized(deps, step),
  };
}

/** All stages of a day without an open intent. Only the day's own workflow comes here, and it is done with them. */
async function sweepStages(deps: Dependencies, day: string, step: Step): Promise<number> {
  if ((await deps.ledger.openIntents(day)).length > 0) return 0;
  const stages = await deps.clickhouse.rows<{ name: string }>(databasesLike(stagePrefix(deps.ledger.project, day)));
  for (const { name } of stages) await deps.clickhouse.run(dropDatabase(name), step.statement(`drop stage ${name}`));
  return stages.length;
}

const ARCHIVE_NAME = /^(?<table>.+)__(?<day>\d{8})__before_(?<generation>\d+)$/;

async function sweepArchives(deps: Dependencies, step: Step): Promise<number> {
  const { config } = await deps.loadProject();
  const database = archiveDatabase(config.project);
  const oldest = compactDay(addDays(dayIn(config.timezone, new Date()), -config.keepPrevious.days));
  const versions = new Map<string, number>();
  let dropped = 0;
  const archives = (await deps.clickhouse.rows<{ name: string }>(tablesLike(database)))
    .flatMap(({ name }) => {
      const { table = '', day = '', generation = '' } = ARCHIVE_NAME.exec(name)?.groups ?? {};
      return generation === '' ? [] : [{ name, table, day, generation: Number(generation) }];
    })
    .sort((a, b) => b.generation - a.generation);
  for (const { name, table, day } of archives) {
    const key = `${table}/${day}`;
    versions.set(key, (versions.get(key) ?? 0) + 1);
    if ((versions.get(key) ?? 0) <= config.keepPrevious.versions && day >= oldest) continue;
    await deps.clickhouse.run(dropTable(database, name), step.statement(`drop archive ${name}`));
    dropped++;
  }
  return dropped;
}

async function sweepNormalized(deps: Dependencies, step: Step): Promise<number> {
  const { store } = deps;
  const { config } = await deps.loadProject();
  const { bucket, normalized, keepNormalized } = config.store;
  const before = Date.now() - keepNormalized;
  let removed = 0;
  for (const source of Object.keys(config.sources)) {
    const prefix = normalizedFolder(normalized, config.project, source, '').replace(/\/$/, '');
    const old = (await store.list(bucket, prefix, step.signal))
      .filter(({ modified }) => modified.getTime() < before)
      .map(({ key }) => key);
    const manifests = old.filter((key) => key.endsWith('.json'));
    await store.remove(bucket, manifests);
    await store.remove(
      bucket,
      old.filter((key) => !key.endsWith('.json')),
    );
    removed += old.length;
  }
  return removed;
}
