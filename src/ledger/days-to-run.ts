import { daysBetween } from '../shared/day.js';
import type { Ledger } from './ledger.js';

export interface OutlineInput {
  /** Both inclusive. */
  start: string;
  end: string;
  /** `failed`: days whose last build failed, was cancelled or was cut off. `published`: days that readers have. */
  which: 'all' | 'failed' | 'published';
}

/** How a build ended that `reprocess failed` repeats; one that is only planned was cut off, or is under way and awaited. */
const FAILED: ReadonlySet<string> = new Set(['failed', 'cancelled', 'planned']);

/** The days of a range that are asked for, ascending. */
export async function daysToRun(
  { ledger }: { ledger: Ledger },
  { start, end, which }: OutlineInput,
): Promise<string[]> {
  if (which === 'all') return daysBetween(start, end);
  if (which === 'published') return [...new Set((await ledger.currentPublishes(start, end)).map(({ day }) => day))];
  return (await ledger.latestBuilds(start, end)).filter(({ event }) => FAILED.has(event)).map(({ day }) => day);
}
