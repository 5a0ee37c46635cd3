import { ActivityCancellationType, proxyActivities, type ActivityOptions } from '@temporalio/workflow';
import type { Activities, HeavyActivities } from '../activities/index.js';
import type { Timings } from '../activities/recover/index.js';
import { taskQueue } from '../src/shared/names.js';

/** Every timeout and retry of every activity is set in this file. Milliseconds. */

/** For activities that run before the project's timings are known: they only read the folder and the ledger. */
const FIRST: Timings = {
  heartbeat: 30_000,
  startToClose: 10 * 60_000,
  retryFirst: 1_000,
  retryMost: 60_000,
  giveUpAfter: 6 * 60 * 60_000,
};

/** The longest that a day which another run builds is waited for. */
const LONGEST_DAY = 24 * 60 * 60_000;

/** The last activities of a failed day get at least this, however late it is; the failure must not wait longer. */
const LEAST_BUDGET = 60_000;

/** How long a chunk may wait in the queue behind those of other days. Waiting is not an error and uses no retry time. */
const LONGEST_QUEUE = 24 * 60 * 60_000;

/** How long a nightly run whose days are done waits for its audit. */
const BRIEF = 15 * 60_000;

/** How long a nightly run whose days are done waits until its messages are accepted. */
const ALERT = { attempt: 30_000, retryFirst: 1_000, retryMost: 60_000, giveUpAfter: 15 * 60_000 };

/** Backoff coefficient of all retries. */
const BACKOFF = 2;

const options = (timings: Timings, startedAt: number, least = LEAST_BUDGET): ActivityOptions => ({
  // One attempt: longer than the longest statement should take. A dead worker is noticed by the heartbeat, not by this.
  startToCloseTimeout: timings.startToClose,
  // After this, the activity of a killed worker is retried.
  heartbeatTimeout: timings.heartbeat,
  // All attempts together: transient errors are retried until giveUpAfter has passed since the build started.
  scheduleToCloseTimeout: Math.max(least, startedAt + timings.giveUpAfter - Date.now()),
  // A cancelled activity is awaited: its statement is killed in ClickHouse before the workflow closes.
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  // Final failures are marked by the activities themselves; see src/errors.ts.
  retry: { initialInterval: timings.retryFirst, backoffCoefficient: BACKOFF, maximumInterval: timings.retryMost },
});

/** For the first activity of a workflow. `recover` runs with these and returns the project's own timings. */
export const firstActivities = () => proxyActivities<Activities>(options(FIRST, Date.now()));

/** For what a nightly run can do without: retries end soon. */
export const briefActivities = () =>
  proxyActivities<Pick<Activities, 'audit'>>({ ...options(FIRST, Date.now()), scheduleToCloseTimeout: BRIEF });

/**
 * For waiting until a day that another run started has ended: one attempt lasts as long as that day may. A worker that dies
 * meanwhile is noticed by its heartbeat, and the wait continues in another one.
 */
export const patientActivities = () =>
  proxyActivities<Pick<Activities, 'attend'>>({
    ...options(FIRST, Date.now()),
    startToCloseTimeout: LONGEST_DAY,
    scheduleToCloseTimeout: LONGEST_DAY,
  });

/**
 * For alerts: retried for a while, but the workflow waits no longer than that. No heartbeats, since an attempt takes seconds.
 */
export const alertActivities = () =>
  proxyActivities<Pick<Activities, 'alert'>>({
    startToCloseTimeout: ALERT.attempt,
    scheduleToCloseTimeout: ALERT.giveUpAfter,
    retry: { initialInterval: ALERT.retryFirst, backoffCoefficient: BACKOFF, maximumInterval: ALERT.retryMost },
  });

/** For the steps after the days, and for erasures: they read every row once, which may take long. */
export const checkActivities = () =>
  proxyActivities<Pick<Activities, 'verify' | 'sweep' | 'eraseChunks' | 'endErasure'>>({
    ...options(FIRST, Date.now()),
    startToCloseTimeout: FIRST.giveUpAfter,
  });

/** For the steps of a day, with the project's timings. However late a step starts, it gets the time of one whole attempt. */
export const dayActivities = (timings: Timings, startedAt: number) =>
  proxyActivities<Activities>(options(timings, startedAt, timings.startToClose));

/** For what a failed or cancelled day still has to do. */
export const lastActivities = (timings: Timings, startedAt: number) =>
  proxyActivities<Pick<Activities, 'recover' | 'conclude'>>(options(timings, startedAt));

/**
 * For normalization, which has its own task queue with few slots because it is the only heavy step. Time in that queue is not an
 * error, so retries are limited by count instead of time: they end when the pauses between them add up to `giveUpAfter`.
 */
export const heavyActivities = (timings: Timings, project: string) => {
  const { retry, ...common } = options(timings, Date.now());
  return proxyActivities<HeavyActivities>({
    ...common,
    taskQueue: taskQueue.heavy(project),
    scheduleToCloseTimeout: timings.giveUpAfter + LONGEST_QUEUE,
    retry: { ...retry, maximumAttempts: attemptsWithin(timings) },
  });
};

/** Returns how many attempts make the pauses between them add up to `giveUpAfter`. */
function attemptsWithin({ retryFirst, retryMost, giveUpAfter }: Timings): number {
  let attempts = 1;
  let left = giveUpAfter;
  for (let pause = Math.max(1, retryFirst); pause < retryMost && pause <= left; pause *= BACKOFF) {
    left -= pause;
    attempts++;
  }
  return attempts + Math.floor(left / Math.max(1, retryMost));
}
