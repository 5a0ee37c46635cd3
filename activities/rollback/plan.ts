import { rollbackTarget, undoneBy, type RollbackTarget } from '../../src/ledger/rollback.js';
import type { BuildRef } from '../../src/shared/build.js';
import { assertRestorable } from '../../src/stage/restorable.js';
import type { Dependencies } from '../../src/step/dependencies.js';
import type { Answer, Step } from '../../src/step/step.js';

export interface PlanRollbackInput extends RollbackTarget {
  day: string;
}

/** What a rollback restores, pinned in the history so that no retry restores anything else. */
export interface PlanRollbackResult {
  /** The rollback's own generation: builds that were planned before it can no longer publish. */
  build: BuildRef;
  /** The newest generation that is rolled back; 0 where readers have the target already. */
  undoes: number;
  /** The generation that readers are to have, 0 for none; left out by earlier versions, which undid one publish. */
  target?: number;
  tables: string[];
  ms: number;
}

/**
 * Decides which publishes of a day a rollback undoes: all that are newer than its target, with all tables that they changed. It
 * gets a generation of its own, so that a build that was planned before it can't publish afterwards. Where readers have the target
 * already, nothing is planned or written.
 */
export async function planRollback(
  deps: Dependencies,
  { day, ...asked }: PlanRollbackInput,
  step: Step,
): Answer<PlanRollbackResult> {
  const history = await deps.ledger.publishHistory(day);
  const target = rollbackTarget(day, history, (await deps.ledger.holdOf(day)) !== undefined, asked);
  const records = await assertRestorable(deps, { day, history, target });
  const newest = await deps.ledger.lastGeneration(day);
  if (records.length === 0) {
    await settle(deps, day, step);
    return { build: { day, generation: newest, plan: '' }, undoes: 0, target, tables: [] };
  }
  const generation = newest + 1;
  await deps.ledger.recordBuild({
    day,
    generation,
    event: 'planned',
    step: 'rollback',
    reason: `rollback to generation ${target}`,
    run: step.attempt,
    plan: '',
    engine: await deps.clickhouse.version(),
  });
  const undoes = Math.max(...undoneBy(history, target).map((record) => record.generation));
  return { build: { day, generation, plan: '' }, undoes, target, tables: records.map(({ table }) => table) };
}

/** A rollback that was cut off and then finished is no longer an unfinished one, once a repetition finds nothing left to do. */
async function settle(deps: Dependencies, day: string, step: Step): Promise<void> {
  const [last] = await deps.ledger.latestBuilds(day, day);
  if (last?.step !== 'rollback' || last.event === 'rolled-back') return;
  await deps.ledger.recordBuild({
    day,
    generation: last.generation,
    event: 'rolled-back',
    step: '',
    reason: '',
    run: step.attempt,
    plan: '',
    engine: await deps.clickhouse.version(),
  });
}
