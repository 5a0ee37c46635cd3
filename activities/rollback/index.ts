import { tableFingerprint } from '../../src/ledger/fingerprints.js';
import { touchedDays } from '../../src/ledger/touched.js';
import type { BuildRef, Touched } from '../../src/shared/build.js';
import { archiveDatabase, stageDatabase } from '../../src/shared/names.js';
import { fence, swapBack, type Swap } from '../../src/stage/swaps.js';
import type { Dependencies } from '../../src/step/dependencies.js';
import type { Answer, Step } from '../../src/step/step.js';

export interface RollbackInput {
  build: BuildRef;
  undoes: number;
  /** Why, for people who find the day held. */
  reason: string;
}

export interface RollbackResult {
  /** What readers have now; `generation` 0 if the table was never published before. */
  tables: { table: string; rows: number; generation: number }[];
  touched: Touched | null;
  ms: number;
}

/**
 * Rolls back one publish: restores what readers had before it, table by table in one burst, verifies it and records it, with an
 * intent before the first swap as for any publish. The day is held before anything is swapped, so that no nightly run rebuilds what
 * was just rolled back. Idempotent.
 */
export async function rollback(
  deps: Dependencies,
  { build, undoes, reason }: RollbackInput,
  step: Step,
): Answer<RollbackResult> {
  const { config, aggregates } = await deps.loadProject();
  const { ledger } = deps;
  const { day, generation } = build;
  const records = await ledger.publishesOf(day, undoes);
  const left = records.filter(({ last }) => last === 'done' || last === 'rollback');
  if (left.length > 0) {
    const scratch = stageDatabase(config.project, day, generation);
    const swap: Swap = {
      day,
      live: config.database,
      stage: scratch,
      archive: archiveDatabase(config.project),
      newest: generation,
      scratch,
    };
    await fence(deps, config.project, swap, step);
    step.report('swapping');
    await swapBack(deps, swap, left, step, async () => {
      await ledger.recordHold('held', day, reason);
      await ledger.recordPublishes(
        'rollback',
        left.filter(({ last }) => last === 'done'),
      );
    });
  }
  const now = new Map((await ledger.currentPublishes(day, day)).map((record) => [record.table, record]));
  const tables = records.map(({ table }) => {
    const record = now.get(table);
    const fingerprint = record ? tableFingerprint(record.code, record.data) : '';
    return { table, rows: record?.rows ?? 0, generation: record?.generation ?? 0, fingerprint };
  });
  return {
    tables: tables.map(({ table, rows, generation: of }) => ({ table, rows, generation: of })),
    touched: aggregates.some(({ header }) => header.lookback > 0) ? await touchedDays(deps, day, tables) : null,
  };
}
