import { readPlan } from '../../src/plan/stored.js';
import type { BuildRef } from '../../src/shared/build.js';
import { copyEarlier } from '../../src/stage/build.js';
import type { Dependencies } from '../../src/step/dependencies.js';
import type { Answer, Step } from '../../src/step/step.js';

/** The loaded table whose earlier days are copied into the stage. */
export interface LookBackInput {
  build: BuildRef;
  table: string;
}

export interface LookBackResult {
  /** As in {@link BuiltTable}. */
  earlier: Record<string, string>;
  ms: number;
}

/**
 * The rest of step 4 in a backfill, for one source. The day was loaded while earlier days were still being built; now that those are
 * done, they are copied into the stage. Idempotent: each copy replaces the partition.
 */
export async function lookBack(
  deps: Dependencies,
  { build, table }: LookBackInput,
  step: Step,
): Answer<LookBackResult> {
  const plan = await readPlan(deps, build);
  return { earlier: await copyEarlier(deps, plan, table, step) };
}
