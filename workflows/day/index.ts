import { CancellationScope, patched, setHandler, sleep, workflowInfo } from '@temporalio/workflow';
import type { ListResult } from '../../activities/list/index.js';
import type { LoadResult } from '../../activities/load/index.js';
import type { BuiltTable } from '../../src/shared/build.js';
import { heldNow } from '../../src/shared/notes.js';
import type { DayInput, DayResult } from '../../src/shared/workflows.js';
import { throwIfBug } from '../failures.js';
import { assertInput } from '../input.js';
import { alertOf } from '../nightly/alert-of.js';
import { openAlerts } from '../nightly/alerts.js';
import { comparedNotes, touchedNote } from '../text.js';
import { closeDay, concludeUnchanged, emptyResult, endAfterError, endIfPublished } from './end.js';
import { eraseInDay } from './erase.js';
import { openSignal, showProgress } from './progress.js';
import { rollBackDay } from './rollback.js';
import {
  beginRun,
  buildElsewhere,
  compareStage,
  listAgain,
  listObjects,
  loadSources,
  lostItsNode,
  normalizeChunks,
  waitForTurn,
  publishChanged,
  recoverDay,
  refreshModels,
  testPublished,
  testStage,
  waitForSources,
  type DayRun,
  type Turn,
} from './steps.js';

/**
 * Builds a day, from raw objects to published tables. The workflow id is the day's, so two builds of one day never run at once.
 * Everything it writes is named by content or by attempt, so a second run is idempotent and repeats no work.
 */
export async function day(input: DayInput): Promise<DayResult> {
  assertInput('day', input);
  const progress = showProgress(input.day);
  const turn: Turn = { open: input.gated !== true };
  setHandler(
    openSignal,
    () => {
      turn.open = true;
    },
    { description: 'sent by a backfill when the days before this one are done' },
  );
  let run: DayRun | null = null;
  try {
    const settings = await recoverDay(input.day, progress);
    run = beginRun({ input, progress, turn, settings });
    const result = input.rollback ? await rollBack(run) : await buildSomewhere(run);
    progress.end(result.outcome, result.notes);
    if (settings.failedBefore && workflowInfo().parent === undefined && !comparesOnly(input))
      await reportRecovery(result);
    return { ...result, recovered: result.recovered || settings.recovered !== null, steps: [...progress.steps] };
  } catch (error) {
    throwIfBug(error);
    return await CancellationScope.nonCancellable(() => endAfterError(input.day, progress, run, error));
  }
}

/** A comparison repairs nothing; before, one that found no difference was reported as a recovery. */
const comparesOnly = ({ compare = false }: DayInput): boolean => compare && patched('comparison-recovers-nothing');

/** A webhook that is down must not hold a run that a person waits for. In milliseconds. */
const ALERT_WAIT = 20_000;

/** Reports that a failed day was repaired by hand; a nightly run reports its own days. */
async function reportRecovery({ day: of, outcome }: DayResult): Promise<void> {
  if (outcome !== 'published' && outcome !== 'unchanged') return;
  const alerts = openAlerts(true);
  alerts.send(alertOf({ day: of, outcome, reason: '', failure: null, result: null }, true));
  const wait = () => Promise.race([alerts.delivered(), sleep(ALERT_WAIT)]);
  try {
    await wait();
  } catch (error) {
    throwIfBug(error);
    // The day is recorded as published by now: a cancel must not record it as cancelled, as runs from before this change do.
    if (!patched('published-though-cancelled')) throw error;
    await CancellationScope.nonCancellable(wait);
  }
}

/** Builds the day on a node of its choice. If that node is lost and readers do not have the day yet, it is built on another one. */
async function buildSomewhere(run: DayRun): Promise<DayResult> {
  try {
    return await buildIfNeeded(run);
  } catch (error) {
    throwIfBug(error);
    if (!lostItsNode(run, error)) throw error;
    return (await endIfPublished(run, error)) ?? (await buildElsewhere(run));
  }
}

