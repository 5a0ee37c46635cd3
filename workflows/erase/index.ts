import { isCancellation, upsertSearchAttributes } from '@temporalio/workflow';
import { failedBy, rootText } from '../../src/errors.js';
import { plain } from '../../src/shared/sentence.js';
import type { DayEnded, EraseInput, EraseResult, StaleModels } from '../../src/shared/workflows.js';
import { attribute } from '../day/progress.js';
import { throwIfBug } from '../failures.js';
import { assertInput } from '../input.js';
import { checkActivities } from '../options.js';
import { watchOtherRuns } from '../other-runs.js';
import { runDay } from '../run-day.js';
import { erasureFailure, summary } from '../text.js';

/**
 * Removes rows on request: from the normalized zone and the rejects, then day by day from the live table, each followed by a rebuild of
 * the models that read it, and last from the archives. The condition is in an object of the store, so that no history names a person.
 * Every step may be repeated: starting the erasure again continues with what is left.
 */
export async function erase(input: EraseInput): Promise<EraseResult> {
  assertInput('erase', input);
  const { id } = input;
  try {
    const found = await checkActivities().eraseChunks.executeWithOptions({ summary: summary.eraseChunks() }, [{ id }]);
    const { project, table, days, rows, chunks, rejects } = found;
    upsertSearchAttributes([
      { key: attribute.project, value: project },
      { key: attribute.kind, value: 'erase' },
      { key: attribute.outcome, value: 'running' },
    ]);
    const of = { project, others: watchOtherRuns() };
    const failed: DayEnded[] = [];
    const stale: StaleModels[] = [];
    for (const day of days) {
      const erased = await runDay(of, { day, erase: id });
      if (erased.result === null) {
        failed.push(erased);
        continue;
      }
      const rebuilt = await runDay(of, { day });
      if (rebuilt.outcome === 'held') stale.push({ first: day, last: day, kind: 'held', reason: 'the day is held' });
      if (rebuilt.result === null) stale.push({ first: day, last: day, kind: 'failed', reason: plain(rebuilt.reason) });
      for (const touched of [erased.result.touched, rebuilt.result?.touched])
        if (touched)
          stale.push({ first: touched.first, last: touched.last, kind: 'later', reason: `looks back on ${day}` });
    }
    if (failed.length > 0) throw failedBy('EraseFailed', erasureFailure(table, failed));
    const { archives } = await checkActivities().endErasure.executeWithOptions({ summary: summary.endErasure() }, [
      { id, days, rows },
    ]);
    upsertSearchAttributes([{ key: attribute.outcome, value: 'published' }]);
    return { table, days: days.length, rows, chunks, rejects, archives, stale: stale.filter(notRebuilt(days)) };
  } catch (error) {
    throwIfBug(error);
    upsertSearchAttributes([{ key: attribute.outcome, value: isCancellation(error) ? 'cancelled' : 'failed' }]);
    if (isCancellation(error)) throw error;
    throw failedBy('EraseFailed', rootText(error));
  }
}

/** A later day that was itself among those of the erasure has been rebuilt since. */
const notRebuilt =
  (days: readonly string[]) =>
  ({ first, last, kind }: StaleModels): boolean =>
    kind !== 'later' || first !== last || !days.includes(first);
