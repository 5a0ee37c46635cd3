import { ActivityFailure, ApplicationFailure } from '@temporalio/common';
import { CancellationScope, isCancellation, log, rootCause } from '@temporalio/workflow';
import type { ConcludeInput } from '../../activities/conclude/index.js';
import { failedBy, rootText } from '../../src/errors.js';
import type { BuildRef } from '../../src/shared/build.js';
import { commandsIn, plain, type Text } from '../../src/shared/sentence.js';
import type { DayFailure, DayResult } from '../../src/shared/workflows.js';
import { throwIfBug } from '../bugs.js';
import { lastActivities } from '../options.js';
import { cutOffNote, failureOf, notRecordedNote, notSweptNote, summary } from '../text.js';
import type { Progress } from './progress.js';
import { sweepDay, type Begun, type DayRun } from './steps.js';

/* How a day ends: successfully, with an error, or published although its publish was interrupted. */

/**
 * Records the outcome in the ledger and drops the day's stages, once readers have the day. An error here does not fail the day: it
 * becomes a note, and the next nightly run cleans up.
 *
 * @returns a note for each thing that was not done.
 */
export async function closeDay(run: DayRun, build: BuildRef, outcome: DayResult['outcome']): Promise<Text[]> {
  const { input, act } = run;
  const notes: Text[] = [];
  try {
    await CancellationScope.nonCancellable(() =>
      act().conclude.executeWithOptions({ summary: summary.conclude(outcome) }, [
        { day: input.day, build, outcome, step: '', reason: '' },
      ]),
    );
  } catch (error) {
    throwIfBug(error);
    notes.push(notRecordedNote(outcome, reasonOf(error)));
  }
  try {
    await sweepDay(run);
  } catch (error) {
    throwIfBug(error);
    notes.push(notSweptNote(reasonOf(error)));
  }
  if (notes.length > 0)
    log.warn('the day is done, but its cleanup is not complete', { day: input.day, notes: notes.map(plain) });
  return notes;
}

/**
 * Ends a day after an error. What readers have counts: if recovery finishes the publish, the day is published, whatever was thrown.
 * Otherwise the outcome is recorded and the workflow fails with the step, the reason and the command to type next.
 */
export async function endAfterError(
  of: string,
  progress: Progress,
  run: DayRun | null,
  error: unknown,
): Promise<DayResult> {
  const { step } = progress;
  const cancelled = isCancellation(error);
  const outcome = cancelled ? 'cancelled' : 'failed';
  const reason = reasonOf(error);
  const published = run && (await endPublish(run, step));
  if (published) return await endPublished(run, published, reason);
  progress.end(outcome, [reason]);
  const failed = failureOf(of, step, reason);
  // Without a run the ledger could not be read, so it cannot be written; a refused rollback leaves the day as it was.
  const refused = step === 'rollback' && !run?.begun;
  if (run && !refused)
    await recordOutcome(run, {
      day: of,
      build: run.begun?.build ?? null,
      outcome,
      step,
      reason: plain(reason),
      next: commandsIn(failed),
    });
  const failure: DayFailure = { step, type: typeOf(error), reason: plain(reason) };
  throw cancelled ? error : failedBy('DayFailed', failed, failure);
}

const reasonOf = (error: unknown): Text => (isCancellation(error) ? 'cancelled' : rootText(error));

/** Returns the type of the failure that an activity ended with, or ''. */
function typeOf(error: unknown): string {
  const thrown = error instanceof ActivityFailure ? error.cause : error;
  return thrown instanceof ApplicationFailure ? (thrown.type ?? '') : '';
}

/**
 * Finishes or rolls back a publish that was interrupted between its swaps, so that readers have the day either old or new.
 *
 * @returns what this run built, if readers have it.
 */
async function endPublish({ input, begun, settings, startedAt }: DayRun, step: string): Promise<Begun | null> {
  if (!begun || (step !== 'publish' && step !== 'rollback')) return null;
  try {
    const { recover } = lastActivities(settings.timings, startedAt);
    const { published } = await recover.executeWithOptions({ summary: summary.recover(input.day) }, [
      { day: input.day },
    ]);
    return step === 'publish' && published === begun.build.generation ? begun : null;
  } catch (error) {
    throwIfBug(error);
    log.error('the publish stays unfinished until the day is run again', { reason: rootCause(error) });
    return null;
  }
}

/** Ends the day as published and recovered: what the publish touched is unknown, so a backfill checks the days after it. */
async function endPublished(run: DayRun, begun: Begun, reason: Text): Promise<DayResult> {
  const { input, progress } = run;
  const note = cutOffNote(reason);
  progress.report(plain(note), 0);
  const notes = [...begun.notes, note, ...(await closeDay(run, begun.build, 'published'))];
  progress.end('published', notes);
  const result = emptyResult(input.day, 'published', { ...begun, notes });
  return { ...result, recovered: true, steps: [...progress.steps] };
}

/** Records the outcome. A ledger that cannot be written must not hide why the day ended; the history keeps both errors. */
async function recordOutcome({ settings, startedAt }: DayRun, record: ConcludeInput): Promise<void> {
  try {
    const { conclude } = lastActivities(settings.timings, startedAt);
    await conclude.executeWithOptions({ summary: summary.conclude(record.outcome) }, [record]);
  } catch (error) {
    throwIfBug(error);
    log.error('the outcome could not be recorded in the ledger', { reason: rootCause(error) });
  }
}

/** Returns the result of a day for which nothing was done yet. */
export const emptyResult = (
  of: string,
  outcome: DayResult['outcome'],
  { build, objects, bytes, chunks, notes }: Begun,
): DayResult => ({
  day: of,
  outcome,
  generation: build.generation,
  listed: { objects, bytes, chunks },
  normalized: { chunks: 0, lines: 0, rows: 0, rejected: 0, skipped: 0, blank: 0, quarantined: 0 },
  loaded: [],
  refreshed: [],
  tested: { passed: 0, warned: [] },
  published: [],
  touched: null,
  recovered: false,
  steps: [],
  notes,
});
