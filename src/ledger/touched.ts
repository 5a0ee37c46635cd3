import type { Touched } from '../shared/build.js';
import { addDays } from '../shared/day.js';
import type { Ledger } from './ledger.js';
import type { PublishRecord } from './records.js';
import { staleAfter } from './staleness.js';

/**
 * Finds later published days that look back on what changed, or on such a day in turn: they are stale now. No model reads further
 * back than `lookback` days, so days beyond the last stale one plus that are not read.
 */
export async function touchedDays(
  { ledger }: { ledger: Ledger },
  day: string,
  lookback: number,
  changed: readonly { table: string; fingerprint: string }[],
): Promise<Touched | null> {
  const later: PublishRecord[] = [];
  let stale: string[] = [];
  if (lookback > 0)
    for (let [from, until] = [addDays(day, 1), addDays(day, lookback)]; from <= until;) {
      later.push(...(await ledger.currentPublishes(from, until)));
      stale = staleAfter(day, changed, later);
      from = addDays(until, 1);
      until = addDays(stale.at(-1) ?? day, Math.max(lookback, PAGE));
      if (stale.length === 0) break;
    }
  const [first, last] = [stale[0], stale.at(-1)];
  return first === undefined || last === undefined ? null : { first, last, days: stale.length };
}

/** Days that are asked for at a time, where many follow from each other, as for a running total. */
const PAGE = 366;
