import { createDatabase } from '../../src/clickhouse/tables.js';
import { final, isFinal } from '../../src/errors.js';
import { openIntentsOf } from '../../src/ledger/intents.js';
import type { PublishEvent, PublishRecord } from '../../src/ledger/records.js';
import { touchedDays } from '../../src/ledger/touched.js';
import type { Plan } from '../../src/plan/plan.js';
import { readPlan } from '../../src/plan/read.js';
import type { BuildRef, BuiltTable, Touched } from '../../src/shared/build.js';
import { command } from '../../src/shared/commands.js';
import { archiveDatabase, archiveTable } from '../../src/shared/names.js';
import { heldSince } from '../../src/shared/notes.js';
import { sentence } from '../../src/shared/sentence.js';
import { stageOf } from '../../src/stage/build.js';
import { createTwin, replacePartition } from '../../src/stage/statements.js';
import {
  assertNewest,
  assertStaged,
  columnNames,
  fence,
  measured,
  misfit,
  swapBack,
  swapForward,
  type Swap,
} from '../../src/stage/swaps.js';
import type { Dependencies } from '../../src/step/dependencies.js';
import type { Answer, Step } from '../../src/step/step.js';

export interface PublishInput {
  build: BuildRef;
  /** The changed tables, upstream first; `rows` and `hash` are what the stage must hold. */
  tables: Pick<BuiltTable, 'table' | 'rows' | 'hash' | 'fingerprint' | 'data' | 'inputs'>[];
}

export interface PublishResult {
  tables: { table: string; rows: number }[];
  /** From the first swap to the last. */
  burstMs: number;
  touched: Touched | null;
  ms: number;
}

/**
 * Step 7. Checks that all tables fit, archives the published day, writes the intent, fences off older builds, swaps all tables in one
 * burst, verifies each against the stage, and records the publish as done. Idempotent: if an intent of this generation exists, the
 * archives exist too, and only the swaps are repeated.
 */
export async function publish(deps: Dependencies, { build, tables }: PublishInput, step: Step): Answer<PublishResult> {
  const plan = await readPlan(deps, build);
  const stage = stageOf(plan);
  const swap: Swap = {
    day: plan.day,
    live: plan.database,
    stage,
    archive: archiveDatabase(plan.project),
    newest: plan.generation,
    scratch: stage,
  };
  await assertNewest(deps, swap);
  const answer = async (records: readonly PublishRecord[], burstMs: number) => {
    if (plan.overHold) await release(deps, plan.day);
    return {
      tables: records.map(({ table, rows }) => ({ table, rows })),
      burstMs,
      touched: plan.tables.some(({ lookback }) => lookback > 0) ? await touchedDays(deps, plan.day, tables) : null,
    };
  };

  const done = await doneOf(deps, plan);
  if (done.length === tables.length) return await answer(done, 0);

  const open = await openIntentsOf(deps, plan.day, plan.generation);
  if (open.length === 0) await intend(deps, plan, swap, tables, step);
  // Read back: if two attempts wrote an intent, the ledger says whose archives count.
  const intents = await openIntentsOf(deps, plan.day, plan.generation);
  if (intents.length < tables.length) {
    const meanwhile = await doneOf(deps, plan);
    if (meanwhile.length === tables.length) return await answer(meanwhile, 0);
    throw new Error(
      `the ledger has ${intents.length} intents for ${tables.length} tables of ${plan.day}; the publish is retried`,
    );
  }
  await assertNewest(deps, swap);
  await fence(deps, plan.project, swap, step);
  try {
    // The attempt that wrote the intent has measured the stage; ClickHouse may have crashed with its host since.
    if (open.length > 0) await assertStaged(deps, swap, intents, step);
    step.report('swapping');
    const burstMs = await swapForward(deps, swap, intents, step);
    return await answer(intents, burstMs);
  } catch (error) {
    if (isFinal(error) && (await openIntentsOf(deps, plan.day, plan.generation)).length > 0)
      await swapBack(deps, swap, intents, step);
    throw error;
  }
}

