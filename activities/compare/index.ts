import { readPlan } from '../../src/plan/read.js';
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

/** Instead of a publish: what a rebuild made of each table of the day, beside what readers have. Changes nothing. */
export async function compare(deps: Dependencies, { build }: CompareInput, step: Step): Answer<CompareResult> {
  const plan = await readPlan(deps, build);
  const published = await deps.ledger.currentPublishes(plan.day, plan.day);
  const tables: ComparedTable[] = [];
  for (const { name: table, code } of plan.tables) {
    const live = { database: plan.database, table };
    const columns = await columnNames(deps, live);
    const standing = await measured(deps, live, plan.day, columns, step);
    const rebuilt = await measured(deps, { database: stageOf(plan), table }, plan.day, columns, step);
    const record = published.find((one) => one.table === table);
    tables.push({
      table,
      equal: standing.rows === rebuilt.rows && standing.hash === rebuilt.hash,
      liveRows: standing.rows,
      rebuiltRows: rebuilt.rows,
      edited: record !== undefined && record.code !== code,
    });
    step.tell(`compared ${table}`);
  }
  return { tables };
}
