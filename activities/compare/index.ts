import { unlessMissing } from '../../src/clickhouse/errors.js';
import { ask } from '../../src/clickhouse/question.js';
import { readPlan } from '../../src/plan/stored.js';
import type { ComparedTable, BuildRef } from '../../src/shared/build.js';
import { computedColumns, stageOf } from '../../src/stage/build.js';
import { closeRows } from '../../src/stage/close.js';
import { columnNames, measured } from '../../src/stage/swaps.js';
import type { Dependencies } from '../../src/step/dependencies.js';
import type { Answer, Step } from '../../src/step/step.js';
import { wasErased } from './statements.js';

export interface CompareInput {
  build: BuildRef;
}

export interface CompareResult {
  tables: ComparedTable[];
  /** True if rows of the day were erased: a rebuild brings back those that its raw objects still hold. */
  erased?: true;
  ms: number;
}

/**
 * Compares each table of a rebuilt day with what readers have, instead of publishing it. Floats may differ in their last digits. Changes
 * nothing.
 */
export async function compare(deps: Dependencies, { build }: CompareInput, step: Step): Answer<CompareResult> {
  const plan = await readPlan(deps, build);
  const published = await deps.ledger.currentPublishes(plan.day, plan.day);
  const tables: ComparedTable[] = [];
  for (const { name: table, code, columns: types } of plan.tables) {
    const live = { database: plan.database, table };
    const columns = [...(await columnNames(deps, live)), ...computedColumns(plan, table)];
    const existing = await measured(deps, live, plan.day, columns, step);
    const staged = { database: stageOf(plan), table };
    const rebuilt = await measured(deps, staged, plan.day, columns, step);
    const record = published.find((one) => one.table === table);
    const same = existing.rows === rebuilt.rows && existing.hash === rebuilt.hash;
    const compared = types.filter(({ name }) => columns.includes(name));
    const close =
      !same &&
      existing.rows === rebuilt.rows &&
      (await closeRows(deps, plan, { live, staged }, compared, step)) === existing.rows;
    tables.push({
      table,
      equal: same || close,
      ...(close ? { close } : {}),
      liveRows: existing.rows,
      rebuiltRows: rebuilt.rows,
      edited: record !== undefined && record.code !== code,
    });
    step.report(`compared ${table}`);
  }
  const erased = await unlessMissing(ask(deps.clickhouse, wasErased(deps.ledger.project, plan.day)), false);
  return { tables, ...(erased ? { erased } : {}) };
}
