import { dropTable } from '../../src/clickhouse/tables.js';
import { erasureOf, forgetErasure } from '../../src/erase/erasure.js';
import { findArchives } from '../../src/erase/find.js';
import { findLeft, type LeftDay } from '../../src/erase/left.js';
import { openLedgerReport } from '../../src/ledger/report/index.js';
import { staleSince } from '../../src/ledger/staleness.js';
import { EVER } from '../../src/shared/day.js';
import { archiveDatabase } from '../../src/shared/names.js';
import type { Dependencies } from '../../src/step/dependencies.js';
import { oldestWorker } from '../../src/step/oldest-worker.js';
import type { Answer, Step } from '../../src/step/step.js';
import type { ErasureInput } from './index.js';

export interface EndErasureInput extends ErasureInput {
  days: string[];
  /** Rows that were removed from the live table. */
  rows: number;
  /** See {@link EraseChunksResult}. */
  since?: string | undefined;
}

export interface EndErasureResult {
  archives: number;
  /**
   * Days that hold such rows now, or may: they are to be erased before this is called again. The erasure has ended if there are none.
   * Absent in results of earlier versions.
   */
  left?: LeftDay[];
  /** Published days that were made from the rows, and not again since; ascending. Absent in results of earlier versions. */
  stale?: string[];
  ms: number;
}

/** The first build whose workflows erase the days that are left; see `WORKER_BUILD`. */
const ERASES_LEFT = 4;

/**
 * Drops the archives that hold rows of an erasure, or that models were given from them, and looks for days that hold rows again. If there
 * are none, records what was done, not whom it was about, and forgets the condition. Idempotent.
 */
export async function endErasure(
  deps: Dependencies,
  { id, days, rows, since = '' }: EndErasureInput,
  step: Step,
): Answer<EndErasureResult> {
  const erasure = await erasureOf(deps, id);
  const stale = await staleFrom(deps, days);
  if (!erasure) return { archives: 0, left: [], stale };
  const { table } = erasure;
  const schema = await deps.readSchema(await deps.loadProject());
  const archives = await findArchives(deps, schema, erasure, days, step);
  // After them: an intent is written once its archive exists.
  const needed = new Set((await deps.ledger.openIntents(...EVER)).map(({ archive }) => archive));
  const dropped = archives.filter((name) => !needed.has(name));
  // Before the days: a rollback to such an archive is refused from now on, and an earlier one is seen in its day.
  for (const name of dropped)
    await deps.clickhouse.run(
      dropTable(archiveDatabase(deps.ledger.project), name),
      step.statement(`drop archive ${name}`),
    );
  const kept = archives.filter((name) => needed.has(name));
  const left = await findLeft(deps, { erasure, schema, archives: kept, since }, step);
  if (left.length > 0) {
    if ((await oldestWorker(deps, deps.ledger.project)) < ERASES_LEFT)
      throw new Error(
        `${left.length} days hold rows of the erasure again, first ${left[0]?.day ?? ''}; they are erased once Temporal lists the project's workers, and none of an earlier version`,
      );
    // An erasure that is continued begins with them.
    const more = left.map(({ day }) => day);
    const sum = left.reduce((all, one) => all + one.rows, rows);
    await deps.ledger.recordErasure({ id, table, event: 'begun', days: more, rows: sum });
    return { archives: dropped.length, left };
  }
  await deps.ledger.recordErasure({ id, table, event: 'done', days, rows });
  await forgetErasure(deps, id);
  return { archives: dropped.length, left, stale };
}

/** Finds published days that were made from earlier states of the days, themselves or later ones. */
async function staleFrom({ clickhouse, ledger }: Dependencies, days: readonly string[]): Promise<string[]> {
  const [first] = [...days].sort();
  if (first === undefined) return [];
  const records = await openLedgerReport(clickhouse, ledger.project).publishedInputs(first, EVER[1]);
  return staleSince(new Set(days), records);
}
