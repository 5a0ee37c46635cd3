/** Default number of days that run at once. */
export const CONCURRENCY = 4;
/** With more children in flight, the server force-closes workflow tasks. */
export const MOST_CONCURRENCY = 64;

export const REPROCESS = ['none', 'failed', 'all'] as const;

/** True for a valid number of days that run at once. */
export const isConcurrency = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= MOST_CONCURRENCY;
