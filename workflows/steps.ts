import { condition, continueAsNew, sleep, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import type { ListResult } from '../activities/list/index.js';
import type { PublishResult } from '../activities/publish/index.js';
import type { RecoverResult } from '../activities/recover/index.js';
import type { TestResult } from '../activities/test/index.js';
import type { BuildRef, BuiltTable, ComparedTable } from '../src/shared/build.js';
import { chosen } from '../src/shared/inputs/choice.js';
import { inputsRead, type Reader } from '../src/shared/lookback.js';
import type { DayInput, DayResult } from '../src/shared/workflows.js';
import { dayActivities, firstActivities, heavyActivities } from './options.js';
import { attribute, type Progress } from './progress.js';
import { inWindow } from './window.js';
import { summary, told } from './words.js';

/* The steps of a day, in the order of the night: each runs its activities and tells what they did. */

/** One run of a day's workflow, as all its steps share it. */
export interface DayRun {
  input: DayInput;
  progress: Progress;
  turn: Turn;
  settings: RecoverResult;
  /** What is built, once that is known: the first thing that a failed day is asked for. */
  begun: Begun | null;
  /** Of a rollback, once it is known: the generation that readers are to have. */
  target: number | null;
  /** From when the time counts in which faults are retried. Milliseconds. */
  startedAt: number;
  /** The activities, with what is left of that time at this moment. */
  act: () => ReturnType<typeof dayActivities>;
}

/** A build, and what was listed for it. */
export type Begun = Pick<ListResult, 'build' | 'objects' | 'bytes' | 'chunks' | 'notes'>;

export function beginRun(of: Pick<DayRun, 'input' | 'progress' | 'turn' | 'settings'>): DayRun {
  const run: DayRun = {
    ...of,
    begun: null,
    target: null,
    startedAt: workflowInfo().runStartTime.getTime(),
    act: () => dayActivities(of.settings.timings, run.startedAt),
  };
  return run;
}

/** Waiting and standing in a queue are no faults: they do not use up the time in which the build retries. */
const giveBack = (run: DayRun, since: number) => {
  run.startedAt += Date.now() - since;
};

/** Where a backfill holds a loaded day until the days before it are done. Open where nobody holds it. */
export interface Turn {
  open: boolean;
}

/** Begins the day's workflow anew, under the same id: what is done is recorded, so that the new run does only the rest. */
const beginAnew = ({ input, turn }: DayRun, more: Partial<DayInput> = {}) =>
  continueAsNew<(given: DayInput) => Promise<DayResult>>({ ...input, ...more, gated: !turn.open });

/** A publish that a crash left open is ended first; with it come the settings that the workflow needs. */
export async function recoverDay(of: string, progress: Progress): Promise<RecoverResult> {
  const { workflowId } = workflowInfo();
  const settings = await firstActivities().recover.executeWithOptions({ summary: summary.recover(of) }, [
    { day: of, workflowId },
  ]);
  upsertSearchAttributes([{ key: attribute.project, value: settings.project }]);
  progress.tell(told.recover(settings), settings.ms);
  return settings;
}

/**
 * Looks until every source is complete; the deadline is the activity's to judge, the sleep is Temporal's. A late day is looked at
 * once: what it lacks has had its time.
 */
export async function waitForSources(run: DayRun): Promise<void> {
  const { input, progress, act } = run;
  progress.begin('wait');
  const begun = Date.now();
  const since = input.waiting ?? new Date(begun).toISOString();
  for (let looks = 0; ; looks++) {
    const looked = await act().wait.executeWithOptions({ summary: summary.wait(input.day) }, [
      { day: input.day, looks, since: input.wait ? since : null },
    ]);
    progress.miss(looked.missing);
    if (looked.ready) {
      progress.tell('all sources are complete', looks === 0 ? looked.ms : Date.now() - begun);
      return;
    }
    // A source that stays away for days must not fill a history.
    if (workflowInfo().continueAsNewSuggested) await beginAnew(run, { waiting: since });
    const slept = Date.now();
    await sleep(looked.againInMs, { summary: summary.sleep(looked.missing) });
    giveBack(run, slept);
  }
}

export async function listObjects(run: DayRun): Promise<ListResult> {
  const { input, progress, act } = run;
  progress.begin('list');
  const listed = await act().list.executeWithOptions({ summary: summary.list(input.day) }, [
    {
      day: input.day,
      // A comparison builds the day as a forced run does, and changes nothing.
      force: (input.force ?? false) || (input.compare ?? false),
      code: input.code ?? false,
      ...(input.retry === undefined ? {} : { retry: input.retry }),
      ...chosen(input),
    },
  ]);
  run.begun = listed;
  progress.tell(told.list(listed), listed.ms);
  return listed;
}

/**
 * Chunks side by side, as many as the project allows. A history that grows long is begun anew: what is normalized is recorded
 * under its content, so that the new run plans only the rest.
 */
export async function normalizeChunks(
  run: DayRun,
  { build, todo, sizes }: ListResult,
): Promise<DayResult['normalized']> {
  const { progress, settings } = run;
  const since = Date.now();
  const sum = { chunks: 0, lines: 0, rows: 0, rejected: 0, skipped: 0, blank: 0, quarantined: 0, ms: 0 };
  progress.begin('normalize', todo);
  const started = await inWindow(
    todo,
    settings.normalizeSlots,
    async (chunk) => {
      const { normalize } = heavyActivities(settings.timings, settings.project);
      const one = await normalize.executeWithOptions({ summary: summary.normalize(chunk, todo, sizes[chunk]) }, [
        { build, chunk },
      ]);
      sum.chunks++;
      for (const count of COUNTS) sum[count] += one[count];
      progress.advance();
    },
    () => workflowInfo().continueAsNewSuggested,
  );
  // What was waited for has come: a look that came out otherwise must not fail a day that is half done.
  if (started < todo) await beginAnew(run, { wait: false, complete: false });
  giveBack(run, since);
  const { ms, ...normalized } = sum;
  progress.tell(told.normalize(normalized), ms);
  return normalized;
}

const COUNTS = ['lines', 'rows', 'rejected', 'skipped', 'blank', 'quarantined', 'ms'] as const;

/** A day that waits for its turn leaves out the days before it, which are still being built. */
export async function loadSources(
  { input, progress, act, turn }: DayRun,
  { build, tables }: ListResult,
  built: Map<string, BuiltTable>,
): Promise<{ loaded: DayResult['loaded']; notes: string[] }> {
  const sources = tables.filter(({ kind }) => kind === 'normalized');
  const loaded: DayResult['loaded'] = [];
  const notes: string[] = [];
  // Decided once: the turn may open while some of the sources are loading.
  const alone = !turn.open;
  let took = 0;
  progress.begin('load', sources.length);
  await inWindow(sources.length, sources.length, async (index) => {
    const table = sources[index]?.name ?? '';
    const request = { build, table, alone };
    const one = await act().load.executeWithOptions({ summary: summary.load(table, input.day) }, [request]);
    built.set(table, one);
    loaded.push({ table, rows: one.rows, duplicates: one.duplicates, rejected: one.rejected, changed: one.changed });
    notes.push(...one.notes);
    took += one.ms;
    progress.advance();
  });
  const ordered = inOrder(loaded, sources);
  progress.tell(told.load(ordered), took);
  return { loaded: ordered, notes };
}

/** As the tables are listed, upstream first, whichever was done first. */
const inOrder = <Done extends { table: string }>(done: readonly Done[], tables: readonly { name: string }[]): Done[] =>
  tables.flatMap(({ name }) => done.filter(({ table }) => table === name));

/** Until a backfill says that it is this day's turn; the days before it, which are done by then, are copied beside it. */
export async function waitForTurn(
  run: DayRun,
  { build, tables }: ListResult,
  built: Map<string, BuiltTable>,
): Promise<void> {
  const { input, progress, act, turn } = run;
  if (!input.gated) return;
  const since = Date.now();
  progress.begin('gate');
  await condition(() => turn.open);
  giveBack(run, since);
  const keeping = tables.filter(({ name, keep }) => keep > 0 && built.has(name));
  await inWindow(keeping.length, keeping.length, async (index) => {
    const table = keeping[index]?.name ?? '';
    const { earlier } = await act().lookBack.executeWithOptions({ summary: summary.lookBack(table, input.day) }, [
      { build, table },
    ]);
    const one = built.get(table);
    if (one) built.set(table, { ...one, earlier });
  });
  progress.tell(told.gate(), Date.now() - since);
}

/** Level by level: a model starts when everything it reads stands in the stage. */
export async function refreshModels(
  { input, progress, settings, act }: DayRun,
  { build, tables }: ListResult,
  built: Map<string, BuiltTable>,
): Promise<DayResult['refreshed']> {
  const models = tables.filter(({ kind }) => kind === 'aggregate');
  const refreshed: DayResult['refreshed'] = [];
  let took = 0;
  progress.begin('refresh', models.length);
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
      progress.advance();
    });
  }
  const ordered = inOrder(refreshed, models);
  progress.tell(told.refresh(ordered), took);
  return ordered;
}

