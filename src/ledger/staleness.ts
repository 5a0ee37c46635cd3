import type { Day } from '../shared/day.js';
import { tableFingerprint } from './fingerprints.js';

/** What the ledger holds of a table's day as readers have it now. */
export interface PublishedDay {
  generation: number;
  code: string;
  data: string;
  rows: number;
}

/** Why a table's day must be built, or `fresh`. `code` alone waits for a forced run or a backfill. */
export type Staleness = 'fresh' | 'missing' | 'data' | 'code';

/**
 * Compares what a table's day was made from with what it would be made from now. `data` is undefined where it cannot be known
 * before new chunks are normalized, which counts as changed.
 */
export function stalenessOf(published: PublishedDay | undefined, code: string, data: string | undefined): Staleness {
  if (!published) return 'missing';
  if (published.data !== data) return 'data';
  return published.code === code ? 'fresh' : 'code';
}

/** A published day of a table, with what it was made from by name; see `inputsRead`. */
export interface MadeDay {
  day: Day;
  table: string;
  inputs: Readonly<Record<string, string>>;
}

/** A table's day in the ledger, as far as its staleness goes. */
export interface LedgerDay extends MadeDay {
  code: string;
  data: string;
}

const nameOf = ({ table, day }: Pick<MadeDay, 'table' | 'day'>) => `${table}@${day}`;

/**
 * Days that were made from what is not there any more, ascending: directly, or because what they read is stale itself. It takes
 * the ledger alone; what only a listing can tell, it does not know.
 *
 * @param records what is published; days from `since` on are judged, the days before are what they look back on
 * @param changed tables of days, as `table@day`, that are known to be stale for another reason
 */
export function staleDays(records: readonly LedgerDay[], since: Day, changed: ReadonlySet<string> = new Set()): Day[] {
  const now = new Map(records.map((record) => [nameOf(record), tableFingerprint(record.code, record.data)]));
  const judged = records.filter(({ day }) => day >= since);
  return spread(judged, changed, (input, fingerprint) => (now.get(input) ?? '') !== fingerprint);
}

/**
 * Later days that are stale now that `tables` of `day` are published, ascending: those that were made from other fingerprints, and
 * all that were made from those in turn. A publish of the very same rows makes nothing stale.
 *
 * @param later what is published of later days
 */
export function staleAfter(
  day: Day,
  tables: readonly { table: string; fingerprint: string }[],
  later: readonly MadeDay[],
): Day[] {
  const now = new Map(tables.map(({ table, fingerprint }) => [nameOf({ table, day }), fingerprint]));
  return spread(later, new Set(), (input, fingerprint) => now.has(input) && now.get(input) !== fingerprint);
}

/** Days of the records that are in `changed`, that read what has changed, or that read such a record in turn; ascending. */
function spread(
  records: readonly MadeDay[],
  changed: ReadonlySet<string>,
  hasChanged: (input: string, fingerprint: string) => boolean,
): Day[] {
  // Ascending, so that a long chain of days is known before it is asked for.
  const ascending = [...records].sort((a, b) => (a.day < b.day ? -1 : 1));
  const byName = new Map(ascending.map((record) => [nameOf(record), record]));
  const known = new Map<string, boolean>();
  const isStale = (name: string): boolean => {
    const record = byName.get(name);
    if (!record) return false;
    const found =
      known.get(name) ??
      (changed.has(name) ||
        Object.entries(record.inputs).some(([read, fingerprint]) => {
          const input = read.includes('@') ? read : nameOf({ table: read, day: record.day });
          return hasChanged(input, fingerprint) || isStale(input);
        }));
    known.set(name, found);
    return found;
  };
  return [...new Set(ascending.filter((record) => isStale(nameOf(record))).map(({ day }) => day))];
}
