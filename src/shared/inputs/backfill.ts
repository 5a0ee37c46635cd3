/** Days under way at once where nobody says how many. */
export const CONCURRENCY = 4;
/** More children in flight make the server close workflow tasks by force. */
export const MOST_CONCURRENCY = 64;

export const REPROCESS = ['none', 'failed', 'all'] as const;

/** True for a number of days that may be under way at once. */
export const isConcurrency = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= MOST_CONCURRENCY;
