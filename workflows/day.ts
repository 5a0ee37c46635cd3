import { ApplicationFailure } from '@temporalio/common';
import { CancellationScope, ContinueAsNew, isCancellation, log, rootCause, workflowInfo } from '@temporalio/workflow';
import type { BuildRef, BuiltTable, ConcludeInput, DayInput, DayResult, ListResult } from '../src/core/messages.js';
import { failureOf, summary, touchedNote } from '../src/core/words.js';
import { dayActivities, firstActivities } from './options.js';
import {
  listObjects,
  loadSources,
  normalizeChunks,
  publishChanged,
  recoverDay,
  refreshModels,
  sweepDay,
  testStage,
  waitForSources,
  type Night,
} from './steps.js';
import { tellStory, type Story } from './story.js';

/**
 * A day, from raw objects to published tables. Its id is the day's, so that no two builds of one day ever run. Every effect is
 * named by content or by attempt, so that running it again repeats no work and changes nothing.
 */
export async function day(input: DayInput): Promise<DayResult> {
  const story = tellStory(input.day);
  const startedAt = workflowInfo().runStartTime.getTime();
  let act = firstActivities;
  let build: BuildRef | null = null;
  try {
    const settings = await recoverDay(input.day, story);
    act = () => dayActivities(settings.timings, startedAt);
    const night: Night = { input, story, settings, act, startedAt };
    if (input.wait) await waitForSources(night);
    const listed = await listObjects(night);
    build = listed.build;
    const result =
      listed.outcome === 'build' ? await buildDay(night, listed) : nothingToDo(input.day, listed.outcome, listed);
    story.end(result.outcome, result.notes);
    return { ...result, steps: [...story.steps] };
  } catch (error) {
    if (error instanceof ContinueAsNew) throw error;
    throw await CancellationScope.nonCancellable(() => concludeFailure(act, input.day, story, build, error));
  }
}

/** Normalize, load, refresh, test, publish, sweep: readers see nothing of it before the second last. */
async function buildDay(night: Night, listed: ListResult): Promise<DayResult> {
  const { build, notes } = listed;
  const built = new Map<string, BuiltTable>();
  const normalized = await normalizeChunks(night, listed);
  const loaded = await loadSources(night, listed, built);
  const refreshed = await refreshModels(night, listed, built);
  const { passed, warned } = await testStage(night, listed);
  const { tables: published, touched } = await publishChanged(night, listed, built);
  const outcome = published.length === 0 ? 'unchanged' : 'published';
  await night
    .act()
    .conclude.executeWithOptions({ summary: summary.conclude(outcome) }, [
      { day: night.input.day, build, outcome, step: '', reason: '' },
    ]);
  await sweepDay(night, build);
  return {
    ...nothingToDo(night.input.day, outcome, listed),
    normalized,
    loaded,
    refreshed,
    tested: { passed, warned },
    published,
    notes: [...notes, ...touchedNote(touched)],
  };
}

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
  story.end(outcome, [reason]);
  const record = { day: of, build, outcome, step: story.step, reason } as const;
  // Where nothing could be read, nothing can be written either.
  if (story.step !== 'recover') await recordOutcome(act, record);
  return cancelled
    ? error
    : ApplicationFailure.nonRetryable(failureOf(of, story.step, reason), 'DayFailed', { step: story.step, reason });
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
  { build, objects, bytes, chunks, notes }: ListResult,
): DayResult => ({
  day: of,
  outcome,
  generation: build.generation,
  listed: { objects, bytes, chunks },
  normalized: { chunks: 0, lines: 0, rows: 0, rejected: 0, skipped: 0, blank: 0 },
  loaded: [],
  refreshed: [],
  tested: { passed: 0, warned: [] },
  published: [],
  steps: [],
  notes,
});
