import { ApplicationFailure } from '@temporalio/common';
import {
  CancellationScope,
  ContinueAsNew,
  continueAsNew,
  isCancellation,
  log,
  rootCause,
  sleep,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import { inputsRead, type Reader } from '../src/core/lookback.js';
import type {
  BuildRef,
  BuiltTable,
  ConcludeInput,
  DayInput,
  DayResult,
  ListResult,
  RecoverResult,
} from '../src/core/messages.js';
import { failureOf, summary, told, touchedNote } from '../src/core/words.js';
import { dayActivities, firstActivities, heavyActivities } from './options.js';
import { attribute, tellStory, type Story } from './story.js';
import { inWindow } from './window.js';

/** What the whole night shares. */
interface Night {
  input: DayInput;
  story: Story;
  settings: RecoverResult;
  /** The activities, with what is left of the build's time at this moment. */
  act: () => ReturnType<typeof dayActivities>;
  startedAt: number;
}

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

/** A publish that a crash left open is ended first; with it come the settings that the workflow needs. */
async function recoverDay(of: string, story: Story): Promise<RecoverResult> {
  const settings = await firstActivities().recover.executeWithOptions({ summary: summary.recover(of) }, [{ day: of }]);
  upsertSearchAttributes([{ key: attribute.project, value: settings.project }]);
  story.tell(told.recover(settings), settings.ms);
  return settings;
}

/** Looks until every source is complete; the deadline is the activity's to judge, the sleep is Temporal's. */
async function waitForSources({ input, story, act }: Night): Promise<void> {
  story.begin('wait');
  for (let ms = 0; ;) {
    const looked = await act().wait.executeWithOptions({ summary: summary.wait(input.day) }, [{ day: input.day }]);
    ms += looked.ms;
    if (looked.ready) {
      story.tell('all sources are complete', ms);
      return;
    }
    // A source that stays away for days must not fill a history.
    if (workflowInfo().continueAsNewSuggested) await continueAsNew<typeof day>(input);
    await sleep(looked.againInMs, { summary: summary.sleep(looked.missing) });
  }
}

async function listObjects({ input, story, act }: Night): Promise<ListResult> {
  story.begin('list');
  const listed = await act().list.executeWithOptions({ summary: summary.list(input.day) }, [
    { day: input.day, force: input.force ?? false },
  ]);
  story.tell(told.list(listed), listed.ms);
  return listed;
}

/** Normalize, load, refresh, test, publish, sweep: readers see nothing of it before the second last. */
async function buildDay(night: Night, listed: ListResult): Promise<DayResult> {
  const { input, story, act } = night;
  const { build } = listed;
  const normalized = await normalizeChunks(night, listed);
  const built = new Map<string, BuiltTable>();
  const loaded = await loadSources(night, listed, built);
  const refreshed = await refreshModels(night, listed, built);

  story.begin('test');
  const tested = await act().test.executeWithOptions({ summary: summary.test(listed.tests) }, [{ build }]);
  story.tell(told.test(tested), tested.ms);

  story.begin('publish');
  const tables = listed.tables.flatMap(({ name }) => {
    const table = built.get(name);
    return table?.changed
      ? [{ table: name, fingerprint: table.fingerprint, data: table.data, inputs: table.inputs }]
      : [];
  });
  const published =
    tables.length === 0
      ? { tables: [], burstMs: 0, touched: [], ms: 0 }
      : await act().publish.executeWithOptions({ summary: summary.publish(tables.length, input.day) }, [
          { build, tables },
        ]);
  story.tell(told.publish(published), published.ms);

  const outcome = tables.length === 0 ? 'unchanged' : 'published';
  await act().conclude.executeWithOptions({ summary: summary.conclude(outcome) }, [
    { day: input.day, build, outcome, step: '', reason: '' },
  ]);
  story.begin('sweep');
  const swept = await act().sweep.executeWithOptions({ summary: summary.sweep(input.day) }, [
    { day: input.day, build },
  ]);
  story.tell(told.sweep(swept), swept.ms);
  return {
    ...nothingToDo(input.day, outcome, listed),
    normalized,
    loaded,
    refreshed,
    tested: { passed: tested.passed, warned: tested.warned },
    published: published.tables,
    notes: [...listed.notes, ...touchedNote(published.touched)],
  };
}

/**
 * Chunks side by side, as many as the project allows. A history that grows long is begun anew: what is normalized is recorded
 * under its content, so that the new run plans only the rest.
 */
async function normalizeChunks(
  { input, story, settings, startedAt }: Night,
  { build, todo, sizes }: ListResult,
): Promise<DayResult['normalized']> {
  const sum = { chunks: 0, lines: 0, rows: 0, rejected: 0, skipped: 0, blank: 0, ms: 0 };
  story.begin('normalize', todo);
  const started = await inWindow(
    todo,
    settings.normalizeSlots,
    async (chunk) => {
      const { normalize } = heavyActivities(settings.timings, startedAt, settings.project);
      const one = await normalize.executeWithOptions({ summary: summary.normalize(chunk, todo, sizes[chunk]) }, [
        { build, chunk },
      ]);
      sum.chunks++;
      for (const count of ['lines', 'rows', 'rejected', 'skipped', 'blank', 'ms'] as const) sum[count] += one[count];
      story.advance();
    },
    () => workflowInfo().continueAsNewSuggested,
  );
  if (started < todo) await continueAsNew<typeof day>(input);
  const { ms, ...normalized } = sum;
  story.tell(told.normalize(normalized), ms);
  return normalized;
}

async function loadSources(
  { input, story, act }: Night,
  { build, tables }: ListResult,
  built: Map<string, BuiltTable>,
): Promise<DayResult['loaded']> {
  const sources = tables.filter(({ kind }) => kind === 'normalized');
  const loaded: DayResult['loaded'] = [];
  let took = 0;
  story.begin('load', sources.length);
  await inWindow(sources.length, sources.length, async (index) => {
    const table = sources[index]?.name ?? '';
    const one = await act().load.executeWithOptions({ summary: summary.load(table, input.day) }, [{ build, table }]);
    built.set(table, one);
    loaded.push({ table, rows: one.rows, duplicates: one.duplicates, rejected: one.rejected, changed: one.changed });
    took += one.ms;
    story.advance();
  });
  story.tell(told.load(loaded), took);
  return loaded;
}

/** Level by level: a model starts when everything it reads stands in the stage. */
async function refreshModels(
  { input, story, settings, act }: Night,
  { build, tables }: ListResult,
  built: Map<string, BuiltTable>,
): Promise<DayResult['refreshed']> {
  const models = tables.filter(({ kind }) => kind === 'aggregate');
  const refreshed: DayResult['refreshed'] = [];
  let took = 0;
  story.begin('refresh', models.length);
  for (const level of new Set(models.map((model) => model.level))) {
    const together = models.filter((model) => model.level === level);
    await inWindow(together.length, settings.refreshConcurrency, async (index) => {
      const model = together[index];
      if (!model) return;
      const table = model.name;
      const request = { build, table, inputs: inputsOf(model, input.day, built) };
      const one = await act().refresh.executeWithOptions({ summary: summary.refresh(table, input.day) }, [request]);
      built.set(table, one);
      refreshed.push({ table, rows: one.rows, changed: one.changed });
      took += one.ms;
      story.advance();
    });
  }
  story.tell(told.refresh(refreshed), took);
  return refreshed;
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

/** What a model reads of the other tables, as this build's stage has them. */
const inputsOf = (model: Reader, of: string, built: ReadonlyMap<string, BuiltTable>): Record<string, string> =>
  inputsRead({ ...model, inputs: model.inputs.filter((input) => input !== model.name) }, of, (table, earlier) =>
    earlier === of ? built.get(table)?.fingerprint : built.get(table)?.earlier[earlier],
  );

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
