import type { Plan } from '../src/core/messages.js';
import { attemptTable, stageDatabase } from '../src/core/names.js';
import { final } from '../src/errors.js';
import type { PublishRecord } from '../src/io/ledger.js';
import {
  createDatabase,
  createTwin,
  dropTable,
  exchangeTables,
  measure,
  measureDay,
  replacePartition,
} from '../src/statements/stage.js';
import type { Dependencies } from './dependencies.js';
import type { Step } from './step.js';
import { measured, type Measure } from './swaps.js';

export const stageOf = ({ project, day, generation }: Plan): string => stageDatabase(project, day, generation);

/**
 * Builds one table's day in the stage: under an attempt's name, filled by `fill`, measured, and only then exchanged into the
 * table's own name. An attempt that dies leaves a table that nobody reads.
 */
export async function buildInStage(
  deps: Dependencies,
  plan: Plan,
  table: string,
  step: Step,
  fill: (target: { database: string; table: string }) => Promise<void>,
): Promise<Measure> {
  const stage = stageOf(plan);
  const attempt = attemptTable(table, step.attempt);
  await deps.clickhouse.run(createDatabase(stage));
  await deps.clickhouse.run(dropTable(stage, attempt));
  for (const name of [attempt, table])
    for (const statement of createTwin(stage, name, { database: plan.database, table }))
      await deps.clickhouse.run(statement, step.statement(`stage ${table}`));
  await fill({ database: stage, table: attempt });
  const found = await measured(deps, measure({ database: stage, table: attempt }, plan.day), step, `measure ${table}`);
  if (found.strays > 0)
    throw final(
      'ContractBroken',
      `${table}: the build of ${plan.day} made ${found.strays} rows of other days. A model gives rows of {day:Date} only.`,
      {
        details: { table },
      },
    );
  await deps.clickhouse.run(exchangeTables(stage, attempt, table), step.statement(`stage ${table}`));
  await deps.clickhouse.run(dropTable(stage, attempt));
  return found;
}

/** Brings a table's unchanged day into the stage by hard links, after its live rows are proven to be the published ones. */
export async function copyFromLive(
  deps: Dependencies,
  plan: Plan,
  record: PublishRecord,
  step: Step,
): Promise<Measure> {
  const { table } = record;
  const live = { database: plan.database, table };
  const found = await measured(deps, measureDay(live, plan.day), step, `count ${table}`);
  if (found.rows !== record.rows || found.hash !== record.hash)
    throw final(
      'AccountsDiffer',
      `${plan.database}.${table} holds ${found.rows} rows of ${plan.day}, but ${record.rows} were published: something else wrote into it. ` +
        `Republish the day: npx daybook run --day ${plan.day} --force`,
      { details: { table } },
    );
  return await buildInStage(deps, plan, table, step, async (target) => {
    await deps.clickhouse.run(replacePartition(target, live, plan.day, true), step.statement(`copy ${table}`));
  });
}
