import { addDays } from '../src/core/day.js';
import { staleAfter } from '../src/core/lookback.js';
import type { Plan, PublishInput, PublishResult } from '../src/core/messages.js';
import { archiveDatabase, archiveTable, stagePrefix } from '../src/core/names.js';
import { final, isFinal } from '../src/errors.js';
import type { PublishRecord } from '../src/io/ledger.js';
import {
  createDatabase,
  createTwin,
  databasesLike,
  dropDatabase,
  dropTable,
  measure,
  measureDay,
  replacePartition,
} from '../src/statements/stage.js';
import { readPlan, type Dependencies } from './dependencies.js';
import { stageOf } from './stage.js';
import type { Step } from './step.js';
import { measured, swapBack, swapForward, type Swap } from './swaps.js';

/** The last one that the engine's Date holds. */
const LAST_DAY = '2149-06-06';

/**
 * Step 7. Archives what stands, writes the intent, fences older builds off, swaps all tables in one burst, verifies each against
 * the stage, and writes that it is done. Any attempt may be the second: an intent of this generation means that the archives are
 * made, and only the swaps are repeated.
 */
export async function publish(
  deps: Dependencies,
  { build, tables }: PublishInput,
  step: Step,
): Promise<Omit<PublishResult, 'ms'>> {
  const { config } = await deps.loadProject();
  const plan = await readPlan(deps, config.store.bucket, build);
  const swap: Swap = {
    day: plan.day,
    live: plan.database,
    stage: stageOf(plan),
    archive: archiveDatabase(plan.project),
  };
  await assertNewest(deps, plan);

  const done = (await deps.ledger.currentPublishes(plan.day, plan.day)).filter(
    ({ generation }) => generation === plan.generation,
  );
  if (done.length === tables.length)
    return {
      tables: done.map(({ table, rows }) => ({ table, rows })),
      burstMs: 0,
      touched: await touchedDays(deps, plan, tables),
    };

  const open = (await deps.ledger.openIntents(plan.day)).filter(({ generation }) => generation === plan.generation);
  const intents = open.length > 0 ? open : await intend(deps, plan, swap, tables, step);
  await fence(deps, plan, step);
  try {
    step.tell('swapping');
    const burstMs = await swapForward(deps, swap, intents, step);
    return {
      tables: intents.map(({ table, rows }) => ({ table, rows })),
      burstMs,
      touched: await touchedDays(deps, plan, tables),
    };
  } catch (error) {
    if (isFinal(error)) await swapBack(deps, swap, intents, step);
    throw error;
  }
}

/** Measures the stage and the live day, archives the latter, and writes both down before anything moves. */
async function intend(
  deps: Dependencies,
  plan: Plan,
  swap: Swap,
  tables: PublishInput['tables'],
  step: Step,
): Promise<PublishRecord[]> {
  const { clickhouse } = deps;
  const intents: PublishRecord[] = [];
  await clickhouse.run(createDatabase(swap.archive));
  for (const [position, { table, data, inputs }] of tables.entries()) {
    const live = { database: swap.live, table };
    const archive = archiveTable(table, plan.day, plan.generation);
    const staged = await measured(deps, measure({ database: swap.stage, table }, plan.day), step, `measure ${table}`);
    const standing = await measured(deps, measureDay(live, plan.day), step, `measure ${table}`);
    await clickhouse.run(dropTable(swap.archive, archive));
    if (standing.rows > 0) {
      for (const statement of createTwin(swap.archive, archive, live))
        await clickhouse.run(statement, step.statement(`archive ${table}`));
      await clickhouse.run(
        replacePartition({ database: swap.archive, table: archive }, live, plan.day, true),
        step.statement(`archive ${table}`),
      );
    }
    intents.push({
      day: plan.day,
      table,
      generation: plan.generation,
      position,
      rows: staged.rows,
      hash: staged.hash,
      code: plan.tables.find(({ name }) => name === table)?.code ?? '',
      data,
      inputs,
      chunks: await chunksOf(deps, plan, table),
      archive: standing.rows > 0 ? archive : '',
      archived_rows: standing.rows,
      archived_hash: standing.hash,
    });
  }
  await deps.ledger.recordPublishes('intent', intents);
  return intents;
}

/** Chunks with rows of the day, as the ledger recorded them when they were normalized. */
async function chunksOf(deps: Dependencies, plan: Plan, table: string): Promise<string[]> {
  const source = plan.sources.find(({ name }) => name === table);
  if (!source) return [];
  const planned = new Set(source.chunks.map(({ id }) => id));
  const folders = source.chunks.map(({ folder }) => folder).sort();
  const recorded = await deps.ledger.chunksOf(table, folders[0] ?? plan.day, folders.at(-1) ?? plan.day);
  return recorded
    .filter(({ id, rowsByDay }) => planned.has(id) && (rowsByDay.get(source.normalizer)?.[plan.day] ?? 0) > 0)
    .map(({ id }) => id);
}

/** An older build must never publish over a newer one. */
async function assertNewest(deps: Dependencies, plan: Plan): Promise<void> {
  const newest = await deps.ledger.lastGeneration(plan.day);
  if (newest > plan.generation)
    throw final(
      'Superseded',
      `Generation ${plan.generation} of ${plan.day} is older than ${newest}, which was planned meanwhile. This build publishes nothing.`,
      {
        details: { step: 'publish' },
      },
    );
}

/** Older stages go before the first swap, so that a swap of a forgotten attempt finds no source and changes nothing. */
async function fence(deps: Dependencies, plan: Plan, step: Step): Promise<void> {
  const prefix = stagePrefix(plan.project, plan.day);
  for (const { name } of await deps.clickhouse.rows<{ name: string }>(databasesLike(prefix)))
    if (Number(name.slice(prefix.length)) < plan.generation)
      await deps.clickhouse.run(dropDatabase(name), step.statement(`drop older stage ${name}`));
}

/** Later published days that look back on what was published, or on such a day in turn: the ledger will find them stale. */
async function touchedDays(deps: Dependencies, plan: Plan, published: PublishInput['tables']): Promise<string[]> {
  const names = published.map(({ table }) => table);
  if (!plan.tables.some(({ name, keep }) => keep.days > 0 && names.includes(name))) return [];
  const later = await deps.ledger.currentPublishes(addDays(plan.day, 1), LAST_DAY);
  return staleAfter(plan.day, published, later);
}
