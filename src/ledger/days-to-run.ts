import { daysBetween } from '../shared/day.js';
import type { OutlineInput } from '../shared/messages.js';
import type { Ledger } from './ledger.js';

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