async function buildIfNeeded(run: DayRun): Promise<DayResult> {
  const { input } = run;
  if (input.erase !== undefined) return await eraseInDay(run, input.erase);
  if (input.wait || input.complete) await waitForSources(run);
  const listed = await listObjects(run);
  const { untested = [] } = listed;
  if (listed.outcome === 'unchanged' && untested.length > 0) return await checkPublished(run, listed, untested);
  if (listed.outcome !== 'build') return emptyResult(input.day, listed.outcome, listed);
  return input.compare ? await compareDay(run, listed) : await buildDay(run, listed);
}

/** Normalizes, loads, refreshes, tests, publishes and sweeps. Readers see nothing of it before the publish. */
async function buildDay(run: DayRun, listed: ListResult): Promise<DayResult> {
  const built = new Map<string, BuiltTable>();
  const made = await buildStage(run, listed, built);
  const { passed, warned } = await testStage(run, listed);
  const { tables: published, touched } = await publishChanged(run, listed, built);
  const outcome = published.length === 0 ? 'unchanged' : 'published';
  const left = await closeDay(run, listed.build, outcome);
  return {
    ...emptyResult(run.input.day, outcome, listed),
    ...made,
    tested: { passed, warned },
    published,
    touched,
    notes: [...made.notes, ...touchedNote(touched), ...left],
  };
}

/** Runs tests that are newer than the publish; a failure is the day's, and readers keep what they have. */
async function checkPublished(run: DayRun, listed: ListResult, untested: readonly string[]): Promise<DayResult> {
  // Nothing is built: an end is recorded as that of the newest build.
  run.begun = null;
  const tested = await testPublished(run, listed, untested);
  await concludeUnchanged(run);
  return { ...emptyResult(run.input.day, 'unchanged', listed), tested };
}

/** Builds the whole day in a stage and compares it with what readers have. Publishes nothing. */
async function compareDay(run: DayRun, listed: ListResult): Promise<DayResult> {
  const made = await buildStage(run, listed, new Map());
  const { tables: compared, erased = false } = await compareStage(run, listed.build);
  const outcome = compared.every(({ equal }) => equal) ? 'unchanged' : 'different';
  const left = await closeDay(run, listed.build, outcome);
  return {
    ...emptyResult(run.input.day, outcome, listed),
    ...made,
    compared,
    notes: [...made.notes, ...comparedNotes(compared, run.input.day, erased), ...left],
  };
}

/** Builds all tables of the day in the stage and adds each to `built`. */
async function buildStage(
  run: DayRun,
  listed: ListResult,
  built: Map<string, BuiltTable>,
): Promise<Pick<DayResult, 'normalized' | 'loaded' | 'refreshed' | 'notes'>> {
  const early = new Map<string, LoadResult>();
  const normalized = await normalizeChunks(run, listed, early);
  const { loaded, notes } = await loadSources(run, listed, built, early).catch((error: unknown) =>
    listAgain(run, error),
  );
  const refreshed = await refreshModels(run, listed, built, await waitForTurn(run, listed, built));
  return { normalized, loaded, refreshed, notes: [...listed.notes, ...notes] };
}

/** Gives readers an earlier publish of the day. */
async function rollBack(run: DayRun): Promise<DayResult> {
  const { day } = run.input;
  const { begun, taken, undoes } = await rollBackDay(run);
  // Readers have it already: the ledger says so, and how the day ended last stays as it is.
  const changed = undoes > 0;
  const left = changed ? await closeDay(run, begun.build, 'rolled-back') : [];
  const notes = [...(changed ? [heldNow(day)] : []), ...touchedNote(taken.touched), ...left];
  const published = taken.tables.map(({ table, rows }) => ({ table, rows }));
  return { ...emptyResult(day, 'rolled-back', { ...begun, notes }), published, touched: taken.touched };
}
