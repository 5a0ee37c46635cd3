import { catchUp } from '../../src/clickhouse/cluster/catch-up.js';
import { askTogether, derived, type Answers, type Question } from '../../src/clickhouse/question.js';
import type { Place } from '../../src/clickhouse/tables.js';
import { final, isFinal } from '../../src/errors.js';
import { assertNoneOpen, openIntentsOf } from '../../src/ledger/intents.js';
import { openOf } from '../../src/ledger/latest.js';
import { LEDGER } from '../../src/ledger/ledger.js';
import { ofGeneration, type Standing } from '../../src/ledger/questions.js';
import type { HoldRecord, PublishEvent, PublishRecord } from '../../src/ledger/records.js';
import { nextDays, touchedDays } from '../../src/ledger/touched.js';
import type { Plan } from '../../src/plan/plan.js';
import { readPlan } from '../../src/plan/stored.js';
import type { BuildRef, ChangedTable, SameTable, Touched } from '../../src/shared/build.js';
import { command } from '../../src/shared/commands.js';
import { archiveDatabase, archiveTable } from '../../src/shared/names.js';
import { heldSince } from '../../src/shared/notes.js';
import { sentence } from '../../src/shared/sentence.js';
import { stageOf, valueColumns } from '../../src/stage/build.js';
import { assertNoneReplaced, replacedFunctions } from '../../src/stage/functions.js';
import { replacePartition } from '../../src/stage/statements.js';
import type { Structure } from '../../src/stage/swap-statements.js';
import {
  assertNewest,
  assertStaged,
  fence,
  measures,
  structureMisfit,
  swapBack,
  stagesOf,
  structuresIn,
  swapForward,
  type Swap,
} from '../../src/stage/swaps.js';
import { createStaged } from '../../src/stage/twins.js';
import type { Dependencies } from '../../src/step/dependencies.js';
import type { Answer, Step } from '../../src/step/step.js';

export interface PublishInput {
  build: BuildRef;
  /** The changed tables, upstream first; `rows` and `hash` are what the stage must hold. */
  tables: ChangedTable[];
  same?: SameTable[];
}

export interface PublishResult {
  tables: { table: string; rows: number }[];
  /** From the first swap to the last. */
  burstMs: number;
  touched: Touched | null;
  ms: number;
}

/**
 * Checks that all tables fit, archives the published day, writes the intent, fences off older builds, swaps all tables in one
 * burst, verifies each against the stage, and records the publish as done. A table with the same rows as before is only recorded as
 * built. Idempotent: if an intent of this generation exists, the
 * archives exist too, and only the swaps are repeated.
 */
export async function publish(
  deps: Dependencies,
  { build, tables, same = [] }: PublishInput,
  step: Step,
): Answer<PublishResult> {
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
  const { questions } = deps.ledger;
  const events = questions.publishes(plan.day);
  const looks = {
    newest: questions.lastGeneration(plan.day, events),
    events,
    structures: structuresIn(swap, tables),
    stages: stagesOf(plan.project, plan.day),
  };
  const judged = async ({ newest, events: found }: Answers<typeof looks>) => {
    await assertNewest(deps, swap, newest);
    const open = openOf(found);
    assertNoneOpen(plan.day, open, plan.generation);
    return { open, done: doneRecords(plan, ofGeneration(found, plan.generation)) };
  };
  const lookback = longestLookbackIn(plan);
  const answer = async (records: readonly PublishRecord[], burstMs: number, next?: Standing) => {
    if (plan.overHold) await release(deps, plan.day);
    return {
      tables: records.map(({ table, rows }) => ({ table, rows })),
      burstMs,
      touched: await touchedDays(deps, plan.day, lookback, tables, next),
    };
  };

  const intending = {
    hold: questions.hold(plan.day),
    chunks: chunksUsed(deps, plan, [...tables, ...same]),
    replaced: replacedFunctions(plan),
  };
  const first = await deps.ledger.ask({ ...looks, ...intending });
  const before = await judged(first);
  if (before.open.length === 0 && before.done.length === 0) assertNoneReplaced(plan, first.replaced, 'publish');
  await recordSame(deps, plan, same, first);
  if (before.done.length === tables.length) return await answer(before.done, 0);
  if (before.open.length === 0) await intend(deps, plan, swap, tables, first, step);
  // Read back: if two attempts wrote an intent, the ledger says whose archives count.
  await catchUp(deps.clickhouse, [LEDGER]);
  const second = await deps.ledger.ask(looks);
  const { open: intents, done } = await judged(second);
  if (intents.length < tables.length) {
    if (done.length === tables.length) return await answer(done, 0);
    throw new Error(
      `the ledger has ${intents.length} intents for ${tables.length} tables of ${plan.day}; the publish is retried`,
    );
  }
  const fenced = await fence(deps, plan.project, swap, step, second.stages);
  try {
    // The attempt that wrote the intent has measured the stage; ClickHouse may have crashed with its host since.
    if (before.open.length > 0) await assertStaged(deps, swap, intents, step);
    step.report('swapping');
    // What was read above is current only if nothing has taken time since, as looking for stages on other nodes has.
    const known = fenced || before.open.length > 0 || deps.clickhouse.cluster ? undefined : second.structures;
    const also = lookback > 0 ? { also: questions.standing(...nextDays(plan.day, lookback)) } : {};
    const swapped = await swapForward(deps, swap, intents, step, { known, ...also });
    return await answer(intents, swapped.burstMs, swapped.also);
  } catch (error) {
    if (isFinal(error) && (await openIntentsOf(deps, plan.day, plan.generation)).length > 0)
      await swapBack(deps, swap, intents, step);
    throw error;
  }
}

