import { CancellationScope, condition } from '@temporalio/workflow';
import { final } from '../src/errors.js';
import { command } from '../src/shared/commands.js';
import { sentence } from '../src/shared/sentence.js';
import { throwIfBug } from './failures.js';
import { firstActivities } from './options.js';
import { summary } from './text.js';

/** Between two looks at days of other runs, in milliseconds: most end soon, and a long wait must not fill the history. */
const SOON = 1_000;
const LATER = 30_000;
/** No day that is waited for runs longer, in milliseconds: looks at it would reach the limit of a history. */
const LONGEST_DAY = 24 * 60 * 60_000;

/** Days that another run started and that this workflow waits for. */
export interface OtherRuns {
  /**
   * Resolves when the workflow of a day has ended.
   *
   * @throws a final DayRunning after 24 hours, or what a look failed with.
   */
  ended(day: string, workflowId: string): Promise<void>;
}

/**
 * Opens the watch over other runs. All days that are waited for share one timer and one short look, whatever their number: no slot
 * of a worker is held, and the history grows by one look at a time.
 */
export function watchOtherRuns(): OtherRuns {
  const awaited = new Set<string>();
  const state: { watching: boolean; pause: number; failure: unknown } = { watching: false, pause: SOON, failure: null };

  const watch = async () => {
    while (awaited.size > 0) {
      // The timer goes with the last day that is waited for.
      await condition(() => awaited.size === 0, state.pause);
      if (awaited.size === 0) return;
      const workflowIds = [...awaited];
      const { ended } = await firstActivities().look.executeWithOptions({ summary: summary.look(workflowIds.length) }, [
        { workflowIds },
      ]);
      for (const id of ended) awaited.delete(id);
      // Where one has ended, the next soon will.
      state.pause = ended.length > 0 ? SOON : Math.min(state.pause * 2, LATER);
    }
  };
  const begin = () => {
    state.watching = true;
    state.failure = null;
    CancellationScope.nonCancellable(watch)
      .catch((error: unknown) => {
        throwIfBug(error);
        state.failure = error;
        awaited.clear();
      })
      .finally(() => {
        state.watching = false;
      })
      .catch(throwIfBug);
  };

  return {
    ended: async (day, workflowId) => {
      awaited.add(workflowId);
      state.pause = SOON;
      if (!state.watching) begin();
      try {
        const known = await condition(() => !awaited.has(workflowId), LONGEST_DAY);
        if (!known)
          throw final(
            'DayRunning',
            sentence(
              `${day} was started by another run, which has not ended after 24 hours. Its state: `,
              command.statusOf(day),
            ),
          );
        if (state.failure !== null) throw state.failure as Error;
      } finally {
        awaited.delete(workflowId);
      }
    },
  };
}
