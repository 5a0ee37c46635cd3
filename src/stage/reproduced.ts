import { ask } from '../clickhouse/question.js';
import { tableFingerprint } from '../ledger/fingerprints.js';
import type { Plan, PublishedTable } from '../plan/plan.js';
import type { BuiltTable } from '../shared/build.js';
import type { Dependencies } from '../step/dependencies.js';
import type { Step } from '../step/step.js';
import { valueColumns } from './build.js';
import { measureDay, type Measure } from './statements.js';

/** Returns the fingerprint by which others know a published table's day. */
export const knownAs = ({ fingerprint, code, data }: PublishedTable): string =>
  fingerprint ?? tableFingerprint(code, data);

/**
 * Finds out whether a table that was built has the rows that were published and that readers still have. Then it is not published
 * again, and what depends on it does not change.
 *
 * @param fingerprint of what was built
 */
export async function comparedWithPublished(
  { clickhouse }: Dependencies,
  plan: Plan,
  published: PublishedTable | undefined,
  { table, rows, hash, fingerprint }: Measure & { table: string; fingerprint: string },
  step: Step,
): Promise<Pick<BuiltTable, 'changed' | 'fingerprint' | 'reproduces'>> {
  const changed = { changed: true, fingerprint };
  const columns = valueColumns(plan, table);
  // A hash over other columns says nothing.
  if (published?.rows !== rows || published.hash !== hash || published.columns.join() !== columns.join())
    return changed;
  const live = measureDay({ database: plan.database, table }, plan.day, columns);
  const found = await ask(clickhouse, live, step.statement(`measure the live ${table}`));
  if (found.rows !== rows || found.hash !== hash) return changed;
  return { changed: false, fingerprint: knownAs(published), reproduces: published.generation };
}
