import { daysBetween } from '../shared/day.js';
import type { Ledger } from './ledger.js';
import type { BuildRecord } from './records.js';

export interface DaysOf {
  /** Both inclusive. */
  start: string;
  end: string;
  /** `failed`: days whose last build failed, was cancelled or was cut off. `published`: days that readers have. */
  which: 'all' | 'failed' | 'published';
}

/** Last events of the builds that `reprocess failed` repeats; a build that is only planned was interrupted, or is running. */
const FAILED: ReadonlySet<string> = new Set(['failed', 'cancelled', 'planned']);

/** True where the last build of a day ended well, or there is none: a run with nothing to do then records nothing. */
export const isSettled = (last: Pick<BuildRecord, 'event'> | undefined): boolean =>
  last === undefined || !FAILED.has(last.event);

/** Selects the days of a range that a backfill runs, ascending. */
export async function daysToRun({ ledger }: { ledger: Ledger }, { start, end, which }: DaysOf): Promise<string[]> {
  if (which === 'all') return daysBetween(start, end);
  if (which === 'published') return [...new Set((await ledger.currentPublishes(start, end)).map(({ day }) => day))];
  return (await ledger.latestBuilds(start, end)).filter(({ event }) => FAILED.has(event)).map(({ day }) => day);
}