/** Returns the tables of this generation that another attempt has published; throws if that publish was rolled back. */
async function doneOf(deps: Dependencies, { day, generation }: Plan): Promise<PublishEvent[]> {
  const records = await deps.ledger.publishesOf(day, generation);
  if (records.some(({ last }) => last === 'rollback' || last === 'undone'))
    throw final(
      'TakenBack',
      sentence(
        `The publish of generation ${generation} of ${day} was rolled back after an error in an earlier attempt, which is in the history. `,
        'Readers have what they had before. Run the day again: ',
        command.run(day),
      ),
      { details: { step: 'publish' } },
    );
  return records.filter(({ last }) => last === 'done');
}

/** Checks that the stage fits and the day is not held, archives the published day, and writes the intent before anything is swapped. */
async function intend(
  deps: Dependencies,
  plan: Plan,
  swap: Swap,
  tables: PublishInput['tables'],
  step: Step,
): Promise<void> {
  await assertNotHeld(deps, plan);
  for (const { table } of tables) await assertFits(deps, swap, table);
  const built: (PublishInput['tables'][number] & { columns: string[] })[] = [];
  for (const one of tables) {
    const columns = await columnNames(deps, { database: swap.stage, table: one.table });
    built.push({ ...one, columns });
  }
  await assertStaged(deps, swap, built, step);
  await deps.clickhouse.run(createDatabase(swap.archive));
  const intents: PublishRecord[] = [];
  for (const [position, { table, rows, hash, columns, data, inputs }] of built.entries()) {
    const live = { database: swap.live, table };
    const existing = await measured(deps, live, plan.day, columns, step);
    intents.push({
      day: plan.day,
      table,
      generation: plan.generation,
      position,
      rows,
      hash,
      columns,
      code: plan.tables.find(({ name }) => name === table)?.code ?? '',
      data,
      inputs,
      chunks: await chunksOf(deps, plan, table),
      archive: existing.rows > 0 ? await archived(deps, plan, swap, live, step) : '',
      archived_rows: existing.rows,
      archived_hash: existing.hash,
    });
  }
  await deps.ledger.recordPublishes('intent', intents);
}

/** Copies the live day into a table named by attempt, so a zombie attempt cannot write into the archive of a newer one. */
async function archived(
  { clickhouse }: Dependencies,
  plan: Plan,
  swap: Swap,
  live: { database: string; table: string },
  step: Step,
): Promise<string> {
  const archive = archiveTable(live.table, plan.day, plan.generation, step.attempt);
  const what = step.statement(`archive ${live.table}`);
  for (const statement of createTwin(swap.archive, archive, live)) await clickhouse.run(statement, what);
  await clickhouse.run(replacePartition({ database: swap.archive, table: archive }, live, plan.day), what);
  return archive;
}

async function assertFits(deps: Dependencies, swap: Swap, table: string): Promise<void> {
  const differing = await misfit(deps, { database: swap.stage, table }, { database: swap.live, table });
  if (differing !== undefined)
    throw final(
      'NotApplied',
      sentence(
        `${swap.live}.${table} was altered while ${swap.day} was being built (${differing}). Nothing was published. `,
        'Build the day again: ',
        command.run(swap.day),
      ),
      { details: { step: 'publish', table } },
    );
}

/** Throws if the day was put on hold while it was being built. A forced run overrides the hold, and releases the day. */
async function assertNotHeld(deps: Dependencies, { day, overHold }: Plan): Promise<void> {
  const hold = overHold ? undefined : await deps.ledger.holdOf(day);
  if (hold) throw final('Held', sentence(heldSince(hold), ' Nothing was published.'), { details: { step: 'publish' } });
}

async function release(deps: Dependencies, day: string): Promise<void> {
  if (await deps.ledger.holdOf(day)) await deps.ledger.recordHold('released', day, 'built by a forced run');
}

/** Returns the chunks with rows of the day, from the ledger. */
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
