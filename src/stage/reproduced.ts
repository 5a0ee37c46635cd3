import { ask, askTogether } from '../clickhouse/question.js';
import { tableFingerprint } from '../ledger/fingerprints.js';
import type { Plan, PublishedTable } from '../plan/plan.js';
import type { BuiltTable } from '../shared/build.js';
import type { Dependencies } from '../step/dependencies.js';
import type { Step } from '../step/step.js';
import { computedColumns, stageOf, valueColumns } from './build.js';
import { measureDay, type Measure } from './statements.js';

/** Returns the fingerprint by which others know a published table's day. */
export const knownAs = ({ fingerprint, code, data }: PublishedTable): string =>
  fingerprint ?? tableFingerprint(code, data);

/**
 * Returns whether MATERIALIZED columns, which no recorded hash covers, have the same values in the stage and in the live table: readers
 * have those of the expression with which a day was published.
 */
async function sameComputed(
  { clickhouse }: Pick<Dependencies, 'clickhouse'>,
  plan: Plan,
  table: string,
  step: Step,
): Promise<boolean> {
  const computed = computedColumns(plan, table);
  if (computed.length === 0) return true;
  const columns = [...valueColumns(plan, table), ...computed];
  const measure = (database: string) => measureDay({ database, table }, plan.day, columns);
  const measures = { staged: measure(stageOf(plan)), live: measure(plan.database) };
  const found = await askTogether(clickhouse, measures, step.statement(`compare computed columns of ${table}`));
  return found.staged.hash === found.live.hash;
}

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
  if (!(await sameComputed({ clickhouse }, plan, table, step))) return changed;
  return { changed: false, fingerprint: knownAs(published), reproduces: published.generation };
}
