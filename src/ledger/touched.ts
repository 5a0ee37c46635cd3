import type { Touched } from '../shared/build.js';
import { addDays, EVER } from '../shared/day.js';
import type { Ledger } from './ledger.js';
import { staleAfter } from './staleness.js';

/** Finds later published days that look back on what changed, or on such a day in turn: they are stale now. */
export async function touchedDays(
  { ledger }: { ledger: Ledger },
  day: string,
  changed: readonly { table: string; fingerprint: string }[],
): Promise<Touched | null> {
  const stale = staleAfter(day, changed, await ledger.currentPublishes(addDays(day, 1), EVER[1]));
  const [first, last] = [stale[0], stale.at(-1)];
  return first === undefined || last === undefined ? null : { first, last, days: stale.length };
}
