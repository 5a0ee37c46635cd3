import { isCancellation, upsertSearchAttributes } from '@temporalio/workflow';
import { failedBy, rootText } from '../../src/errors.js';
import { rangesOf } from '../../src/shared/day.js';
import { plain } from '../../src/shared/sentence.js';
import type { DayEnded, EraseInput, EraseResult, StaleModels } from '../../src/shared/workflows.js';
import { attribute } from '../day/progress.js';
import { throwIfBug } from '../failures.js';
import { assertInput } from '../input.js';
import { checkActivities } from '../options.js';
import { watchOtherRuns, type OtherRuns } from '../other-runs.js';
import { runDay } from '../run-day.js';
import { erasureFailure, loadedAgainFailure, summary } from '../text.js';

/** How often days are erased in which rows were found at the end, before builds that load them again fail the erasure. */
const MOST_ROUNDS = 3;

/**
 * Removes rows on request: from the normalized zone and the rejects, then day by day from the live table, each followed by a rebuild of
 * the models that read it, and last from the archives. Days that hold such rows at the end, because they were being built or rolled back
 * meanwhile, are erased like the others. The condition is in an object of the store, so that no history names a person. Every step may be
 * repeated: starting the erasure again continues with what is left.
 */
export async function erase(input: EraseInput): Promise<EraseResult> {
  assertInput('erase', input);
  const { id } = input;
  try {
    const eraseChunks = () =>
      checkActivities().eraseChunks.executeWithOptions({ summary: summary.eraseChunks() }, [{ id }]);
    const { project, table, days: found, rows, ...removed } = await eraseChunks();
    upsertSearchAttributes([
      { key: attribute.project, value: project },
      { key: attribute.kind, value: 'erase' },
      { key: attribute.outcome, value: 'running' },
    ]);
    const of = { project, others: watchOtherRuns() };
    const sum = { rows, chunks: removed.chunks, rejects: removed.rejects, archives: 0 };
    const days = new Set(found);
    const counted = new Set(found);
    const notRebuilt = new Map<string, NotRebuilt>();
    let due: readonly string[] = found;
    for (let round = 0; ; round++) {
      const failed = await eraseDays(of, id, due, notRebuilt);
      if (failed.length > 0) throw failedBy('EraseFailed', erasureFailure(table, failed));
      if (round > 0) {
        // The days of this round were built from chunks that their own builds had made again.
        const again = await eraseChunks();
        sum.chunks += again.chunks;
        sum.rejects += again.rejects;
        if (again.since !== undefined) removed.since = again.since;
      }
      const {
        archives,
        left = [],
        stale = [],
      } = await checkActivities().endErasure.executeWithOptions({ summary: summary.endErasure() }, [
        { id, days: [...days].sort(), rows: sum.rows, since: removed.since },
      ]);
      sum.archives += archives;
      if (left.length === 0) {
        upsertSearchAttributes([{ key: attribute.outcome, value: 'published' }]);
        return { table, days: counted.size, ...sum, stale: staleOf(notRebuilt, stale) };
      }
      if (round === MOST_ROUNDS) throw failedBy('EraseFailed', loadedAgainFailure(table, left));
      due = left.map(({ day }) => day);
      for (const one of left) {
        days.add(one.day);
        if (one.rows > 0) counted.add(one.day);
        sum.rows += one.rows;
      }
    }
  } catch (error) {
    throwIfBug(error);
    upsertSearchAttributes([{ key: attribute.outcome, value: isCancellation(error) ? 'cancelled' : 'failed' }]);
    if (isCancellation(error)) throw error;
    throw failedBy('EraseFailed', rootText(error));
  }
}

/**
 * Erases days one after the other, and rebuilds the models of each.
 *
 * @param notRebuilt gets the days whose models could not be rebuilt, with the reason of each
 * @returns the days in which rows were not erased.
 */
async function eraseDays(
  of: { project: string; others: OtherRuns },
  id: string,
  days: readonly string[],
  notRebuilt: Map<string, NotRebuilt>,
): Promise<DayEnded[]> {
  const failed: DayEnded[] = [];
  for (const day of days) {
    const erased = await runDay(of, { day, erase: id });
    if (erased.result === null) {
      failed.push(erased);
      continue;
    }
    // Nothing of the table is published: an erasure does not build what no one has built.
    if (erased.result.generation === 0) continue;
    const reason = whyNotRebuilt(await runDay(of, { day }));
    if (reason === undefined) notRebuilt.delete(day);
    else notRebuilt.set(day, reason);
  }
  return failed;
}

type NotRebuilt = Pick<StaleModels, 'kind' | 'reason'>;

/** Returns why the models of a day are not rebuilt; undefined if they are. */
function whyNotRebuilt({ outcome, reason }: DayEnded): NotRebuilt | undefined {
  switch (outcome) {
    case 'published':
    case 'unchanged':
      return undefined;
    case 'held':
      return { kind: 'held', reason: 'the day is held' };
    case 'skipped':
      return { kind: 'skipped', reason: 'the folder of a source is empty, so the day was skipped' };
    default:
      return { kind: 'failed', reason: plain(reason) || `the day ended as ${outcome}` };
  }
}

/** Lists the days whose models still show the rows: those that could not be rebuilt, and others that the ledger knows. */
const staleOf = (notRebuilt: ReadonlyMap<string, NotRebuilt>, stale: readonly string[]): StaleModels[] => [
  ...[...notRebuilt].map(([day, why]) => ({ first: day, last: day, ...why })),
  ...rangesOf(stale.filter((day) => !notRebuilt.has(day))).map(({ start, end }) => ({
    ...{ first: start, last: end },
    ...{ kind: 'later' as const, reason: 'looks back on erased days' },
  })),
];
