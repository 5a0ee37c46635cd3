import { addDays, EVER } from '../src/core/day.js';
import { staleAfter } from '../src/core/lookback.js';
import type { Touched } from '../src/core/messages.js';
import type { Dependencies } from './dependencies.js';

/** Later published days that look back on what changed, or on such a day in turn: the ledger will find them stale. */
export async function touchedDays(
  deps: Dependencies,
  day: string,
  changed: readonly { table: string; fingerprint: string }[],
): Promise<Touched | null> {
  const { aggregates } = await deps.loadProject();
  if (aggregates.every(({ header }) => header.lookback === 0)) return null;
  const stale = staleAfter(day, changed, await deps.ledger.currentPublishes(addDays(day, 1), EVER[1]));
  const [first, last] = [stale[0], stale.at(-1)];
  return first === undefined || last === undefined ? null : { first, last, days: stale.length };
}
