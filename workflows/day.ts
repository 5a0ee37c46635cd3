import { CancellationScope, setHandler } from '@temporalio/workflow';
import type { BuiltTable, DayInput, DayResult, ListResult } from '../src/core/messages.js';
import { comparedNotes, heldNow, touchedNote } from '../src/core/words.js';
import { throwIfBug } from './bugs.js';
import { closeDay, emptyResult, endBadly } from './day-end.js';
import { assertInput } from './input.js';
import { rollBackDay } from './rollback.js';
import {
  beginRun,
  compareStage,
  listObjects,
  loadSources,
  normalizeChunks,
  passGate,
  publishChanged,
  recoverDay,
  refreshModels,
  testStage,
  waitForSources,
  type DayRun,
  type Gate,
} from './steps.js';
import { openSignal, tellStory } from './story.js';

/**
 * A day, from raw objects to published tables. Its id is the day's, so that no two builds of one day ever run. Every effect is
 * named by content or by attempt, so that running it again repeats no work and changes nothing.
 */
export async function day(input: DayInput): Promise<DayResult> {
  assertInput('day', input);
  const story = tellStory(input.day);
  const gate: Gate = { open: input.gated !== true };
  setHandler(
    openSignal,
    () => {
      gate.open = true;
    },
    { description: 'sent by a backfill when the days before this one are done' },
  );
  let run: DayRun | null = null;
  try {
    const settings = await recoverDay(input.day, story);
    run = beginRun({ input, story, gate, settings });
    const result = input.rollback ? await takeBack(run) : await buildIfNeeded(run);
    story.end(result.outcome, result.notes);
    return { ...result, mended: settings.mended !== null, steps: [...story.steps] };
  } catch (error) {
    throwIfBug(error);
    return await CancellationScope.nonCancellable(() => endBadly(input.day, story, run, error));
  }
}

async function buildIfNeeded(run: DayRun): Promise<DayResult> {
  const { input } = run;
  if (input.wait || input.complete) await waitForSources(run);
  const listed = await listObjects(run);
  if (listed.outcome !== 'build') return emptyResult(input.day, listed.outcome, listed);
  return input.compare ? await compareDay(run, listed) : await buildDay(run, listed);
}

/** Normalize, load, refresh, test, publish, sweep: readers see nothing of it before the second last. */
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

/** Builds the day aside, all of it, and holds it against what readers have. Nothing is published. */
async function compareDay(run: DayRun, listed: ListResult): Promise<DayResult> {
  const made = await buildStage(run, listed, new Map());
  const compared = await compareStage(run, listed.build);
  const outcome = compared.every(({ equal }) => equal) ? 'unchanged' : 'different';
  const left = await closeDay(run, listed.build, outcome);
  return {
    ...emptyResult(run.input.day, outcome, listed),
    ...made,
    compared,
    notes: [...made.notes, ...comparedNotes(compared, run.input.day), ...left],
  };
}

/** All tables of the day in the stage, each noted in `built`. */
async function buildStage(
  run: DayRun,
  listed: ListResult,
  built: Map<string, BuiltTable>,
): Promise<Pick<DayResult, 'normalized' | 'loaded' | 'refreshed' | 'notes'>> {
  const normalized = await normalizeChunks(run, listed);
  const { loaded, notes } = await loadSources(run, listed, built);
  await passGate(run, listed, built);
  const refreshed = await refreshModels(run, listed, built);
  return { normalized, loaded, refreshed, notes: [...listed.notes, ...notes] };
}

/** Readers get back what they had before the newest publish of the day. */
async function takeBack(run: DayRun): Promise<DayResult> {
  const { day } = run.input;
  const { begun, taken } = await rollBackDay(run);
  const left = await closeDay(run, begun.build, 'rolled-back');
  const notes = [heldNow(day), ...touchedNote(taken.touched), ...left];
  const published = taken.tables.map(({ table, rows }) => ({ table, rows }));
  return { ...emptyResult(day, 'rolled-back', { ...begun, notes }), published, touched: taken.touched };
}
