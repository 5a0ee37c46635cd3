import { readPlan } from '../../src/plan/stored.js';
import type { ComparedTable, BuildRef } from '../../src/shared/build.js';
import { stageOf } from '../../src/stage/build.js';
import { columnNames, measured } from '../../src/stage/swaps.js';
import type { Dependencies } from '../../src/step/dependencies.js';
import type { Answer, Step } from '../../src/step/step.js';

export interface CompareInput {
  build: BuildRef;
}

export interface CompareResult {
  tables: ComparedTable[];
  ms: number;
}

/** Compares each table of a rebuilt day with what readers have, instead of publishing it. Changes nothing. */
export async function compare(deps: Dependencies, { build }: CompareInput, step: Step): Answer<CompareResult> {
  const plan = await readPlan(deps, build);
  const published = await deps.ledger.currentPublishes(plan.day, plan.day);
  const tables: ComparedTable[] = [];
  for (const { name: table, code } of plan.tables) {
    const live = { database: plan.database, table };
    const columns = await columnNames(deps, live);
    const existing = await measured(deps, live, plan.day, columns, step);
    const rebuilt = await measured(deps, { database: stageOf(plan), table }, plan.day, columns, step);
    const record = published.find((one) => one.table === table);
    tables.push({
      table,
      equal: existing.rows === rebuilt.rows && existing.hash === rebuilt.hash,
      liveRows: existing.rows,
      rebuiltRows: rebuilt.rows,
      edited: record !== undefined && record.code !== code,
    });
    step.report(`compared ${table}`);
  }
  return { tables };
}
