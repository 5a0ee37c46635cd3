import { chunksToDo } from '../src/plan/cover.js';
import { readPlan } from '../src/plan/stored.js';
import type { BuildRef, BuiltTable } from '../src/shared/build.js';
import { stagedInputs, type Reader, type StagedTable } from '../src/shared/lookback.js';
import type { Dependencies } from '../src/step/dependencies.js';
import { oldestWorker } from '../src/step/oldest-worker.js';
import type { Answer, Step } from '../src/step/step.js';
import { conclude, type ConcludeInput } from './conclude/index.js';
import { load, type LoadInput, type LoadResult } from './load/index.js';
import { lookBack, type LookBackInput, type LookBackResult } from './look-back/index.js';
import { normalize, type NormalizeInput, type NormalizeResult } from './normalize/index.js';
import { recover, type RecoverInput, type RecoverResult } from './recover/index.js';
import { refresh, type RefreshInput } from './refresh/index.js';
import { sweep, type SweepInput, type SweepResult } from './sweep/index.js';

/*
 * Steps of a small day that share an activity, because an activity costs more than their work. The second step is tried once. If it
 * fails, or if the worker is of an earlier version and ignores it, the workflow runs it as an activity of its own: with its own
 * retries, and under its own name where it fails.
 */

/** Since this build, workers replay days whose steps share activities. */
const SHARES_STEPS = 3;

/** Recovers a day, and says of one of a backfill whether its steps may share activities. */
export async function recoverFirst(deps: Dependencies, input: RecoverInput, step: Step): Answer<RecoverResult> {
  const recovered = await recover(deps, input, step);
  if (input.inBackfill !== true) return recovered;
  return (await oldestWorker(deps, recovered.project)) >= SHARES_STEPS ? { ...recovered, shares: true } : recovered;
}

/** Normalizes a chunk, and loads its source if that was all there was to do for it. */
export async function normalizeAndLoad(
  deps: Dependencies,
  { load: loading, ...input }: NormalizeInput & { load?: Pick<LoadInput, 'alone'> },
  step: Step,
): Answer<NormalizeResult & { loaded?: LoadResult }> {
  const normalized = await normalize(deps, input, step);
  const { source } = normalized;
  const todo = loading && chunksToDo(await readPlan(deps, input.build)).filter((one) => one.source.name === source);
  if (todo?.length !== 1) return normalized;
  const loaded = await tried(step, () => load(deps, { ...loading, build: input.build, table: source }, step));
  return { ...normalized, ...(loaded ? { loaded } : {}) };
}

/** A model to refresh, with the fingerprints of its inputs. */
type Model = Pick<RefreshInput, 'table' | 'inputs'>;

/** Refreshes a model, and others of its level side by side. */
export async function refreshTogether(
  deps: Dependencies,
  { also = [], ...input }: RefreshInput & { also?: readonly Model[] },
  step: Step,
): Answer<BuiltTable & { also?: BuiltTable[] }> {
  const others = refreshEach(deps, input.build, also, step);
  // Nothing may still write when the next step starts.
  const [first] = await Promise.allSettled([refresh(deps, input, step), others]);
  if (first.status === 'rejected') throw first.reason;
  return { ...first.value, ...(also.length > 0 ? { also: await others } : {}) };
}

/** Copies the earlier days of a table, and then refreshes models that read it. */
export async function lookBackAndRefresh(
  deps: Dependencies,
  {
    refresh: next,
    ...input
  }: LookBackInput & { refresh?: { models: readonly Reader[]; staged: Record<string, StagedTable> } },
  step: Step,
): Answer<LookBackResult & { refreshed?: { tables: BuiltTable[]; ms: number } }> {
  const copied = await lookBack(deps, input, step);
  if (!next) return copied;
  const { day } = input.build;
  const staged = new Map(Object.entries(next.staged));
  const own = staged.get(input.table);
  if (own) staged.set(input.table, { ...own, ...copied });
  const models = next.models.map((model) => ({ table: model.name, inputs: stagedInputs(model, day, staged) }));
  const refreshed = await tried(step, async () => ({ tables: await refreshEach(deps, input.build, models, step) }));
  return { ...copied, ...(refreshed ? { refreshed } : {}) };
}

async function refreshEach(
  deps: Dependencies,
  build: BuildRef,
  models: readonly Model[],
  step: Step,
): Promise<BuiltTable[]> {
  const made = await Promise.allSettled(
    models.map((model) => tried(step, () => refresh(deps, { build, ...model }, step))),
  );
  return made.flatMap((one) => {
    if (one.status === 'rejected') throw one.reason;
    return one.value ?? [];
  });
}

/** Records how a build ended, and then cleans up after it. */
export async function concludeAndSweep(
  deps: Dependencies,
  { sweep: sweeping, ...input }: ConcludeInput & { sweep?: SweepInput },
  step: Step,
): Promise<{ swept?: SweepResult }> {
  await conclude(deps, input, step);
  const swept = sweeping && (await tried(step, () => sweep(deps, sweeping, step)));
  return swept ? { swept } : {};
}

/** Runs the second step of an activity; undefined if it fails. Throws only if the activity is aborted. */
async function tried<Result extends object>(
  step: Step,
  run: () => Promise<Result>,
): Promise<(Result & { ms: number }) | undefined> {
  const started = performance.now();
  try {
    return { ...(await run()), ms: Math.round(performance.now() - started) };
  } catch (error) {
    if (step.signal.aborted) throw error;
    return undefined;
  }
}
