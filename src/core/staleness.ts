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
