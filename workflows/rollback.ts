import type { BuildRef, PlanRollbackResult, RollbackResult } from '../src/core/messages.js';
import { summary, told } from '../src/core/words.js';
import type { Night } from './steps.js';

/** Decides which publish goes, takes it back, and tells what readers have now. The day's stages go as after any build. */
export async function rollBackDay(
  night: Night,
  begin: (build: BuildRef) => void,
): Promise<{ planned: PlanRollbackResult; taken: RollbackResult }> {
  const { input, story, act } = night;
  const { day, reason = '' } = input;
  story.begin('rollback');
  const planned = await act().planRollback.executeWithOptions({ summary: summary.planRollback(day) }, [{ day }]);
  const { build, undoes, tables } = planned;
  begin(build);
  night.generation = build.generation;
  const taken = await act().rollback.executeWithOptions({ summary: summary.rollback(undoes, tables.length, day) }, [
    { build, undoes, reason },
  ]);
  story.tell(told.rollback(undoes, taken), planned.ms + taken.ms);
  return { planned, taken };
}
