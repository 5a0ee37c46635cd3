import { CancellationScope, condition } from '@temporalio/workflow';
import { throwIfBug } from './failures.js';

/** With more in flight, the server force-closes workflow tasks (it did at 150, not at 64 or 100). */
export const MOST_IN_FLIGHT = 64;

/**
 * Runs `count` pieces of work, at most `most` at once. The first failure cancels the others and is thrown when all have ended, so
 * that nothing still writes when the next step starts. Once `until` is true, no more pieces are started; running ones finish.
 *
 * @returns how many were started.
 */
export async function inWindow(
  count: number,
  most: number,
  run: (index: number) => Promise<void>,
  until = () => false,
): Promise<number> {
  const limit = Math.min(most, MOST_IN_FLIGHT);
  const running = new Set<Promise<void>>();
  const scope = new CancellationScope();
  const failures: unknown[] = [];
  let started = 0;
  try {
    await scope.run(async () => {
      while (started < count && !until()) {
        await condition(() => failures.length > 0 || running.size < limit);
        if (failures.length > 0) break;
        const one: Promise<void> = run(started++)
          .catch((error: unknown) => {
            throwIfBug(error);
            failures.push(error);
            scope.cancel();
          })
          .finally(() => running.delete(one));
        running.add(one);
      }
      await Promise.all(running);
    });
  } catch (error) {
    throwIfBug(error);
    failures.push(error);
  }
  await CancellationScope.nonCancellable(() => Promise.all(running));
  if (failures.length > 0) throw failures[0];
  return started;
}
