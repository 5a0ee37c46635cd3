import type { Touched } from '../shared/build.js';
import { addDays } from '../shared/day.js';
import type { Ledger } from './ledger.js';
import type { Standing } from './questions.js';
import type { PublishRecord } from './records.js';
import { staleAfter } from './staleness.js';

/**
 * Finds later published days that look back on what changed, or on such a day in turn: they are stale now. No model reads further
 * back than `lookback` days, so days beyond the last stale one plus that are not read.
 *
 * @param next what is published of the {@link nextDays}, if it was just read
 */
export async function touchedDays(
  { ledger }: { ledger: Ledger },
  day: string,
  lookback: number,
  changed: readonly { table: string; fingerprint: string }[],
  next?: Standing,
): Promise<Touched | null> {
  if (lookback === 0) return null;
  let [from, until] = nextDays(day, lookback);
  const later: PublishRecord[] = [...(next?.current ?? (await ledger.currentPublishes(from, until)))];
  let stale = staleAfter(day, changed, later);
  while (stale.length > 0) {
    from = addDays(until, 1);
    until = addDays(stale.at(-1) ?? day, Math.max(lookback, PAGE));
    if (from > until) break;
    later.push(...(await ledger.currentPublishes(from, until)));
    stale = staleAfter(day, changed, later);
  }
  const [first, last] = [stale[0], stale.at(-1)];
  return first === undefined || last === undefined ? null : { first, last, days: stale.length };
}

/** Returns the first and the last of the days that read a day themselves. */
export const nextDays = (day: string, lookback: number): [first: string, last: string] => [
  addDays(day, 1),
  addDays(day, lookback),
];

/** Days that are asked for at a time, where many follow from each other, as for a running total. */
const PAGE = 366;
