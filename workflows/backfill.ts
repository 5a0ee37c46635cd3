import { ActivityFailure, ApplicationFailure } from '@temporalio/common';
import { continueAsNew, isCancellation, rootCause, workflowInfo } from '@temporalio/workflow';
import type { OutlineResult } from '../activities/outline/index.js';
import type { OutlineInput } from '../activities/outline/index.js';
import { final } from '../src/errors.js';
import { addDays } from '../src/shared/day.js';
import { chosen } from '../src/shared/inputs/choice.js';
import type { BackfillInput, BackfillResult, DayInput } from '../src/shared/workflows.js';
import { trackBackfill, type Tracker } from './backfill-state.js';
import { throwIfBug } from './bugs.js';
import { assertInput } from './input.js';
import { backfillNotBegun } from './nightly-words.js';
import { firstActivities } from './options.js';
import { watchOtherRuns, type OtherRuns } from './other-runs.js';
import { runQueue, type DayQueue } from './queue.js';
import { runDay } from './run-day.js';
import { summary } from './words.js';

/**
 * A range of days, both ends inclusive: several days normalize and load side by side, models and publishes go in one ascending
 * queue, and then come the later days that look back on what was published. Each day is a workflow of its own, under the id that
 * people use too. What is built already is left alone, so that starting a range again resumes it.
 */
export async function backfill(input: BackfillInput): Promise<BackfillResult> {
  assertInput('backfill', input);
  const tracker = trackBackfill(input);
  const others = watchOtherRuns();
  try {
    const notRun = tracker.state.phase === 'range' ? await runRange(input, tracker, others) : 0;
    if (tracker.state.phase === 'later') await runLater(input, tracker, others);
    return tracker.close(notRun);
  } catch (error) {
    throwIfBug(error);
    tracker.abort(isCancellation(error) ? 'cancelled' : 'failed');
    throw isCancellation(error) ? error : failureOf(input, error);
  }
}

/** A backfill fails itself only where it can't be said which days it is for: why, and what to type next. */
function failureOf({ start, end }: BackfillInput, error: unknown): unknown {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  const type = cause instanceof ApplicationFailure ? cause.type : undefined;
  const reason = rootCause(error) ?? String(error);
  // Its command would hold what is wrong.
  if (type === 'BadInput') return final(type, reason);
  return ApplicationFailure.nonRetryable(backfillNotBegun(start, end, reason), 'BackfillFailed');
}

/** @returns how many days were not run because one failed. */
async function runRange(input: BackfillInput, tracker: Tracker, others: OtherRuns): Promise<number> {
  const { end, reprocess = 'none', failFast = false, force = reprocess === 'all' } = input;
  const whole = reprocess !== 'failed';
  const outlined = await outline({ start: tracker.state.next, end, which: whole ? 'all' : 'failed' }, tracker);
  const { days, project, looksBack } = outlined;
  // Whoever ran these days before may have left later ones stale, also of a day that counts as failed; a listing tells.
  const [first = end, last = end] = whole ? [] : [days[0], days.at(-1)];
  if (days.length > 0 && looksBack > 0)
    tracker.look({ first: addDays(first, 1), last: addDays(last, looksBack), ...tracker.state.later });
  const fails = () => failFast && tracker.state.counts.failed + tracker.state.counts.cancelled > 0;
  const done = await runQueue({
    ...queueOf(tracker, outlined),
    width: () => tracker.state.concurrency,
    run: (day, gated, onStart) =>
      runDay({ project, others }, { day, code: true, ...flags({ force, gated }), ...chosen(input) }, onStart),
    onEnd: (ended) => {
      tracker.end(ended, whole ? end : null);
      return fails() ? 'stop' : 'go on';
    },
  });
  if (fails()) return days.length - done;
  await goOn(input, tracker, days, done);
  tracker.moveTo(tracker.state.later?.first ?? end, 'later');
  return 0;
}

/** Later days, one by one: what is published of them can only be stale by data, since nobody asked for their code. */
async function runLater(input: BackfillInput, tracker: Tracker, others: OtherRuns): Promise<void> {
  for (let { later, next } = tracker.state; later && next <= later.last; { later, next } = tracker.state) {
    const outlined = await outline({ start: next, end: later.last, which: 'published' }, tracker);
    const done = await runQueue({
      ...queueOf(tracker, outlined),
      width: () => 1,
      run: (day, _, onStart) => runDay({ project: outlined.project, others }, { day }, onStart),
      onEnd: (ended) => {
        tracker.end(ended, null);
        return 'go on';
      },
    });
    await goOn(input, tracker, outlined.days, done);
    tracker.moveTo(addDays(later.last, 1), 'later');
  }
}

async function outline(input: OutlineInput, tracker: Tracker): Promise<OutlineResult> {
  const outlined = await firstActivities().outline.executeWithOptions(
    { summary: summary.outline(input.start, input.end) },
    [input],
  );
  tracker.expect(outlined.project, outlined.days.length);
  return outlined;
}

/** What both phases share: a history that grows long takes no more days. */
function queueOf(
  tracker: Tracker,
  { days, daysPerRun }: OutlineResult,
): Pick<DayQueue, 'days' | 'paused' | 'closed' | 'onStart'> {
  let begun = 0;
  return {
    days,
    paused: () => tracker.state.paused,
    closed: () => begun >= daysPerRun || workflowInfo().continueAsNewSuggested,
    onStart: (day) => {
      begun++;
      tracker.begin(day);
    },
  };
}

/** Begins the history anew where the queue has left days, all that were started being done. */
async function goOn(input: BackfillInput, tracker: Tracker, days: readonly string[], done: number): Promise<void> {
  const next = days[done];
  if (next === undefined) return;
  tracker.moveTo(next, tracker.state.phase);
  await continueAsNew<typeof backfill>({ ...input, state: tracker.state });
}

const flags = (given: { force: boolean; gated: boolean }): Partial<DayInput> => ({
  ...(given.force ? { force: true } : {}),
  ...(given.gated ? { gated: true } : {}),
});
