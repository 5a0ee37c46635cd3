import { spread } from '../../src/clickhouse/cluster/catch-up.js';
import { ask } from '../../src/clickhouse/question.js';
import { filledColumns } from '../../src/conversions/chunk-columns.js';
import { LEDGER } from '../../src/ledger/ledger.js';
import { chunksToDo } from '../../src/plan/cover.js';
import type { Manifest } from '../../src/plan/manifest.js';
import { plannedColumns, type Plan } from '../../src/plan/plan.js';
import { readManifest, readObjects, readPlan } from '../../src/plan/stored.js';
import { sumAccounts, type NormalizedCounts } from '../../src/shared/accounts.js';
import type { BuildRef } from '../../src/shared/build.js';
import { manifestKey } from '../../src/shared/names.js';
import { assertNoneReplaced, replacedFunctions } from '../../src/stage/functions.js';
import type { Dependencies } from '../../src/step/dependencies.js';
import { engineBucket } from '../../src/step/engine-bucket.js';
import type { Answer, Step } from '../../src/step/step.js';
import { normalizeChunk, type Work } from './chunk.js';
import { removeLeftover } from './leftover.js';
import { recordRejects } from './statements.js';

export interface NormalizeInput {
  build: BuildRef;
  /** Position among the plan's chunks that are not normalized yet. */
  chunk: number;
}

export interface NormalizeResult extends NormalizedCounts {
  source: string;
  /** True if a manifest existed already, so nothing was read. */
  reused: boolean;
  ms: number;
}

/**
 * Normalizes one chunk. Writes the raw lines as one Parquet object, named by attempt; counts both sides of the folder account; then
 * writes the manifest, which commits the chunk. The first manifest wins, whichever attempt wrote it.
 */
export async function normalize(
  deps: Dependencies,
  { build, chunk: position }: NormalizeInput,
  step: Step,
): Answer<NormalizeResult> {
  const plan = await readPlan(deps, build);
  const work = await workAt(deps, build, plan, position);
  const { project, normalized } = plan;
  const key = manifestKey(
    normalized.prefix,
    project,
    work.source.name,
    work.chunk.folder,
    work.chunk.id,
    work.source.normalizer,
  );
  const existing = await readManifest(deps, normalized.bucket, key);
  const manifest = existing ?? (await commit(deps, plan, key, await normalizeChunk(deps, work, step)));
  await record(deps, work, manifest, key, step);
  return {
    source: work.source.name,
    ...sumAccounts(manifest.accounts),
    quarantined: manifest.quarantined.length,
    reused: existing !== undefined,
  };
}

async function workAt(deps: Dependencies, build: BuildRef, plan: Plan, position: number): Promise<Work> {
  const todo = chunksToDo(plan);
  const work = todo[position];
  if (!work) throw new RangeError(`the plan has ${todo.length} chunks to normalize, there is no number ${position}`);
  const { source, chunk } = work;
  return { plan, source, chunk: { ...chunk, objects: await readObjects(deps, build, chunk, position) } };
}

/** Writes the manifest. If another attempt was first, its manifest counts, and this attempt's Parquet is removed. */
async function commit(deps: Dependencies, plan: Plan, key: string, manifest: Manifest): Promise<Manifest> {
  const { bucket } = plan.normalized;
  assertNoneReplaced(plan, await ask(deps.clickhouse, replacedFunctions(plan)), 'normalize');
  if (await deps.store.write(bucket, key, JSON.stringify(manifest), { once: true })) return manifest;
  const winner = await readManifest(deps, bucket, key);
  if (!winner) throw new Error(`manifest ${key} could not be written because it exists, but it cannot be read`);
  if (winner.parquet !== manifest.parquet && manifest.parquet !== '')
    await removeLeftover(deps, bucket, manifest.parquet);
  return winner;
}

async function record(
  deps: Dependencies,
  { plan, source, chunk }: Work,
  manifest: Manifest,
  key: string,
  step: Step,
): Promise<void> {
  const { rowsByDay, accounts, quarantined } = manifest;
  const ids = { source: source.name, folder: chunk.folder, chunk: chunk.id, normalizer: source.normalizer };
  if (accounts.some(({ rejected }) => rejected > 0))
    await deps.clickhouse.run(
      recordRejects(
        await engineBucket(deps, plan.normalized.bucket),
        manifest.parquet,
        filledColumns(plannedColumns(plan, source.name), source.selected),
        {
          ...ids,
          project: plan.project,
        },
      ),
      step.statement(`record rejects of ${source.name}`),
    );
  await spread(deps.clickhouse, { database: LEDGER, table: 'rejected_rows' });
  await deps.ledger.recordChunk({ ...ids, manifest: key, objects: chunk.objects, rowsByDay, accounts, quarantined });
}
