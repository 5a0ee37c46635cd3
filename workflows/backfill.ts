import { continueAsNew, isCancellation, workflowInfo } from '@temporalio/workflow';
import { wrongInput } from '../src/core/backfill.js';
import { addDays } from '../src/core/day.js';
import type { BackfillInput, BackfillResult, DayInput, OutlineInput, OutlineResult } from '../src/core/messages.js';
import { summary } from '../src/core/words.js';
import { final } from '../src/errors.js';
import { keepBook, type Book } from './backfill-book.js';
import { runLane, type Lane } from './lane.js';
import { firstActivities } from './options.js';
import { runDay } from './run-day.js';

/**
 * A range of days, both ends inclusive: several days normalize and load side by side, models and publishes go in one ascending
 * lane, and then come the later days that look back on what was published. Each day is a workflow of its own, under the id that
 * people use too. What is built already is left alone, so that starting a range again resumes it.
 */
export async function backfill(input: BackfillInput): Promise<BackfillResult> {
  const book = keepBook(input);
  const wrong = wrongInput(input);
  if (wrong !== undefined) throw final('BadInput', wrong);
  try {
    const notRun = book.state.phase === 'range' ? await runRange(input, book) : 0;
    if (book.state.phase === 'later') await runLater(input, book);
    return book.close(notRun);
  } catch (error) {
    if (isCancellation(error)) book.cancel();
    throw error;
  }
}

/** @returns how many days were not run because one failed. */
async function runRange(input: BackfillInput, book: Book): Promise<number> {
  const { end, reprocess = 'none', failFast = false, force = reprocess === 'all' } = input;
  const whole = reprocess !== 'failed';
  const outlined = await outline({ start: book.state.next, end, which: whole ? 'all' : 'failed' }, book);
  const { days, project, looksBack } = outlined;
  // Whoever ran a part of this range before may have left later days stale; a listing tells.
  if (whole && looksBack > 0) book.look({ first: addDays(end, 1), last: addDays(end, looksBack), ...book.state.later });
  const fails = () => failFast && book.state.counts.failed + book.state.counts.cancelled > 0;
  const done = await runLane({
    ...laneOf(book, outlined),
    width: () => book.state.concurrency,
    run: (day, gated, onStart) => runDay(project, { day, code: true, ...flags({ force, gated }) }, onStart),
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
