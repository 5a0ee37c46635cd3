import { workflowInfo } from '@temporalio/workflow';
import type { ListResult } from '../../activities/list/index.js';
import type { SweepInput } from '../../activities/sweep/index.js';
import { isBackfill } from '../../src/shared/names.js';
import type { DayRun } from './steps.js';

/*
 * Which steps of a day share an activity: in a backfill, those whose work is less than an activity costs. The activity that a step is
 * added to says in its result what it did of it; the rest is run as before. So a history says by itself how it is replayed.
 */

/** True for a day of a backfill. The history of any other day is read by people, and shows each step by itself. */
export const isInBackfill = (): boolean => isBackfill(workflowInfo().parent?.workflowId ?? '');

/** True in a backfill, if all workers can replay it. */
export const mayShare = ({ settings }: DayRun): boolean => settings.shares === true && isInBackfill();

/** Raw bytes that a small day may read, those of the earlier days that its models read included. */
const SMALL = 64 * 1024 ** 2;

/** True for a day so small that building it again costs less than an activity. */
export function sharesSteps(run: DayRun, { bytes, tables }: ListResult): boolean {
  const days = 1 + Math.max(0, ...tables.map(({ lookback, keep }) => Math.max(lookback, keep)));
  return mayShare(run) && bytes * days <= SMALL;
}

/** True if the chunks of a day are loaded where they are normalized: each is all that is to do for its source, on a single server. */
export const loadsWhereNormalized = (run: DayRun, listed: ListResult): boolean =>
  sharesSteps(run, listed) &&
  listed.build.node === undefined &&
  listed.todo <= listed.tables.filter(({ kind }) => kind === 'normalized').length;

/** Returns the models of the lowest level, if they are refreshed at once where the earlier days are copied. */
export function refreshedWhereCopied(run: DayRun, listed: ListResult): ListResult['tables'] {
  const models = listed.tables.filter(({ kind }) => kind === 'aggregate');
  const lowest = Math.min(...models.map(({ level }) => level));
  const first = models.filter(({ level }) => level === lowest);
  return sharesSteps(run, listed) && first.length <= run.settings.refreshConcurrency ? first : [];
}

/** Says what the sweep of a day drops. */
export const sweepOf = ({ input, begun }: DayRun): SweepInput => ({
  day: input.day,
  ...(begun ? { generation: begun.build.generation } : {}),
});
