import type { BackfillInput } from './messages.js';

/** Days under way at once where nobody says how many. */
export const CONCURRENCY = 4;
/** More children in flight make the server close workflow tasks by force. */
export const MOST_CONCURRENCY = 64;

export const REPROCESS = ['none', 'failed', 'all'] as const;

/** True for a number of days that may be under way at once. */
export const isConcurrency = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= MOST_CONCURRENCY;

/** What is wrong with an input that somebody typed, in words; undefined where nothing is. The days are for `outline` to judge. */
export function wrongInput(input: unknown): string | undefined {
  if (typeof input !== 'object' || input === null)
    return `The input of a backfill is ${input === undefined ? 'none' : JSON.stringify(input)}; expected one such as {"start":"2026-11-01","end":"2026-11-30"}.`;
  const { concurrency, reprocess } = input as BackfillInput;
  if (concurrency !== undefined && !isConcurrency(concurrency))
    return `concurrency is ${JSON.stringify(concurrency)}; expected a whole number from 1 to ${MOST_CONCURRENCY}.`;
  if (reprocess !== undefined && !REPROCESS.includes(reprocess))
    return `reprocess is ${JSON.stringify(reprocess)}; expected ${REPROCESS.join(', ')}.`;
  return undefined;
}
