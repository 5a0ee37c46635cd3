import type { ApplicationFailure } from '@temporalio/common';
import { CancellationScope, isCancellation, log, rootCause } from '@temporalio/workflow';
import type { ConcludeInput } from '../../activities/conclude/index.js';
import type { SweepResult } from '../../activities/sweep/index.js';
import { failedBy, rootText } from '../../src/errors.js';
import { COMPARISON, type BuildRef } from '../../src/shared/build.js';
import { command } from '../../src/shared/commands.js';
import { heldNow } from '../../src/shared/notes.js';
import { commandsIn, plain, type Text } from '../../src/shared/sentence.js';
import type { DayFailure, DayResult } from '../../src/shared/workflows.js';
import { thrownIn, throwIfBug } from '../failures.js';
import { lastActivities } from '../options.js';
import {
  comparisonFailure,
  cutOffNote,
  failureOf,
  notRecordedNote,
  notSweptNote,
  rollbackFailure,
  rolledBackNote,
  summary,
} from '../text.js';
import type { Progress } from './progress.js';
import { mayShare, sweepOf } from './sharing.js';
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
  const record = { day: input.day, build, outcome, step: input.compare ? COMPARISON : '', reason: '' };
  const sweep = mayShare(run) ? sweepOf(run) : undefined;
  let swept: SweepResult | undefined;
  try {
    ({ swept } = await CancellationScope.nonCancellable(() =>
      act().conclude.executeWithOptions({ summary: summary.conclude(outcome, sweep && input.day) }, [
        { ...record, ...(sweep ? { sweep } : {}) },
      ]),
    ));
  } catch (error) {
    throwIfBug(error);
    notes.push(notRecordedNote(outcome, reasonOf(error)));
  }
  try {
    await sweepDay(run, swept);
  } catch (error) {
    throwIfBug(error);
    notes.push(notSweptNote(reasonOf(error)));
  }
  if (notes.length > 0)
    log.warn('the day is done, but its cleanup is not complete', { day: input.day, notes: notes.map(plain) });
  return notes;
}

/** Records that a day is as it was, after something about it had to be looked at first. */
export async function concludeUnchanged({ input, act }: DayRun): Promise<void> {
  await act().conclude.executeWithOptions({ summary: summary.conclude('unchanged') }, [
    { day: input.day, build: null, outcome: 'unchanged', step: '', reason: '' },
  ]);
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
  const swaps = run ? await endSwaps(run, step) : 'not begun';
  if (run?.begun && swaps === 'published')
    return await endRecovered(run, run.begun, 'published', run.begun.notes, cutOffNote(reason));
  if (run?.begun && swaps === 'rolled back')
    return await endRecovered(run, run.begun, 'rolled-back', [heldNow(of)], rolledBackNote(run.target ?? 0, reason));
  progress.end(outcome, [reason]);
  const again = command.rollback(of, run?.target ?? (run?.input.toEmpty ? 0 : run?.input.generation));
  const failed =
    step === 'rollback'
      ? rollbackFailure(of, reason, again, swaps !== 'unknown')
      : run?.input.compare
        ? comparisonFailure(of, step, reason)
        : failureOf({ ...run?.input, day: of }, step, reason);
  // Without a run the ledger could not be read, so it cannot be written; a refused rollback leaves the day as it was.
  const refused = step === 'rollback' && !run?.begun;
  if (run && !refused)
    await recordOutcome(run, {
      day: of,
      build: run.begun?.build ?? null,
      outcome,
      ...(run.input.compare
        ? { step: COMPARISON, reason: `at ${step}: ${plain(reason)}` }
        : { step, reason: plain(reason), next: commandsIn(failed) }),
    });
  const thrown = thrownIn(error);
  const table = tableOf(thrown);
  const failure: DayFailure = {
    ...{ step, type: thrown?.type ?? '', reason: plain(reason) },
    ...(table === undefined ? {} : { table }),
  };
  throw cancelled ? error : failedBy('DayFailed', failed, failure);
}

/** Ends a day as published if readers have all of it, although the build lost the node that it was on; undefined if they have not. */
export async function endIfPublished(run: DayRun, error: unknown): Promise<DayResult | undefined> {
  const { begun, progress } = run;
  if (!begun || (await endSwaps(run, progress.step)) !== 'published') return undefined;
  return await endRecovered(run, begun, 'published', begun.notes, cutOffNote(reasonOf(error)));
}

const reasonOf = (error: unknown): Text => (isCancellation(error) ? 'cancelled' : rootText(error));

/** Returns the table or source that a failure names. */
function tableOf(failure: ApplicationFailure | undefined): string | undefined {
  const { table, source } = (failure?.details?.[0] ?? {}) as { table?: unknown; source?: unknown };
  return [table, source].find((name) => typeof name === 'string');
}

/** What became of the swaps that a day was to make; `unknown` where they could not be ended. */
type Swaps = 'not begun' | 'published' | 'rolled back' | 'undone' | 'unknown';

/**
 * What was interrupted between its swaps is finished or undone at once, so that readers have the day either old or new.
 *
 * @returns what they have, as the ledger says: a run may have lost its answer after it had done everything.
 */
async function endSwaps({ input, begun, target, settings, startedAt }: DayRun, step: string): Promise<Swaps> {
  if (!begun || (step !== 'publish' && step !== 'rollback')) return 'not begun';
  try {
    const { recover } = lastActivities(settings.timings, startedAt);
    const { published } = await recover.executeWithOptions({ summary: summary.recover(input.day) }, [
      { day: input.day },
    ]);
    if (step === 'publish') return published === begun.build.generation ? 'published' : 'undone';
    return target !== null && published <= target ? 'rolled back' : 'undone';
  } catch (error) {
    throwIfBug(error);
    // A cancelled day asks again when it ends.
    if (!isCancellation(error))
      log.error('the publish stays open until the day is run again', { reason: rootCause(error) });
    return 'unknown';
  }
}

/**
 * Ends a day whose publish or rollback was interrupted when it had to be finished, or was: it is reported as what it became. What a
 * publish touched is unknown, so a backfill checks the days after it.
 */
async function endRecovered(
  run: DayRun,
  begun: Begun,
  outcome: 'published' | 'rolled-back',
  earlier: readonly Text[],
  note: Text,
): Promise<DayResult> {
  const { input, progress } = run;
  progress.report(plain(note), 0);
  const notes = [...earlier, note, ...(await closeDay(run, begun.build, outcome))];
  progress.end(outcome, notes);
  const result = emptyResult(input.day, outcome, { ...begun, notes });
  return { ...result, recovered: true, steps: [...progress.steps] };
}

/** A ledger that cannot be written to must not hide why the day ended; the history keeps both. */
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
