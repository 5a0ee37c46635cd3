import { ActivityFailure, ApplicationFailure } from '@temporalio/common';
import { continueAsNew, isCancellation, rootCause, workflowInfo } from '@temporalio/workflow';
import { chosen } from '../src/core/choice.js';
import { addDays } from '../src/core/day.js';
import type { BackfillInput, BackfillResult, DayInput, OutlineInput, OutlineResult } from '../src/core/messages.js';
import { backfillNotBegun } from '../src/core/night-words.js';
import { summary } from '../src/core/words.js';
import { final } from '../src/errors.js';
import { keepBook, type Book } from './backfill-book.js';
import { throwIfBug } from './bugs.js';
import { assertInput } from './input.js';
import { runLane, type Lane } from './lane.js';
import { firstActivities } from './options.js';
import { runDay } from './run-day.js';

/**
 * A range of days, both ends inclusive: several days normalize and load side by side, models and publishes go in one ascending
 * lane, and then come the later days that look back on what was published. Each day is a workflow of its own, under the id that
 * people use too. What is built already is left alone, so that starting a range again resumes it.
 */
export async function backfill(input: BackfillInput): Promise<BackfillResult> {
  assertInput('backfill', input);
  const book = keepBook(input);
  try {
    const notRun = book.state.phase === 'range' ? await runRange(input, book) : 0;
    if (book.state.phase === 'later') await runLater(input, book);
    return book.close(notRun);
  } catch (error) {
    throwIfBug(error);
    book.breakOff(isCancellation(error) ? 'cancelled' : 'failed');
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
async function runRange(input: BackfillInput, book: Book): Promise<number> {
  const { end, reprocess = 'none', failFast = false, force = reprocess === 'all' } = input;
  const whole = reprocess !== 'failed';
  const outlined = await outline({ start: book.state.next, end, which: whole ? 'all' : 'failed' }, book);
  const { days, project, looksBack } = outlined;
  // Whoever ran these days before may have left later ones stale, also of a day that counts as failed; a listing tells.
  const [first = end, last = end] = whole ? [] : [days[0], days.at(-1)];
  if (days.length > 0 && looksBack > 0)
    book.look({ first: addDays(first, 1), last: addDays(last, looksBack), ...book.state.later });
  const fails = () => failFast && book.state.counts.failed + book.state.counts.cancelled > 0;
  const done = await runLane({
    ...laneOf(book, outlined),
    width: () => book.state.concurrency,
    run: (day, gated, onStart) =>
      runDay(project, { day, code: true, ...flags({ force, gated }), ...chosen(input) }, onStart),
    onEnd: (ended) => {
      book.end(ended, whole ? end : null);
      return fails() ? 'stop' : 'go on';
    },
  });
  if (fails()) return days.length - done;
  await goOn(input, book, days, done);
  book.moveTo(book.state.later?.first ?? end, 'later');
  return 0;
}

/** Later days, one by one: what is published of them can only be stale by data, since nobody asked for their code. */
async function runLater(input: BackfillInput, book: Book): Promise<void> {
  for (let { later, next } = book.state; later && next <= later.last; { later, next } = book.state) {
    const outlined = await outline({ start: next, end: later.last, which: 'published' }, book);
    const done = await runLane({
      ...laneOf(book, outlined),
      width: () => 1,
      run: (day, _, onStart) => runDay(outlined.project, { day }, onStart),
      onEnd: (ended) => {
        book.end(ended, null);
        return 'go on';
      },
    });
    await goOn(input, book, outlined.days, done);
    book.moveTo(addDays(later.last, 1), 'later');
  }
}

async function outline(input: OutlineInput, book: Book): Promise<OutlineResult> {
  const outlined = await firstActivities().outline.executeWithOptions(
    { summary: summary.outline(input.start, input.end) },
    [input],
  );
  book.expect(outlined.project, outlined.days.length);
  return outlined;
}

/** What both phases share: a history that grows long takes no more days. */
function laneOf(book: Book, { days, daysPerRun }: OutlineResult): Pick<Lane, 'days' | 'paused' | 'closed' | 'onStart'> {
  let begun = 0;
  return {
    days,
    paused: () => book.state.paused,
    closed: () => begun >= daysPerRun || workflowInfo().continueAsNewSuggested,
    onStart: (day) => {
      begun++;
      book.begin(day);
    },
  };
}

/** Begins the history anew where the lane has left days, all that were started being done. */
async function goOn(input: BackfillInput, book: Book, days: readonly string[], done: number): Promise<void> {
  const next = days[done];
  if (next === undefined) return;
  book.moveTo(next, book.state.phase);
  await continueAsNew<typeof backfill>({ ...input, state: book.state });
}

const flags = (given: { force: boolean; gated: boolean }): Partial<DayInput> => ({
  ...(given.force ? { force: true } : {}),
  ...(given.gated ? { gated: true } : {}),
});
