import { isCancellation, log, rootCause } from '@temporalio/workflow';
import { throwIfBug } from './failures.js';
import { checkActivities } from './options.js';
import { summary } from './text.js';

/** Cleans up expired data of all days. What cannot be removed now is removed by the next nightly run or backfill. */
export async function sweepOld(): Promise<void> {
  try {
    const { notes = [] } = await checkActivities().sweep.executeWithOptions({ summary: summary.sweepOld() }, [
      { day: null },
    ]);
    for (const note of notes) log.warn(note);
  } catch (error) {
    throwIfBug(error);
    if (isCancellation(error)) throw error;
    log.warn('expired data was not cleaned up', { reason: rootCause(error) });
  }
}
