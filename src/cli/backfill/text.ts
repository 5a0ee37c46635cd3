import { command } from '../../shared/commands.js';
import { duration, number, plural } from '../../shared/format.js';
import type { BackfillProgress, BackfillResult } from '../../shared/workflows.js';
import { typed, worded } from '../common/output.js';
import { cut, plainTable, terminalWidth } from '../common/text.js';

/** Days named as running, before the rest is counted. */
const RUNNING_SHOWN = 3;

/** Rows a second and the time left, from what is done since it began; pauses do not count. Undefined before the first day. */
export function pace(
  { done, total, rows, since, idle }: BackfillProgress,
  now: number,
): { rowsPerSecond: number; msLeft: number } | undefined {
  const ms = now - new Date(since).getTime() - idle;
  if (done === 0 || ms <= 0) return undefined;
  return { rowsPerSecond: (rows * 1_000) / ms, msLeft: ((total - done) * ms) / done };
}

/** A backfill on one line: how far it is, what runs, how fast. */
export function progressLine(progress: BackfillProgress, now: number): string {
  const { done, total, counts, running, paused, phase } = progress;
  const bad = counts.failed + counts.cancelled;
  const rate = pace(progress, now);
  const more = running.length > RUNNING_SHOWN ? ` and ${running.length - RUNNING_SHOWN} more` : '';
  return [
    `${number(done)} of ${plural(total, 'day')} done`,
    ...(phase === 'later' ? ['later days that look back'] : []),
    ...(bad > 0 ? [`${number(bad)} failed`] : []),
    ...(running.length > 0 ? [`running ${running.slice(0, RUNNING_SHOWN).join(', ')}${more}`] : []),
    ...(paused ? [running.length > 0 ? 'pausing' : 'paused'] : []),
    ...(rate && !paused ? [`${number(rate.rowsPerSecond)} rows/s`] : []),
    ...(rate && !paused && done < total ? [`about ${duration(rate.msLeft)} left`] : []),
  ].join(' · ');
}

/** What a backfill came to: counts, and each failed day with its reason and what to type. */
export function resultText({ start, end, counts, rows, failed, notRun }: BackfillResult): string {
  const bad = counts.failed + counts.cancelled;
  const left = counts.unchanged + counts.skipped + counts.held;
  const more = bad - failed.length;
  const again = (...flags: string[]) => typed(command.backfill(start, end, '--reprocess', 'failed', ...flags));
  const rewritten = failed.filter(({ type }) => type === 'FolderRewritten').length;
  return [
    `${start} to ${end}: ` +
      [
        `${number(counts.published)} published (${plural(rows, 'row')})`,
        ...(left > 0 ? [`${number(left)} left as they are`] : []),
        ...(counts.held > 0 ? [`${number(counts.held)} of them held`] : []),
        ...(bad > 0 ? [`${number(bad)} failed`] : []),
        ...(notRun > 0 ? [`${number(notRun)} not run`] : []),
      ].join(' · '),
    ...(failed.length > 0 ? ['', failedText(failed), ...(more > 0 ? [`and ${more} more`] : []), ''] : []),
    ...(bad > rewritten ? [`When it is mended: ${again()}`] : []),
    ...(rewritten > 0
      ? [
          `${plural(rewritten, 'day')} failed because objects are gone from folders to which new ones came:`,
          `  where the new objects hold the old rows:           ${again('--replace-folder')}`,
          `  where the old rows must stay beside the new ones:  ${again('--keep-vanished')}`,
        ]
      : []),
    ...(notRun > 0 ? [`The days that were not run: ${typed(command.backfill(start, end))}`] : []),
  ].join('\n');
}

const DAY_AND_STEP = 25;

export const failedText = (failed: BackfillResult['failed']): string =>
  plainTable(
    ['FAILED DAY', 'STEP', 'WHY'],
    failed.map(({ day, step, reason }) => [
      day,
      step,
      cut(worded(reason), Math.max(60, terminalWidth() - DAY_AND_STEP)),
    ]),
  );
