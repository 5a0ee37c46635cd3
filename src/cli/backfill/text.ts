import { command } from '../../shared/commands.js';
import { durationText, numberText, plural } from '../../shared/format.js';
import type { BackfillProgress, BackfillResult, FailedDay } from '../../shared/workflows.js';
import type { KnownBackfill, Requests } from '../../temporal/client.js';
import { typed, worded } from '../common/output.js';
import { shorten, plainTable, terminalWidth } from '../common/text.js';

/** Running days that are named; the rest are only counted. */
const RUNNING_SHOWN = 3;

/** A backfill with what was asked of it; `progress` is null if no worker answers. */
export type ShownBackfill = KnownBackfill & Requests & { progress: BackfillProgress | null };

/** Says whether a backfill runs, and what it was asked: without a worker it can't have done that yet. */
export function stateText({ status, paused, cancelling, progress }: ShownBackfill): string {
  if (status !== 'RUNNING') return status.toLowerCase();
  const waits = progress === null ? ', waits for a worker' : '';
  if (cancelling) return `cancelling${waits}`;
  // What does not run needs no worker to stay as it is.
  if (paused) return progress !== null && progress.running.length > 0 ? 'pausing' : 'paused';
  return `running${waits}`;
}

/** Computes rows per second and the time left, without pauses; undefined until the first day is done. */
export function pace(
  { done, total, rows, since, idle }: BackfillProgress,
  now: number,
): { rowsPerSecond: number; msLeft: number } | undefined {
  const ms = now - new Date(since).getTime() - idle;
  if (done === 0 || ms <= 0) return undefined;
  return { rowsPerSecond: (rows * 1_000) / ms, msLeft: ((total - done) * ms) / done };
}

/**
 * Describes a backfill on one line: progress, running days, throughput.
 *
 * @param ended true if it no longer runs, so that there is no throughput
 */
export function progressLine(progress: BackfillProgress, now: number, ended = false): string {
  const { done, total, counts, running, paused, phase } = progress;
  const bad = counts.failed + counts.cancelled;
  const rate = ended ? undefined : pace(progress, now);
  const more = running.length > RUNNING_SHOWN ? ` and ${running.length - RUNNING_SHOWN} more` : '';
  return [
    `${numberText(done)} of ${plural(total, 'day')} done`,
    ...(phase === 'later' && !ended ? ['later days that look back'] : []),
    ...(bad > 0 ? [`${numberText(bad)} failed`] : []),
    ...(running.length > 0 ? [`running ${running.slice(0, RUNNING_SHOWN).join(', ')}${more}`] : []),
    ...(paused && !ended ? [running.length > 0 ? 'pausing' : 'paused'] : []),
    ...(rate && !paused ? [`${numberText(rate.rowsPerSecond)} rows/s`] : []),
    ...(rate && !paused && done < total ? [`about ${durationText(rate.msLeft)} left`] : []),
  ].join(' · ');
}

/** Summarizes a backfill: counts, and each failed day with its reason and the next command. */
export function resultText({ start, end, counts, rows, failed, notRun }: BackfillResult): string {
  const bad = counts.failed + counts.cancelled;
  const left = counts.unchanged + counts.skipped + counts.held;
  const more = bad - failed.length;
  const again = (...flags: string[]) => typed(command.backfill(start, end, '--reprocess', 'failed', ...flags));
  const rewritten = failed.filter(({ type }) => type === 'FolderRewritten').length;
  return [
    `${start} to ${end}: ` +
      [
        `${numberText(counts.published)} published (${plural(rows, 'row')})`,
        ...(left > 0 ? [`${numberText(left)} left unchanged`] : []),
        ...(counts.held > 0 ? [`${numberText(counts.held)} of them held`] : []),
        ...(bad > 0 ? [`${numberText(bad)} failed`] : []),
        ...(notRun > 0 ? [`${numberText(notRun)} not run`] : []),
      ].join(' · '),
    ...(failed.length > 0 ? ['', failedText(failed), ...(more > 0 ? [`and ${more} more`] : []), ''] : []),
    ...(bad > rewritten ? [`Once fixed, run: ${again()}`] : []),
    ...(rewritten > 0
      ? [
          `${plural(rewritten, 'day')} failed because folders lost objects and got new ones:`,
          `  if the new objects contain the old rows:  ${again('--replace-folder')}`,
          `  if the old rows must be kept as well:     ${again('--keep-vanished')}`,
        ]
      : []),
    ...(notRun > 0 ? [`To build the days that were not run: ${typed(command.backfill(start, end))}`] : []),
  ].join('\n');
}

const DAY_AND_STEP = 25;

/** The reason of a failed day without its beginning, which repeats the day and the step. */
export const ownReason = ({ day, step, reason }: FailedDay): string => {
  const text = worded(reason);
  const repeated = `Day ${day} failed at step ${step}: `;
  return text.startsWith(repeated) ? text.slice(repeated.length) : text;
};

export const failedText = (failed: BackfillResult['failed']): string =>
  plainTable(
    ['FAILED DAY', 'STEP', 'WHY'],
    failed.map((one) => [one.day, one.step, shorten(ownReason(one), Math.max(60, terminalWidth() - DAY_AND_STEP))]),
  );