/** What a model reads of the other tables, as this build's stage has them. */
const inputsOf = (model: Reader, of: string, built: ReadonlyMap<string, BuiltTable>): Record<string, string> =>
  inputsRead({ ...model, inputs: model.inputs.filter((input) => input !== model.name) }, of, (table, earlier) =>
    earlier === of ? built.get(table)?.fingerprint : built.get(table)?.earlier[earlier],
  );

export async function testStage({ progress, act }: DayRun, { build, tests }: ListResult): Promise<TestResult> {
  progress.begin('test');
  const tested = await act().test.executeWithOptions({ summary: summary.test(tests) }, [{ build }]);
  progress.tell(told.test(tested), tested.ms);
  return tested;
}

/** Runs some tests on the published tables. */
export async function testPublished(
  { input, progress, act }: DayRun,
  { build }: ListResult,
  untested: readonly string[],
): Promise<Pick<TestResult, 'passed' | 'warned'>> {
  progress.begin('test');
  const { passed, warned, ms } = await act().test.executeWithOptions(
    { summary: summary.testPublished(untested.length, input.day) },
    [{ build, published: [...untested] }],
  );
  progress.tell(told.test({ passed, warned }), ms);
  return { passed, warned };
}

/** Publishes the tables that differ from what readers have, upstream first. */
export async function publishChanged(
  { input, progress, act }: DayRun,
  { build, tables: listed }: ListResult,
  built: ReadonlyMap<string, BuiltTable>,
): Promise<PublishResult> {
  progress.begin('publish');
  const tables = listed.flatMap(({ name: table }) => {
    const one = built.get(table);
    if (!one?.changed) return [];
    const { rows, hash, fingerprint, data, inputs } = one;
    return [{ table, rows, hash, fingerprint, data, inputs }];
  });
  const published =
    tables.length === 0
      ? { tables: [], burstMs: 0, touched: null, ms: 0 }
      : await act().publish.executeWithOptions({ summary: summary.publish(tables.length, input.day) }, [
          { build, tables },
        ]);
  progress.tell(told.publish(published), published.ms);
  return published;
}

/** Instead of a publish: what was built beside what readers have. */
export async function compareStage({ input, progress, act }: DayRun, build: BuildRef): Promise<ComparedTable[]> {
  progress.begin('compare');
  const compared = await act().compare.executeWithOptions({ summary: summary.compare(input.day) }, [{ build }]);
  progress.tell(told.compare(compared), compared.ms);
  return compared.tables;
}

export async function sweepDay({ input, progress, act, begun }: DayRun): Promise<void> {
  progress.begin('sweep');
  const swept = await act().sweep.executeWithOptions({ summary: summary.sweep(input.day) }, [
    { day: input.day, ...(begun ? { generation: begun.build.generation } : {}) },
  ]);
  progress.tell(told.sweep(swept), swept.ms);
}
