import { publishedFingerprint } from '../../src/ledger/fingerprints.js';
import { oldestOfTables, undoneBy } from '../../src/ledger/rollback.js';
import { touchedDays } from '../../src/ledger/touched.js';
import { modelsLookback } from '../../src/project/project.js';
import type { BuildRef, Touched } from '../../src/shared/build.js';
import { archiveDatabase, stageDatabase } from '../../src/shared/names.js';
import { fence, swapBack, type Swap } from '../../src/stage/swaps.js';
import type { Dependencies } from '../../src/step/dependencies.js';
import type { Answer, Step } from '../../src/step/step.js';

export interface RollbackInput {
  build: BuildRef;
  /** The newest publish that is undone; 0 where there is none. */
  undoes: number;
  /** The generation that readers are to have, 0 for none. */
  target?: number;
  /** Why, for those who meet the held day. */
  reason: string;
}

export interface RollbackResult {
  /** What readers have now; `generation` 0 if the table was never published before. */
  tables: { table: string; rows: number; generation: number }[];
  touched: Touched | null;
  ms: number;
}

/**
 * Gives readers an earlier publish of a day: what the publishes after it had archived is put in its place again, table by table
 * in one burst, verified, and recorded, with an intent before the first swap as for any publish. The day is held before anything
 * moves, so that no run builds again what was just rolled back. Any attempt may be the second.
 */
export async function rollback(
  deps: Dependencies,
  { build, undoes, target = undoes - 1, reason }: RollbackInput,
  step: Step,
): Answer<RollbackResult> {
  const project = await deps.loadProject();
  const { config } = project;
  const { ledger } = deps;
  const { day, generation } = build;
  const history = await ledger.publishHistory(day);
  const left = undoneBy(history, target).filter((record) => record.generation <= undoes);
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
  const concerned = oldestOfTables(history.filter((one) => undoes === 0 || one.generation > target));
  const answered = concerned.map(({ table }) => table).filter((table) => undoes > 0 || now.has(table));
  const tables = answered.map((table) => {
    const record = now.get(table);
    const fingerprint = record ? publishedFingerprint(record) : '';
    return { table, rows: record?.rows ?? 0, generation: record?.generation ?? 0, fingerprint };
  });
  return {
    tables: tables.map(({ table, rows, generation: of }) => ({ table, rows, generation: of })),
    touched: await touchedDays(deps, day, modelsLookback(project), tables),
  };
}
