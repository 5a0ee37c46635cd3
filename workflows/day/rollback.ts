import type { RollbackResult } from '../../activities/rollback/index.js';
import { stepText, summary } from '../text.js';
import type { Begun, DayRun } from './steps.js';

/** Picks the publish to roll back, rolls it back and reports what readers have now. The day's stages are dropped later, by the sweep. */
export async function rollBackDay(run: DayRun): Promise<{ begun: Begun; undone: RollbackResult }> {
  const { progress, act } = run;
  const { day, reason = '' } = run.input;
  progress.begin('rollback');
  const planned = await act().planRollback.executeWithOptions({ summary: summary.planRollback(day) }, [{ day }]);
  const { build, undoes, tables } = planned;
  const begun = { build, objects: 0, bytes: 0, chunks: 0, notes: [] };
  run.begun = begun;
  const undone = await act().rollback.executeWithOptions({ summary: summary.rollback(undoes, tables.length, day) }, [
    { build, undoes, reason },
  ]);
  progress.report(stepText.rollback(undoes, undone), planned.ms + undone.ms);
  return { begun, undone };
}
