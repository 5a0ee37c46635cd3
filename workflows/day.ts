import { ActivityFailure, ApplicationFailure } from '@temporalio/common';
import {
  CancellationScope,
  ContinueAsNew,
  isCancellation,
  log,
  rootCause,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type {
  BuildRef,
  BuiltTable,
  ConcludeInput,
  DayFailure,
  DayInput,
  DayResult,
  ListResult,
} from '../src/core/messages.js';
import { comparedNotes, failureOf, heldNow, summary, touchedNote } from '../src/core/words.js';
import { dayActivities, firstActivities } from './options.js';
import { rollBackDay } from './rollback.js';
import {
  compareStage,
  listObjects,
  loadSources,
  normalizeChunks,
  passGate,
  publishChanged,
  recoverDay,
  refreshModels,
  sweepDay,
  testStage,
  waitForSources,
  type Gate,
  type Night,
} from './steps.js';
import { openSignal, tellStory, type Story } from './story.js';

/**
 * A day, from raw objects to published tables. Its id is the day's, so that no two builds of one day ever run. Every effect is
 * named by content or by attempt, so that running it again repeats no work and changes nothing.
 */
export async function day(input: DayInput): Promise<DayResult> {
  const story = tellStory(input.day);
  const gate: Gate = { open: input.gated !== true };
  setHandler(
    openSignal,
    () => {
      gate.open = true;
    },
    { description: 'sent by a backfill when the days before this one are done' },
  );
  let act = firstActivities;
  let build: BuildRef | null = null;
  try {
    const settings = await recoverDay(input.day, story);
    act = () => dayActivities(settings.timings, night.startedAt);
    const night: Night = { input, story, gate, settings, act, startedAt: workflowInfo().runStartTime.getTime() };
    const begin = (begun: BuildRef) => {
      build = begun;
    };
    const result = input.rollback ? await takeBack(night, begin) : await buildIfNeeded(night, begin);
    story.end(result.outcome, result.notes);
    return { ...result, mended: settings.mended !== null, steps: [...story.steps] };
  } catch (error) {
    if (error instanceof ContinueAsNew) throw error;
    throw await CancellationScope.nonCancellable(() => concludeFailure(act, input.day, story, build, error));
  }
}

async function buildIfNeeded(night: Night, begin: (build: BuildRef) => void): Promise<DayResult> {
  const { input } = night;
  if (input.wait) await waitForSources(night);
  const listed = await listObjects(night);
  begin(listed.build);
  if (listed.outcome !== 'build') return nothingToDo(input.day, listed.outcome, listed);
  return input.compare ? await compareDay(night, listed) : await buildDay(night, listed);
}

/** Normalize, load, refresh, test, publish, sweep: readers see nothing of it before the second last. */
async function buildDay(night: Night, listed: ListResult): Promise<DayResult> {
  const { build, notes } = listed;
  const built = new Map<string, BuiltTable>();
  const normalized = await normalizeChunks(night, listed);
  const { loaded, notes: without } = await loadSources(night, listed, built);
  await passGate(night, listed, built);
  const refreshed = await refreshModels(night, listed, built);
  const { passed, warned } = await testStage(night, listed);
  const { tables: published, touched } = await publishChanged(night, listed, built);
  const outcome = published.length === 0 ? 'unchanged' : 'published';
  await conclude(night, build, outcome);
  await sweepDay(night);
  return {
    ...nothingToDo(night.input.day, outcome, listed),
    normalized,
    loaded,
    refreshed,
    tested: { passed, warned },
    published,
    touched,
    notes: [...notes, ...without, ...touchedNote(touched)],
  };
}

/** Builds the day aside, all of it, and holds it against what readers have. Nothing is published. */
async function compareDay(night: Night, listed: ListResult): Promise<DayResult> {
  const { build, notes } = listed;
  const built = new Map<string, BuiltTable>();
  const normalized = await normalizeChunks(night, listed);
  const { loaded, notes: without } = await loadSources(night, listed, built);
  const refreshed = await refreshModels(night, listed, built);
  const compared = await compareStage(night, build);
  const outcome = compared.every(({ equal }) => equal) ? 'unchanged' : 'different';
  await conclude(night, build, outcome);
  await sweepDay(night);
  const result = nothingToDo(night.input.day, outcome, listed);
  return {
    ...result,
    normalized,
    loaded,
    refreshed,
    compared,
    notes: [...notes, ...without, ...comparedNotes(compared, build.day)],
  };
}

/** Readers get back what they had before the newest publish of the day. */
async function takeBack(night: Night, begin: (build: BuildRef) => void): Promise<DayResult> {
  const { planned, taken } = await rollBackDay(night, begin);
  const { build } = planned;
  await conclude(night, build, 'rolled-back');
  await sweepDay(night);
  const notes = [heldNow(build.day), ...touchedNote(taken.touched)];
  const published = taken.tables.map(({ table, rows }) => ({ table, rows }));
  const result = nothingToDo(build.day, 'rolled-back', { build, objects: 0, bytes: 0, chunks: 0, notes });
  return { ...result, published, touched: taken.touched };
}

const conclude = ({ act }: Night, build: BuildRef, outcome: DayResult['outcome']) =>
  act().conclude.executeWithOptions({ summary: summary.conclude(outcome) }, [
    { day: build.day, build, outcome, step: '', reason: '' },
  ]);

/** Writes the outcome down and answers the failure that ends the workflow: which step, what was wrong, what to type next. */
async function concludeFailure(
  act: Night['act'],
  of: string,
  story: Story,
  build: BuildRef | null,
  error: unknown,
): Promise<unknown> {
  const cancelled = isCancellation(error);
  const outcome = cancelled ? 'cancelled' : 'failed';
  const reason = cancelled ? 'cancelled' : (rootCause(error) ?? String(error));
  if (story.step === 'publish' || (story.step === 'rollback' && build !== null)) await endPublish(act, of);
  story.end(outcome, [reason]);
  const record = { day: of, build, outcome, step: story.step, reason } as const;
  // Where nothing could be read, nothing can be written either; a rollback that was refused leaves the day as it was.
  const refused = story.step === 'rollback' && build === null;
  if (story.step !== 'recover' && !refused) await recordOutcome(act, record);
  const failure: DayFailure = { step: story.step, type: typeOf(error), reason };
  return cancelled ? error : ApplicationFailure.nonRetryable(failureOf(of, story.step, reason), 'DayFailed', failure);
}

/** The type of the failure that an activity ended with. */
function typeOf(error: unknown): string {
  const thrown = error instanceof ActivityFailure ? error.cause : error;
  return thrown instanceof ApplicationFailure ? (thrown.type ?? '') : '';
}

/** What was cut off between its swaps is finished or taken back at once, so that readers have the day either old or new. */
async function endPublish(act: Night['act'], of: string): Promise<void> {
  try {
    await act().recover.executeWithOptions({ summary: summary.recover(of) }, [{ day: of }]);
  } catch (error) {
    log.error('the publish stays open until the day is run again', { reason: rootCause(error) });
  }
}

/** A ledger that cannot be written to must not hide why the day ended; the history keeps both. */
async function recordOutcome(act: Night['act'], record: ConcludeInput): Promise<void> {
  try {
    await act().conclude.executeWithOptions({ summary: summary.conclude(record.outcome) }, [record]);
  } catch (error) {
    log.error('the outcome is not in the ledger', { reason: rootCause(error) });
  }
}

const nothingToDo = (
  of: string,
  outcome: DayResult['outcome'],
  { build, objects, bytes, chunks, notes }: Pick<ListResult, 'build' | 'objects' | 'bytes' | 'chunks' | 'notes'>,
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
  mended: false,
  steps: [],
  notes,
});
