import type { Day } from '../shared/day.js';
import { tableDay } from '../shared/names.js';
import { publishedFingerprint } from './fingerprints.js';

/** A table's day as readers have it now, by the ledger. */
export interface PublishedDay {
  generation: number;
  code: string;
  data: string;
  rows: number;
}

/** Why a table's day must be built, or `fresh`. `code` alone is built only by a forced run or a backfill. */
export type Staleness = 'fresh' | 'missing' | 'data' | 'code';

/**
 * Compares what a table's day was made from with what it would be made from now. `data` is undefined if it is unknown until new chunks
 * are normalized, which counts as changed.
 */
export function stalenessOf(published: PublishedDay | undefined, code: string, data: string | undefined): Staleness {
  if (!published) return 'missing';
  if (published.data !== data) return 'data';
  return published.code === code ? 'fresh' : 'code';
}

/** A published day of a table, with the fingerprints of what it was made from by name; see `inputsRead`. */
export interface MadeDay {
  day: Day;
  table: string;
  inputs: Readonly<Record<string, string>>;
}

/** A table's day in the ledger, with what decides whether it is stale. */
export interface LedgerDay extends MadeDay {
  code: string;
  data: string;
  first_code: string;
  first_data: string;
}

/**
 * Finds days whose inputs have changed since, directly or because an input is stale itself; ascending. Uses only the ledger, so it does
 * not know what only a listing can show.
 *
 * @param records what is published; days from `since` on are checked, earlier ones are what they look back on
 * @param changed tables' days, as `table@day`, that are stale for another reason
 */
export function staleDays(records: readonly LedgerDay[], since: Day, changed: ReadonlySet<string> = new Set()): Day[] {
  const now = new Map(records.map((record) => [tableDay(record.table, record.day), publishedFingerprint(record)]));
  const judged = records.filter(({ day }) => day >= since);
  return spreadStale(judged, changed, (input, fingerprint) => (now.get(input) ?? '') !== fingerprint);
}

/**
 * Finds later days that are stale now that `tables` of `day` are published: those made from other fingerprints, and all that were made
 * from those in turn; ascending. A publish of the same rows makes nothing stale.
 *
 * @param later what is published of later days
 */
export function staleAfter(
  day: Day,
  tables: readonly { table: string; fingerprint: string }[],
  later: readonly MadeDay[],
): Day[] {
  const now = new Map(tables.map(({ table, fingerprint }) => [tableDay(table, day), fingerprint]));
  return spreadStale(later, new Set(), (input, fingerprint) => now.has(input) && now.get(input) !== fingerprint);
}

/** Finds days that were made from another state of one of `days` than readers have now, directly or through others; ascending. */
export function staleSince(days: ReadonlySet<Day>, records: readonly LedgerDay[]): Day[] {
  const now = new Map(records.map((record) => [tableDay(record.table, record.day), publishedFingerprint(record)]));
  const isOfThem = (input: string) => days.has(input.slice(input.lastIndexOf('@') + 1));
  return spreadStale(
    records,
    new Set(),
    (input, fingerprint) => isOfThem(input) && (now.get(input) ?? '') !== fingerprint,
  );
}

/** Finds days whose records are in `changed`, read something that has changed, or read such a record in turn; ascending. */
function spreadStale(
  records: readonly MadeDay[],
  changed: ReadonlySet<string>,
  hasChanged: (input: string, fingerprint: string) => boolean,
): Day[] {
  // Ascending, so that the recursion over a long chain of days stays shallow.
  const ascending = [...records].sort((a, b) => (a.day < b.day ? -1 : 1));
  const byName = new Map(ascending.map((record) => [tableDay(record.table, record.day), record]));
  const known = new Map<string, boolean>();
  const isStale = (name: string): boolean => {
    const record = byName.get(name);
    if (!record) return false;
    const found =
      known.get(name) ??
      (changed.has(name) ||
        Object.entries(record.inputs).some(([read, fingerprint]) => {
          const input = read.includes('@') ? read : tableDay(read, record.day);
          return hasChanged(input, fingerprint) || isStale(input);
        }));
    known.set(name, found);
    return found;
  };
  return [...new Set(ascending.filter((record) => isStale(tableDay(record.table, record.day))).map(({ day }) => day))];
}
