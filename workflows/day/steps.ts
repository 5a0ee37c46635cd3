// Over 300 lines: all steps of a day, in the order in which they run.
import { CancelledFailure } from '@temporalio/common';
import {
  CancellationScope,
  condition,
  continueAsNew,
  patched,
  sleep,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { CompareResult } from '../../activities/compare/index.js';
import type { ListResult } from '../../activities/list/index.js';
import type { LoadResult } from '../../activities/load/index.js';
import type { PublishResult } from '../../activities/publish/index.js';
import type { RecoverResult } from '../../activities/recover/index.js';
import type { SweepResult } from '../../activities/sweep/index.js';
import type { TestResult } from '../../activities/test/index.js';
import { toPublish, type BuildRef, type BuiltTable } from '../../src/shared/build.js';
import { grouped } from '../../src/shared/grouped.js';
import { chosen } from '../../src/shared/inputs/choice.js';
import { stagedInputs, type Reader } from '../../src/shared/lookback.js';
import { type Text } from '../../src/shared/sentence.js';
import type { DayInput, DayResult } from '../../src/shared/workflows.js';
import { throwIfBug, thrownIn } from '../failures.js';
import { dayActivities, firstActivities, heavyActivities } from '../options.js';
import { stepText, summary } from '../text.js';
import { inWindow } from '../window.js';
import { attribute, type Progress } from './progress.js';
import { isInBackfill, loadsWhereNormalized, refreshedWhereCopied, sharesSteps, sweepOf } from './sharing.js';

/* The steps of a day, in order: each runs its activities and reports what they did. */

/** One run of a day's workflow, shared by all its steps. */
export interface DayRun {
  input: DayInput;
  progress: Progress;
  turn: Turn;
  settings: RecoverResult;
  /** What is built, once it is known; kept here for the end of a failed day. */
  begun: Begun | null;
  /** Of a rollback, once it is known: the generation that readers are to have. */
  target: number | null;
  /** Start of the time in which errors are retried. Milliseconds. */
  startedAt: number;
  /** Returns the activities, with what is left of that time at this moment. */
  act: () => ReturnType<typeof dayActivities>;
}

/** A build and what was listed for it. */
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

/** Extends the retry time by what has passed since `since`: waiting for sources or in a queue must not use it up. */
const excludeFromRetryTime = (run: DayRun, since: number) => {
  run.startedAt += Date.now() - since;
};

/** Whether a loaded day may go on: a backfill opens it when the days before it are done. Open from the start otherwise. */
export interface Turn {
  open: boolean;
}

/**
 * Continues the day as new, under the same id: finished work is recorded, so the new run does only the rest. A cancelled day ends
 * instead, because the new run would not know of the cancel.
 */
const continueDay = async ({ input, turn }: DayRun, more: Partial<DayInput> = {}): Promise<never> => {
  if (CancellationScope.current().consideredCancelled && patched('cancelled-before-continuing'))
    throw new CancelledFailure('cancelled');
  return await continueAsNew<(given: DayInput) => Promise<DayResult>>({ ...input, ...more, gated: !turn.open });
};

/**
 * Ends a load that failed. If a normalized chunk was deleted after the day was listed, as an erasure does, the day continues as new,
 * once: the new run lists again, and normalizes the chunk again. Any other error is thrown again.
 */
export async function listAgain(run: DayRun, error: unknown): Promise<never> {
  throwIfBug(error);
  if (thrownIn(error)?.type !== 'ObjectVanished' || run.input.relisted || !patched('list-again')) throw error;
  return await continueDay(run, { wait: false, complete: false, relisted: true });
}

/** Nodes that one day may lose before it fails. */
const MOST_MOVES = 3;

/** True if a build ended because its node of a cluster does not answer, and may begin again on another one. */
export const lostItsNode = ({ input: { moves = 0 } }: DayRun, error: unknown): boolean =>
  thrownIn(error)?.type === 'NodeLost' && moves < MOST_MOVES;

/**
 * Builds a day again whose node was lost. What it had in its stage there is worth nothing, because all chunks are in the store: the day
 * continues as new, on another node.
 */
export const buildElsewhere = (run: DayRun): Promise<never> =>
  continueDay(run, { wait: false, complete: false, moves: (run.input.moves ?? 0) + 1 });

/** Recovers an unfinished publish first; returns the settings that the workflow needs. */
export async function recoverDay(of: string, progress: Progress): Promise<RecoverResult> {
  const { workflowId } = workflowInfo();
  const settings = await firstActivities().recover.executeWithOptions({ summary: summary.recover(of) }, [
    { day: of, workflowId, ...(isInBackfill() ? { inBackfill: true } : {}) },
  ]);
  upsertSearchAttributes([{ key: attribute.project, value: settings.project }]);
  progress.report(stepText.recover(settings), settings.ms);
  return settings;
}

/**
 * Waits until every source is complete: the activity checks once and enforces the deadline, a timer sleeps in between. A late day
 * is checked only once, since its deadline has passed.
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
    progress.waitFor(looked.missing);
    if (looked.ready) {
      progress.report('all sources are complete', looks === 0 ? looked.ms : Date.now() - begun);
      return;
    }
    // A source that is missing for days must not fill the history.
    if (workflowInfo().continueAsNewSuggested) await continueDay(run, { waiting: since });
    const slept = Date.now();
    await sleep(looked.againInMs, { summary: summary.sleep(looked.missing) });
    excludeFromRetryTime(run, slept);
  }
}

export async function listObjects(run: DayRun): Promise<ListResult> {
  const { input, progress, act } = run;
  progress.begin('list');
  const listed = await act().list.executeWithOptions({ summary: summary.list(input.day) }, [
    {
      day: input.day,
      // A comparison rebuilds all tables, like a forced run, but publishes nothing.
      force: (input.force ?? false) || (input.compare ?? false),
      code: input.code ?? false,
      ...(input.compare ? { compare: true } : {}),
      ...(input.retry === undefined ? {} : { retry: input.retry }),
      ...chosen(input),
    },
  ]);
  run.begun = listed;
  progress.report(stepText.list(listed), listed.ms);
  return listed;
}

/**
 * Normalizes chunks in parallel, as many as the project allows. Continues as new when the history has grown long: finished chunks
 * are recorded by content, so the new run does only the rest.
 *
 * @param early gets what was loaded along with the chunks
 */
export async function normalizeChunks(
  run: DayRun,
  listed: ListResult,
  early: Map<string, LoadResult>,
): Promise<DayResult['normalized']> {
  const { progress, settings, turn } = run;
  const { build, todo, sizes } = listed;
  const loads = loadsWhereNormalized(run, listed);
  // Read once: the turn may open while sources are loading.
  const alone = !turn.open;
  const since = Date.now();
  const sum = { chunks: 0, lines: 0, rows: 0, rejected: 0, skipped: 0, blank: 0, quarantined: 0, ms: 0 };
  progress.begin('normalize', todo);
  const started = await inWindow(
    todo,
    settings.normalizeSlots,
    async (chunk) => {
      const { normalize } = heavyActivities(settings.timings, settings.project);
      const words = loads ? summary.normalizeAndLoad : summary.normalize;
      const one = await normalize.executeWithOptions({ summary: words(chunk, todo, sizes[chunk]) }, [
        { build, chunk, ...(loads ? { load: { alone } } : {}) },
      ]);
      if (one.loaded) {
        early.set(one.source, one.loaded);
        sum.ms -= one.loaded.ms;
      }
      sum.chunks++;
      for (const count of COUNTS) sum[count] += one[count];
      progress.advance();
    },
    () => workflowInfo().continueAsNewSuggested,
  );
  // The sources were complete; checking again must not fail a day that is half done.
  if (started < todo) await continueDay(run, { wait: false, complete: false });
  excludeFromRetryTime(run, since);
  const { ms, ...normalized } = sum;
  progress.report(stepText.normalize(normalized), ms);
  return normalized;
}

const COUNTS = ['lines', 'rows', 'rejected', 'skipped', 'blank', 'quarantined', 'ms'] as const;

/** Loads the sources. A day that waits for its turn leaves out the earlier days, which are still being built. */
export async function loadSources(
  { input, progress, act, turn }: DayRun,
  { build, tables }: ListResult,
  built: Map<string, BuiltTable>,
  early: ReadonlyMap<string, LoadResult>,
): Promise<{ loaded: DayResult['loaded']; notes: Text[] }> {
  const sources = tables.filter(({ kind }) => kind === 'normalized');
  const loaded: DayResult['loaded'] = [];
  const notes: Text[] = [];
  // Read once: the turn may open while sources are loading.
  const alone = !turn.open;
  let took = 0;
  progress.begin('load', sources.length);
  await inWindow(sources.length, sources.length, async (index) => {
    const table = sources[index]?.name ?? '';
    const request = { build, table, alone };
    const one =
      early.get(table) ?? (await act().load.executeWithOptions({ summary: summary.load(table, input.day) }, [request]));
    built.set(table, one);
    loaded.push({ table, rows: one.rows, duplicates: one.duplicates, rejected: one.rejected, changed: one.changed });
    notes.push(...one.notes);
    took += one.ms;
    progress.advance();
  });
  const ordered = inPlanOrder(loaded, sources);
  progress.report(stepText.load(ordered), took);
  return { loaded: ordered, notes };
}

/** Sorts results in the order of the tables, upstream first. */
const inPlanOrder = <Done extends { table: string }>(
  done: readonly Done[],
  tables: readonly { name: string }[],
): Done[] => tables.flatMap(({ name }) => done.filter(({ table }) => table === name));

/**
 * Waits until the backfill signals that the days before this one are done, then copies those days into the stage.
 *
 * @returns the models that were refreshed along with that.
 */
export async function waitForTurn(run: DayRun, listed: ListResult, built: Map<string, BuiltTable>): Promise<Refreshed> {
  const { input, progress, act, turn } = run;
  const { build, tables } = listed;
  let early: Refreshed = { tables: [], ms: 0 };
  if (!input.gated) return early;
  const since = Date.now();
  progress.begin('gate');
  await condition(() => turn.open);
  excludeFromRetryTime(run, since);
  const keeping = tables.filter(({ name, keep }) => keep > 0 && built.has(name));
  // The models need the earlier days of all tables.
  const models = keeping.length === 1 ? refreshedWhereCopied(run, listed) : [];
  const staged = Object.fromEntries(
    [...built].map(([name, { fingerprint, earlier }]) => [name, { fingerprint, earlier }]),
  );
  await inWindow(keeping.length, keeping.length, async (index) => {
    const table = keeping[index]?.name ?? '';
    const words =
      models.length > 0
        ? summary.lookBackAndRefresh(table, namesOf(models), input.day)
        : summary.lookBack(table, input.day);
    const { earlier, refreshed = early } = await act().lookBack.executeWithOptions({ summary: words }, [
      { build, table, ...(models.length > 0 ? { refresh: { models: models.map(readerOf), staged } } : {}) },
    ]);
    const one = built.get(table);
    if (one) built.set(table, { ...one, earlier });
    early = refreshed;
  });
  progress.report(stepText.gate(), Date.now() - since - early.ms);
  return early;
}

/** Models that were refreshed, and how long that took in milliseconds. */
export interface Refreshed {
  tables: BuiltTable[];
  ms: number;
}

const namesOf = (tables: readonly { name: string }[]): string[] => tables.map(({ name }) => name);

const readerOf = ({ name, inputs, lookback }: Reader): Reader => ({ name, inputs, lookback });

/** Refreshes the models level by level: a model starts when everything that it reads is in the stage. */
export async function refreshModels(
  run: DayRun,
  listed: ListResult,
  built: Map<string, BuiltTable>,
  early: Refreshed,
): Promise<DayResult['refreshed']> {
  const { input, progress, settings, act } = run;
  const { build, tables } = listed;
  const models = tables.filter(({ kind }) => kind === 'aggregate');
  const refreshed: DayResult['refreshed'] = [];
  let took = early.ms;
  progress.begin('refresh', models.length);
  const add = (one: BuiltTable) => {
    const { table, rows, changed } = one;
    built.set(table, one);
    refreshed.push({ table, rows, changed });
    progress.advance();
  };
  early.tables.forEach(add);
  const inOne = sharesSteps(run, listed) ? settings.refreshConcurrency : 1;
  for (const level of new Set(models.map((model) => model.level))) {
    const left = () => models.filter((model) => model.level === level && !built.has(model.name));
    const refreshAll = (size: number) => {
      const groups = grouped(left(), size);
      return inWindow(groups.length, settings.refreshConcurrency / size, async (index) => {
        const group = groups[index] ?? [];
        const [first, ...also] = group.map((model) => ({
          table: model.name,
          inputs: stagedInputs(model, input.day, built),
        }));
        if (!first) return;
        const one = await act().refresh.executeWithOptions({ summary: summary.refresh(namesOf(group), input.day) }, [
          { build, ...first, ...(also.length > 0 ? { also } : {}) },
        ]);
        took += one.ms;
        const { also: others = [], ...own } = one;
        for (const made of [own, ...others]) add(made);
      });
    };
    if (inOne > 1) await refreshAll(inOne);
    await refreshAll(1);
  }
  const ordered = inPlanOrder(refreshed, models);
  progress.report(stepText.refresh(ordered), took);
  return ordered;
}

export async function testStage({ progress, act }: DayRun, { build, tests }: ListResult): Promise<TestResult> {
  progress.begin('test');
  const tested = await act().test.executeWithOptions({ summary: summary.test(tests) }, [{ build }]);
  progress.report(stepText.test(tested), tested.ms);
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
  progress.report(stepText.test({ passed, warned }), ms);
  return { passed, warned };
}

/** Publishes the tables that differ from what readers have, upstream first. */
export async function publishChanged(
  { input, progress, act }: DayRun,
  { build, tables: listed }: ListResult,
  built: ReadonlyMap<string, BuiltTable>,
): Promise<PublishResult> {
  progress.begin('publish');
  const names = listed.map(({ name }) => name);
  const due = toPublish(names, built);
  const [changed, same] = [due.tables.length, due.same?.length ?? 0];
  const published =
    changed + same === 0
      ? { tables: [], burstMs: 0, touched: null, ms: 0 }
      : await act().publish.executeWithOptions({ summary: summary.publish(changed, same, input.day) }, [
          { build, ...due },
        ]);
  progress.report(stepText.publish(published, same), published.ms);
  return published;
}

/** Compares the stage with what readers have, instead of publishing it. */
export async function compareStage({ input, progress, act }: DayRun, build: BuildRef): Promise<CompareResult> {
  progress.begin('compare');
  const compared = await act().compare.executeWithOptions({ summary: summary.compare(input.day) }, [{ build }]);
  progress.report(stepText.compare(compared), compared.ms);
  return compared;
}

/** @param done the result, if the end was recorded and the day swept by one activity */
export async function sweepDay(run: DayRun, done?: SweepResult): Promise<void> {
  const { input, progress, act } = run;
  progress.begin('sweep');
  const swept = done ?? (await act().sweep.executeWithOptions({ summary: summary.sweep(input.day) }, [sweepOf(run)]));
  progress.report(stepText.sweep(swept), swept.ms);
}
