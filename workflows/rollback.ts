import type { RollbackResult } from '../activities/rollback/index.js';
import type { Begun, DayRun } from './steps.js';
import { summary, told } from './words.js';

/** Decides which publish goes, takes it back, and tells what readers have now. The day's stages go as after any build. */
export async function rollBackDay(run: DayRun): Promise<{ begun: Begun; taken: RollbackResult }> {
  const { progress, act } = run;
  const { day, reason = '' } = run.input;
  progress.begin('rollback');
  const planned = await act().planRollback.executeWithOptions({ summary: summary.planRollback(day) }, [{ day }]);
  const { build, undoes, tables } = planned;
  const begun = { build, objects: 0, bytes: 0, chunks: 0, notes: [] };
  run.begun = begun;
  const taken = await act().rollback.executeWithOptions({ summary: summary.rollback(undoes, tables.length, day) }, [
    { build, undoes, reason },
  ]);
  progress.tell(told.rollback(undoes, taken), planned.ms + taken.ms);
  return { begun, taken };
}