const longestLookbackIn = ({ tables }: Plan) => Math.max(0, ...tables.map(({ lookback }) => lookback));

/** Returns the tables of this generation that another attempt has published; throws if that publish was rolled back. */
function doneRecords({ day, generation }: Plan, records: readonly PublishEvent[]): PublishEvent[] {
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

/** Records what gave the same rows as before. True whatever becomes of this build, so that any attempt may write it. */
async function recordSame(
  { ledger }: Dependencies,
  plan: Plan,
  same: readonly SameTable[],
  { hold, chunks }: Known,
): Promise<void> {
  if (same.length === 0) return;
  assertNotHeld(plan, hold);
  await ledger.recordReproduced(
    same.map(({ table, generation, data, inputs }) => ({
      ...{ day: plan.day, table, generation, build: plan.generation },
      ...{ code: tableCode(plan, table), data, inputs, chunks: chunks.get(table) ?? [] },
    })),
  );
}

const tableCode = (plan: Plan, table: string): string => plan.tables.find(({ name }) => name === table)?.code ?? '';

/** What is read before an intent is written. */
interface Known {
  structures: ReadonlyMap<string, Structure>;
  hold: HoldRecord | undefined;
  /** By source, the chunks with rows of the day. */
  chunks: ReadonlyMap<string, string[]>;
}

/** Checks that the stage fits and the day is not held, archives the published day, and writes the intent before anything is swapped. */
async function intend(
  deps: Dependencies,
  plan: Plan,
  swap: Swap,
  tables: PublishInput['tables'],
  { structures, hold, chunks }: Known,
  step: Step,
): Promise<void> {
  for (const { table } of tables) assertFits(swap, table, structures);
  const built = tables.map((one) => ({ ...one, columns: valueColumns(plan, one.table) }));
  assertNotHeld(plan, hold);
  const found = await askTogether(
    deps.clickhouse,
    {
      ...prefixed('stage', measures(swap.stage, plan.day, built)),
      ...prefixed('live', measures(swap.live, plan.day, built)),
    },
    step.statement('measure the stage and the live tables'),
  );
  const of = (where: 'stage' | 'live', table: string) => found[`${where} ${table}`] ?? { rows: 0, hash: '0' };
  await assertStaged(
    deps,
    swap,
    built,
    step,
    Object.fromEntries(built.map(({ table }) => [table, of('stage', table)])),
  );
  const intents: PublishRecord[] = [];
  for (const [position, { table, rows, hash, columns, data, inputs }] of built.entries()) {
    const live = { database: swap.live, table };
    const standing = of('live', table);
    intents.push({
      day: plan.day,
      table,
      generation: plan.generation,
      position,
      rows,
      hash,
      columns,
      code: tableCode(plan, table),
      data,
      inputs,
      chunks: chunks.get(table) ?? [],
      archive: standing.rows > 0 ? await archived(deps, plan, swap, live, step) : '',
      archived_rows: standing.rows,
      archived_hash: standing.hash,
    });
  }
  await deps.ledger.recordPublishes('intent', intents);
}

const prefixed = <Item>(prefix: string, items: Record<string, Item>): Record<string, Item> =>
  Object.fromEntries(Object.entries(items).map(([name, item]) => [`${prefix} ${name}`, item]));

/** Copies the live day into a table named by attempt, so a zombie attempt cannot write into the archive of a newer one. */
async function archived(
  { clickhouse }: Dependencies,
  plan: Plan,
  swap: Swap,
  live: Place,
  step: Step,
): Promise<string> {
  const archive = { database: swap.archive, table: archiveTable(live.table, plan.day, plan.generation, step.attempt) };
  const what = step.statement(`archive ${live.table}`);
  await createStaged(clickhouse, archive, live, 'keep', what, 'archive');
  await clickhouse.run(replacePartition(archive, live, plan.day), what);
  return archive.table;
}

function assertFits(swap: Swap, table: string, structures: ReadonlyMap<string, Structure>): void {
  const differing = structureMisfit(structures, { database: swap.stage, table }, { database: swap.live, table });
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
function assertNotHeld({ overHold, erases = false }: Plan, hold: HoldRecord | undefined): void {
  if (hold && !overHold && !erases)
    throw final('Held', sentence(heldSince(hold), ' Nothing was published.'), { details: { step: 'publish' } });
}

async function release(deps: Dependencies, day: string): Promise<void> {
  if (await deps.ledger.holdOf(day)) await deps.ledger.recordHold('released', day, 'built by a forced run');
}

/** Asks the ledger, for each source, which chunks have rows of the day. */
function chunksUsed(
  { ledger }: Dependencies,
  plan: Plan,
  tables: readonly { table: string }[],
): Question<ReadonlyMap<string, string[]>> {
  const sources = plan.sources.filter(({ name }) => tables.some(({ table }) => table === name));
  const windows = sources.flatMap(({ name, chunks }) => {
    const folders = chunks.map(({ folder }) => folder).sort();
    const [first, last] = [folders[0], folders.at(-1)];
    return first === undefined || last === undefined ? [] : [{ source: name, first, last }];
  });
  return derived(
    ledger.questions.rowsOfWindows(windows),
    (recorded) =>
      new Map(
        sources.map(({ name, normalizer, chunks }) => {
          const planned = new Set(chunks.map(({ id }) => id));
          const used = (recorded.get(name) ?? []).filter(
            ({ id, rowsByDay }) => planned.has(id) && (rowsByDay.get(normalizer)?.[plan.day] ?? 0) > 0,
          );
          return [name, used.map(({ id }) => id)];
        }),
      ),
  );
}
