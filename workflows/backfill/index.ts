import { continueAsNew, isCancellation, patched, workflowInfo } from '@temporalio/workflow';
import type { OutlineResult } from '../../activities/outline/index.js';
import type { OutlineInput } from '../../activities/outline/index.js';
import { failedBy, final, rootText } from '../../src/errors.js';
import { addDays } from '../../src/shared/day.js';
import { chosen } from '../../src/shared/inputs/choice.js';
import type { BackfillInput, BackfillResult, DayEnded, DayInput } from '../../src/shared/workflows.js';
import { emptyResult } from '../day/end.js';
import { thrownIn, throwIfBug } from '../failures.js';
import { assertInput } from '../input.js';
import { firstActivities } from '../options.js';
import { watchOtherRuns, type OtherRuns } from '../other-runs.js';
import { runDay } from '../run-day.js';
import { sweepOld } from '../sweep-old.js';
import { summary } from '../text.js';
import { overtakes, runQueue, type DayQueue } from './queue.js';
import { trackBackfill, type Tracker } from './state.js';
import { backfillNotStarted } from './text.js';

/**
 * Builds a range of days, both ends inclusive. Several days normalize and load in parallel; models are built and published one day
 * at a time, in ascending order; then come the later days that look back on what was published. Each day is a child workflow under
 * the same id as when a person runs it. Days that are up to date are not rebuilt, so starting a range again resumes it.
 */
export async function backfill(input: BackfillInput): Promise<BackfillResult> {
  assertInput('backfill', input);
  const tracker = trackBackfill(input);
  const others = watchOtherRuns();
  try {
    const notRun = tracker.state.phase === 'range' ? await runRange(input, tracker, others) : 0;
    if (tracker.state.phase === 'later') await runLater(input, tracker, others);
    // Days used to sweep everything themselves; now each sweeps only what is its own.
    if (patched('sweep-after-backfill')) await sweepOld();
    return tracker.close(notRun);
  } catch (error) {
    throwIfBug(error);
    tracker.abort(isCancellation(error) ? 'cancelled' : 'failed');
    throw isCancellation(error) ? error : backfillFailureOf(input, error);
  }
}

/** Says why the backfill itself fails, and what to type next: its days could not be determined. A failed day does not fail it. */
function backfillFailureOf({ start, end }: BackfillInput, error: unknown): unknown {
  const reason = rootText(error);
  // The command would repeat the wrong input.
  if (thrownIn(error)?.type === 'BadInput') return final('BadInput', reason);
  return failedBy('BackfillFailed', backfillNotStarted(start, end, reason));
}

/** Runs the days of the range. @returns how many were not run because an earlier one failed. */
async function runRange(input: BackfillInput, tracker: Tracker, others: OtherRuns): Promise<number> {
  const { end, reprocess = 'none', failFast = false, force = reprocess === 'all' } = input;
  const whole = reprocess !== 'failed';
  const plain = whole && !force && Object.keys(chosen(input)).length === 0;
  const outlined = await outlineRange(
    {
      ...{ start: tracker.state.next, end, which: whole ? 'all' : 'failed' },
      ...(plain ? { unchanged: { code: true } } : {}),
    },
    tracker,
  );
  const { days, project, looksBack } = outlined;
  // An earlier run of these days, even a failed one, may have left later days stale; listing them decides.
  const [first = end, last = end] = whole ? [] : [days[0], days.at(-1)];
  if (days.length > 0 && looksBack > 0)
    tracker.addLater({ first: addDays(first, 1), last: addDays(last, looksBack), ...tracker.state.later });
  // Until an earlier day is published again that they read, or the backfill was paused: people pause it to change something.
  const unchanged = new Set(outlined.unchanged);
  const { resumes } = tracker;
  const isUnchanged = (day: string) =>
    unchanged.has(day) && (tracker.resumes === resumes || !patched('look-again-after-pause'));
  const fails = () => failFast && tracker.state.counts.failed + tracker.state.counts.cancelled > 0;
  const done = await runQueue({
    ...queueOf(tracker, outlined),
    width: () => tracker.state.concurrency,
    run: (day, gated, onStart) =>
      isUnchanged(day)
        ? unchangedDay(day)
        : runDay({ project, others }, { day, code: true, ...flags({ force, gated }), ...chosen(input) }, onStart),
    onEnd: (ended) => {
      for (const day of unchanged) if (overtakes(ended, day)) unchanged.delete(day);
      tracker.end(ended, whole ? end : null);
      return fails() ? 'stop' : 'go on';
    },
  });
  if (fails()) return days.length - done;
  await continueIfDaysLeft(input, tracker, days, done);
  tracker.moveTo(tracker.state.later?.first ?? end, 'later');
  return 0;
}

/** Runs the later days one by one. Only stale data is a reason to build them: the code of these days was not asked for. */
async function runLater(input: BackfillInput, tracker: Tracker, others: OtherRuns): Promise<void> {
  for (let { later, next } = tracker.state; later && next <= later.last; { later, next } = tracker.state) {
    const outlined = await outlineRange({ start: next, end: later.last, which: 'published' }, tracker);
    const done = await runQueue({
      ...queueOf(tracker, outlined),
      width: () => 1,
      run: (day, _, onStart) => runDay({ project: outlined.project, others }, { day }, onStart),
      onEnd: (ended) => {
        tracker.end(ended, null);
        return 'go on';
      },
    });
    await continueIfDaysLeft(input, tracker, outlined.days, done);
    tracker.moveTo(addDays(later.last, 1), 'later');
  }
}

/** Ends a day of which the outline has found that a run would do nothing; it is not started. */
const unchangedDay = async (day: string): Promise<DayEnded> => {
  const nothing = { build: { day, generation: 0, plan: '' }, objects: 0, bytes: 0, chunks: 0, notes: [] };
  const result = emptyResult(day, 'unchanged', nothing);
  return Promise.resolve({ day, outcome: 'unchanged', reason: '', failure: null, result });
};

async function outlineRange(input: OutlineInput, tracker: Tracker): Promise<OutlineResult> {
  const outlined = await firstActivities().outline.executeWithOptions(
    { summary: summary.outline(input.start, input.end) },
    [input],
  );
  tracker.expect(outlined.project, outlined.days.length);
  return outlined;
}

/** Returns what both phases share: a history that has grown long starts no more days. */
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

/** Continues as new if the queue has days left. All days that were started are done by then. */
async function continueIfDaysLeft(
  input: BackfillInput,
  tracker: Tracker,
  days: readonly string[],
  done: number,
): Promise<void> {
  const next = days[done];
  if (next === undefined) return;
  tracker.moveTo(next, tracker.state.phase);
  await continueAsNew<typeof backfill>({ ...input, state: tracker.state });
}

const flags = (given: { force: boolean; gated: boolean }): Partial<DayInput> => ({
  ...(given.force ? { force: true } : {}),
  ...(given.gated ? { gated: true } : {}),
});
