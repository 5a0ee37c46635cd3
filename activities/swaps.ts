import { final } from '../src/errors.js';
import type { PublishRecord } from '../src/io/ledger.js';
import { dropPartition, measureDay, replacePartition } from '../src/statements/stage.js';
import type { Dependencies } from './dependencies.js';
import type { Step } from './step.js';

/** Databases between which a day's partitions move. */
export interface Swap {
  day: string;
  live: string;
  stage: string;
  archive: string;
}

/** What a day of a table holds: count, and order-free hash in decimal digits. */
export interface Measure {
  rows: number;
  hash: string;
  /** Rows of any other day. */
  strays: number;
}

export async function measured(
  deps: Dependencies,
  statement: ReturnType<typeof measureDay>,
  step: Step,
  what: string,
): Promise<Measure> {
  const [row] = await deps.clickhouse.rows<{ rows: string; hash: string; strays: string }>(
    statement,
    step.statement(what),
  );
  return { rows: Number(row?.rows ?? 0), hash: row?.hash ?? '0', strays: Number(row?.strays ?? 0) };
}

/**
 * Swaps the stage's partitions into the live tables, one a statement in one burst, upstream first; then compares each live day
 * with what was measured in the stage, and writes the done record. Repeating all of it is safe, and heals a swap that a kill of
 * the engine left half done (old and new rows together).
 *
 * @returns milliseconds from the first swap to the last.
 */
export async function swapForward(
  deps: Dependencies,
  swap: Swap,
  intents: readonly PublishRecord[],
  step: Step,
): Promise<number> {
  const started = performance.now();
  for (const { table, rows } of intents) {
    const live = { database: swap.live, table };
    const statement =
      rows === 0
        ? dropPartition(live, swap.day)
        : replacePartition(live, { database: swap.stage, table }, swap.day, false);
    await deps.clickhouse.run(statement, step.statement(`publish ${table}`));
  }
  const burst = Math.round(performance.now() - started);
  for (const { table, rows, hash } of intents) await verify(deps, swap, table, { rows, hash }, step);
  await deps.ledger.recordPublishes('done', intents);
  return burst;
}

/** Puts the archived days back where they stood, verifies them and writes that the publish was undone. Safe to repeat. */
export async function swapBack(
  deps: Dependencies,
  swap: Swap,
  intents: readonly PublishRecord[],
  step: Step,
): Promise<void> {
  for (const { table, archive, archived_rows: rows, archived_hash: hash } of intents) {
    const live = { database: swap.live, table };
    const statement =
      rows === 0
        ? dropPartition(live, swap.day)
        : replacePartition(live, { database: swap.archive, table: archive }, swap.day, false);
    await deps.clickhouse.run(statement, step.statement(`take back ${table}`));
    await verify(deps, swap, table, { rows, hash }, step);
  }
  await deps.ledger.recordPublishes('undone', intents);
}

async function verify(
  deps: Dependencies,
  swap: Swap,
  table: string,
  expected: { rows: number; hash: string },
  step: Step,
): Promise<void> {
  const found = await measured(deps, measureDay({ database: swap.live, table }, swap.day), step, `verify ${table}`);
  if (found.rows !== expected.rows || found.hash !== expected.hash)
    throw final(
      'AccountsDiffer',
      `${table} of ${swap.day}: after the swap there are ${found.rows} rows with hash ${found.hash}, expected ${expected.rows} with ${expected.hash}. ` +
        `Something else writes into ${swap.live}.${table}. Run the day again: it is recovered first.`,
      { details: { step: 'publish', table } },
    );
}
