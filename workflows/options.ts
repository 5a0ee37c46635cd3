import { ActivityCancellationType, proxyActivities, type ActivityOptions } from '@temporalio/workflow';
import type { Activities, HeavyActivities } from '../activities/index.js';
import type { Timings } from '../activities/recover/index.js';
import { taskQueue } from '../src/shared/names.js';

/** Every timeout and retry of every activity stands on this page. Milliseconds. */

/** The first activity runs before the project's timings are known: it reads the folder and the ledger, no more. */
const FIRST: Timings = {
  heartbeat: 30_000,
  startToClose: 10 * 60_000,
  retryFirst: 1_000,
  retryMost: 60_000,
  giveUpAfter: 6 * 60 * 60_000,
};

/** No day that is waited for lasts longer. */
const LONGEST_DAY = 24 * 60 * 60_000;

/** What ends a failed day gets at least this, however late it is: nobody should wait longer for the failure. */
const LEAST_BUDGET = 60_000;

/** A chunk may stand this long in the queue behind those of other days. That is no fault, and uses up nobody's time. */
const LONGEST_QUEUE = 24 * 60 * 60_000;

/** A night that is done waits at most this long for the last question. */
const BRIEF = 15 * 60_000;

/** A night that is done waits at most this long until its messages are accepted. */
const ALERT = { attempt: 30_000, retryFirst: 1_000, retryMost: 60_000, giveUpAfter: 15 * 60_000 };

/** Attempts grow apart by this factor. */
const BACKOFF = 2;

const options = (timings: Timings, startedAt: number, least = LEAST_BUDGET): ActivityOptions => ({
  // One attempt: longer than the longest statement should take. A dead worker is noticed by the heartbeat, not by this.
  startToCloseTimeout: timings.startToClose,
  // A killed worker's step starts again after this.
  heartbeatTimeout: timings.heartbeat,
  // All attempts together: a passing fault is retried until the build, counted from its start, gives up.
  scheduleToCloseTimeout: Math.max(least, startedAt + timings.giveUpAfter - Date.now()),
  // A cancelled step is seen to end: its statement is killed in the engine before the workflow closes.
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  // Final failures are marked by the activities themselves; see src/errors.ts.
  retry: { initialInterval: timings.retryFirst, backoffCoefficient: BACKOFF, maximumInterval: timings.retryMost },
});

/** Recover runs first, with fixed timings, and brings the project's. */
export const firstActivities = () => proxyActivities<Activities>(options(FIRST, Date.now()));

/** What a night can do without is not tried for long. */
export const briefActivities = () =>
  proxyActivities<Pick<Activities, 'audit'>>({ ...options(FIRST, Date.now()), scheduleToCloseTimeout: BRIEF });

/**
 * Waiting for a day that somebody else started: one attempt lasts as long as that day may, since a long wait is no fault. A
 * worker that dies meanwhile is noticed by the heartbeat, and the wait goes on in another.
 */
export const patientActivities = () =>
  proxyActivities<Pick<Activities, 'attend'>>({
    ...options(FIRST, Date.now()),
    startToCloseTimeout: LONGEST_DAY,
    scheduleToCloseTimeout: LONGEST_DAY,
  });

/**
 * Telling people is worth a while of trying, but nothing waits for it longer than that. Its attempts do not beat: each is over
 * in seconds.
 */
export const alertActivities = () =>
  proxyActivities<Pick<Activities, 'alert'>>({
    startToCloseTimeout: ALERT.attempt,
    scheduleToCloseTimeout: ALERT.giveUpAfter,
    retry: { initialInterval: ALERT.retryFirst, backoffCoefficient: BACKOFF, maximumInterval: ALERT.retryMost },
  });

/** What a night does after its days: it reads every row of them once, which may take longer than a survey. */
export const checkActivities = () =>
  proxyActivities<Pick<Activities, 'verify' | 'sweep'>>({
    ...options(FIRST, Date.now()),
    startToCloseTimeout: FIRST.giveUpAfter,
  });

/** The steps of a day, under the project's timings. However late a step starts, it gets the time of one whole attempt. */
export const dayActivities = (timings: Timings, startedAt: number) =>
  proxyActivities<Activities>(options(timings, startedAt, timings.startToClose));

/** What a failed or cancelled day still does. */
export const lastActivities = (timings: Timings, startedAt: number) =>
  proxyActivities<Pick<Activities, 'recover' | 'conclude'>>(options(timings, startedAt));

/**
 * Normalization has a queue of its own with few slots: it is the only step that is heavy. How long a chunk stands in that queue
 * says nothing of faults, so its retries are counted instead of timed: they end when their pauses come to `giveUpAfter`.
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

/** So many attempts that the pauses between them come to `giveUpAfter`. */
function attemptsWithin({ retryFirst, retryMost, giveUpAfter }: Timings): number {
  let attempts = 1;
  let left = giveUpAfter;
  for (let pause = Math.max(1, retryFirst); pause < retryMost && pause <= left; pause *= BACKOFF) {
    left -= pause;
    attempts++;
  }
  return attempts + Math.floor(left / Math.max(1, retryMost));
}
