import { continueAsNew, sleep, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import { inputsRead, type Reader } from '../src/core/lookback.js';
import type {
  BuildRef,
  BuiltTable,
  DayInput,
  DayResult,
  ListResult,
  PublishResult,
  RecoverResult,
  TestResult,
} from '../src/core/messages.js';
import { summary, told } from '../src/core/words.js';
import { firstActivities, heavyActivities, type dayActivities } from './options.js';
import { attribute, type Story } from './story.js';
import { inWindow } from './window.js';

/* The steps of a day, in the order of the night: each runs its activities and tells what they did. */

/** What the whole night shares. */
export interface Night {
  input: DayInput;
  story: Story;
  settings: RecoverResult;
  /** The activities, with what is left of the build's time at this moment. */
  act: () => ReturnType<typeof dayActivities>;
  startedAt: number;
}

/** Begins the day's workflow anew, under the same id: what is done is recorded, so that the new run does only the rest. */
const beginAnew = (input: DayInput) => continueAsNew<(given: DayInput) => Promise<DayResult>>(input);

/** A publish that a crash left open is ended first; with it come the settings that the workflow needs. */
export async function recoverDay(of: string, story: Story): Promise<RecoverResult> {
  const settings = await firstActivities().recover.executeWithOptions({ summary: summary.recover(of) }, [{ day: of }]);
  upsertSearchAttributes([{ key: attribute.project, value: settings.project }]);
  story.tell(told.recover(settings), settings.ms);
  return settings;
}

/** Looks until every source is complete; the deadline is the activity's to judge, the sleep is Temporal's. */
export async function waitForSources({ input, story, act }: Night): Promise<void> {
  story.begin('wait');
  for (let ms = 0; ;) {
    const looked = await act().wait.executeWithOptions({ summary: summary.wait(input.day) }, [{ day: input.day }]);
    ms += looked.ms;
    if (looked.ready) {
      story.tell('all sources are complete', ms);
      return;
    }
    // A source that stays away for days must not fill a history.
    if (workflowInfo().continueAsNewSuggested) await beginAnew(input);
    await sleep(looked.againInMs, { summary: summary.sleep(looked.missing) });
  }
}

export async function listObjects({ input, story, act }: Night): Promise<ListResult> {
  story.begin('list');
  const listed = await act().list.executeWithOptions({ summary: summary.list(input.day) }, [
    { day: input.day, force: input.force ?? false },
  ]);
  story.tell(told.list(listed), listed.ms);
  return listed;
}

/**
 * Chunks side by side, as many as the project allows. A history that grows long is begun anew: what is normalized is recorded
 * under its content, so that the new run plans only the rest.
 */
export async function normalizeChunks(
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
  if (started < todo) await beginAnew(input);
  const { ms, ...normalized } = sum;
  story.tell(told.normalize(normalized), ms);
  return normalized;
}

export async function loadSources(
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
export async function refreshModels(
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

/** What a model reads of the other tables, as this build's stage has them. */
const inputsOf = (model: Reader, of: string, built: ReadonlyMap<string, BuiltTable>): Record<string, string> =>
  inputsRead({ ...model, inputs: model.inputs.filter((input) => input !== model.name) }, of, (table, earlier) =>
    earlier === of ? built.get(table)?.fingerprint : built.get(table)?.earlier[earlier],
  );

export async function testStage({ story, act }: Night, { build, tests }: ListResult): Promise<TestResult> {
  story.begin('test');
  const tested = await act().test.executeWithOptions({ summary: summary.test(tests) }, [{ build }]);
  story.tell(told.test(tested), tested.ms);
  return tested;
}

/** Publishes the tables that differ from what readers have, upstream first. */
export async function publishChanged(
  { input, story, act }: Night,
  { build, tables: listed }: ListResult,
  built: ReadonlyMap<string, BuiltTable>,
): Promise<PublishResult> {
  story.begin('publish');
  const tables = listed.flatMap(({ name: table }) => {
    const { changed = false, fingerprint = '', data = '', inputs = {} } = built.get(table) ?? {};
    return changed ? [{ table, fingerprint, data, inputs }] : [];
  });
  const published =
    tables.length === 0
      ? { tables: [], burstMs: 0, touched: [], ms: 0 }
      : await act().publish.executeWithOptions({ summary: summary.publish(tables.length, input.day) }, [
          { build, tables },
        ]);
  story.tell(told.publish(published), published.ms);
  return published;
}

export async function sweepDay({ input, story, act }: Night, build: BuildRef): Promise<void> {
  story.begin('sweep');
  const swept = await act().sweep.executeWithOptions({ summary: summary.sweep(input.day) }, [
    { day: input.day, build },
  ]);
  story.tell(told.sweep(swept), swept.ms);
}
