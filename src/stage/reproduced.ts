import { ask, askTogether } from '../clickhouse/question.js';
import { fingerprintOf, tableFingerprint } from '../ledger/fingerprints.js';
import { plannedColumns, type PastPublish, type Plan, type PublishedTable } from '../plan/plan.js';
import type { BuiltTable } from '../shared/build.js';
import type { Dependencies } from '../step/dependencies.js';
import type { Step } from '../step/step.js';
import { computedColumns, stageOf, valueColumns } from './build.js';
import { closeRows } from './close.js';
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

/** A table's day as it was built, and what it was made of. */
interface BuiltDay extends Measure {
  table: string;
  data: string;
  inputs: Record<string, string>;
  chunks: string[];
}

/** What others will know a built table's day by. */
type Known = Pick<BuiltTable, 'changed' | 'fingerprint' | 'data' | 'reproduces'>;

/**
 * Finds out whether a table that was built has the rows that were published and that readers still have. Then it is not published
 * again, and what depends on it does not change.
 */
export async function comparedWithPublished(
  deps: Pick<Dependencies, 'clickhouse' | 'ledger'>,
  plan: Plan,
  published: PublishedTable | undefined,
  built: BuiltDay,
  step: Step,
): Promise<Known> {
  const { table, rows, hash, data } = built;
  const columns = valueColumns(plan, table);
  const measureLive = async () => {
    const live = measureDay({ database: plan.database, table }, plan.day, columns);
    return await ask(deps.clickhouse, live, step.statement(`measure the live ${table}`));
  };
  // A hash over other columns says nothing.
  if (published?.rows === rows && published.hash === hash && published.columns.join() === columns.join()) {
    const found = await measureLive();
    if (found.rows === rows && found.hash === hash && (await sameComputed(deps, plan, table, step)))
      return { changed: false, fingerprint: knownAs(published), data, reproduces: published.generation };
  }
  return { changed: true, ...(await publishedAs(deps, plan, published, built, measureLive, step)) };
}

/**
 * Returns the fingerprint, and its half for the data, under which changed rows are published. Code and data do not cover everything: a
 * dictionary or the order in which floats are added may give other rows. As what depends on a day knows its rows by the fingerprint
 * alone, rows that differ from those of an earlier publish get one of their own, unless they differ only in the last digits of floats.
 * The ledger records what they were made of, so that the day itself counts as up to date.
 */
async function publishedAs(
  deps: Pick<Dependencies, 'clickhouse' | 'ledger'>,
  plan: Plan,
  published: PublishedTable | undefined,
  built: BuiltDay,
  measureLive: () => Promise<Measure>,
  step: Step,
): Promise<Pick<Known, 'fingerprint' | 'data'>> {
  const { table, rows, hash, data, inputs, chunks } = built;
  const code = plan.tables.find(({ name }) => name === table)?.code ?? '';
  const fingerprint = tableFingerprint(code, data);
  const history = pastOf(plan).filter((one) => one.table === table);
  const computed = computedColumns(plan, table);
  const names = (one: PastPublish) => one.fingerprint === fingerprint;
  // Readers have other rows than those of that publish now, or other computed columns, which no hash covers.
  const differs = (one: PastPublish) =>
    one.generation === published?.generation || one.rows !== rows || one.hash !== hash || computed.length > 0;
  if (!history.some((one) => names(one) && differs(one))) return { fingerprint, data };

  const first = history.find(({ generation }) => generation === published?.generation)?.data;
  const keeps =
    published?.data === data &&
    first !== undefined &&
    tableFingerprint(code, first) === knownAs(published) &&
    published.rows === rows &&
    (await isClose(deps, plan, published, measureLive, step));
  const own = keeps ? first : fingerprintOf({ data, build: plan.generation });
  if (own !== data)
    await deps.ledger.recordReproduced([
      { day: plan.day, table, generation: plan.generation, build: plan.generation, code, data, inputs, chunks },
    ]);
  return { fingerprint: tableFingerprint(code, own), data: own };
}

/** The publishes of the day so far; only those that readers have where the plan has no history. */
const pastOf = (plan: Plan): readonly PastPublish[] =>
  plan.history ?? plan.published.map((one) => ({ ...one, fingerprint: knownAs(one) }));

/** Returns whether the stage has the rows that were published, and that readers still have, but for the last digits of floats. */
async function isClose(
  deps: Pick<Dependencies, 'clickhouse'>,
  plan: Plan,
  published: PublishedTable,
  measureLive: () => Promise<Measure>,
  step: Step,
): Promise<boolean> {
  const { table, rows, hash } = published;
  const compared = [...valueColumns(plan, table), ...computedColumns(plan, table)];
  const columns = plannedColumns(plan, table).filter(({ name }) => compared.includes(name));
  const places = { live: { database: plan.database, table }, staged: { database: stageOf(plan), table } };
  if ((await closeRows(deps, plan, places, columns, step)) !== rows) return false;
  const live = await measureLive();
  return live.rows === rows && live.hash === hash;
}
