import { filledColumns } from '../../src/conversions/chunk-columns.js';
import { chunksToDo } from '../../src/plan/cover.js';
import type { Manifest } from '../../src/plan/manifest.js';
import { columnsOf, type Plan } from '../../src/plan/plan.js';
import { readPlan, readManifest } from '../../src/plan/read.js';
import { sumAccounts } from '../../src/shared/accounts.js';
import type { BuildRef } from '../../src/shared/build.js';
import { manifestKey } from '../../src/shared/names.js';
import type { Dependencies } from '../../src/step/dependencies.js';
import { engineBucket } from '../../src/step/engine-bucket.js';
import type { Answer, Step } from '../../src/step/step.js';
import { normalizeChunk, type Work } from './chunk.js';
import { recordRejects } from './statements.js';

export interface NormalizeInput {
  build: BuildRef;
  /** Position among the chunks that the plan leaves to do. */
  chunk: number;
}

export interface NormalizeResult {
  source: string;
  lines: number;
  rows: number;
  rejected: number;
  skipped: number;
  blank: number;
  /** Objects that were left out because they are bad. */
  quarantined: number;
  /** True when a manifest stood already, so that nothing was read. */
  reused: boolean;
  ms: number;
}

/**
 * Step 3, for one chunk: raw lines become one Parquet object of an attempt's own name; both ends of the folder account are
 * counted; then the manifest is put, and with it the chunk exists. The first manifest wins, whoever wrote it.
 */
export async function normalize(
  deps: Dependencies,
  { build, chunk: position }: NormalizeInput,
  step: Step,
): Answer<NormalizeResult> {
  const plan = await readPlan(deps, build);
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
  const manifest = standing ?? (await commit(deps, plan, key, await normalizeChunk(deps, work, step)));
  await record(deps, work, manifest, key, step);
  const { lines, rows, rejected, skipped, blank } = sumAccounts(manifest.accounts);
  return {
    source: work.source.name,
    lines,
    rows,
    rejected,
    skipped,
    blank,
    quarantined: manifest.quarantined.length,
    reused: standing !== undefined,
  };
}

function workAt(plan: Plan, position: number): Work {
  const todo = chunksToDo(plan);
  const work = todo[position];
  if (!work) throw new RangeError(`the plan leaves ${todo.length} chunks to do, there is no number ${position}`);
  return { plan, ...work };
}

/** Puts the manifest. Where another attempt was first, that one counts, and this one's Parquet goes. */
async function commit(deps: Dependencies, plan: Plan, key: string, manifest: Manifest): Promise<Manifest> {
  const { bucket } = plan.normalized;
  if (await deps.store.write(bucket, key, JSON.stringify(manifest), { once: true })) return manifest;
  const winner = await readManifest(deps, bucket, key);
  if (!winner) throw new Error(`manifest ${key} was refused as existing, but is not there`);
  if (winner.parquet !== manifest.parquet && manifest.parquet !== '')
    await deps.store.remove(bucket, [manifest.parquet]);
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
        filledColumns(columnsOf(plan, source.name), source.selected),
        {
          ...ids,
          project: plan.project,
        },
      ),
      step.statement(`record rejects of ${source.name}`),
    );
  await deps.ledger.recordChunk({ ...ids, manifest: key, objects: chunk.objects, rowsByDay, accounts, quarantined });
}
