import type { RollbackResult } from '../../activities/rollback/index.js';
import { stepText, summary } from '../text.js';
import type { Begun, DayRun } from './steps.js';

/** Decides what is rolled back, does it, and reports what readers have now. The day's stages go as after any build. */
export async function rollBackDay(run: DayRun): Promise<{ begun: Begun; taken: RollbackResult; undoes: number }> {
  const { progress, act } = run;
  const { day, reason = '', generation, toEmpty } = run.input;
  progress.begin('rollback');
  const planned = await act().planRollback.executeWithOptions({ summary: summary.planRollback(day) }, [
    { day, ...(generation === undefined ? {} : { generation }), ...(toEmpty ? { toEmpty } : {}) },
  ]);
  const { build, undoes, tables, target = undoes - 1 } = planned;
  const begun = { build, objects: 0, bytes: 0, chunks: 0, notes: [] };
  run.begun = begun;
  run.target = target;
  const taken = await act().rollback.executeWithOptions({ summary: summary.rollback(target, tables.length, day) }, [
    { build, undoes, target, reason },
  ]);
  progress.report(stepText.rollback(target, undoes, taken), planned.ms + taken.ms);
  return { begun, taken, undoes };
}
