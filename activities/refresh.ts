import { dataOfInputs, tableFingerprint } from '../src/core/fingerprints.js';
import type { RefreshInput, RefreshResult } from '../src/core/messages.js';
import { refreshStatement } from '../src/statements/refresh.js';
import { readPlan, type Dependencies } from './dependencies.js';
import { limitsOf } from './limits.js';
import { buildInStage, copyFromLive, stageOf } from './stage.js';
import type { Step } from './step.js';

/**
 * Step 5, for one model. Its SELECT runs as the user wrote it with the stage as its database, so that every table's name means
 * the day that is being built. A model whose inputs and SQL are as they were is copied from live.
 */
export async function refresh(
  deps: Dependencies,
  { build, table: name, inputs }: RefreshInput,
  step: Step,
): Promise<Omit<RefreshResult, 'ms'>> {
  const { config } = await deps.loadProject();
  const plan = await readPlan(deps, config.store.bucket, build);
  const table = plan.tables.find((one) => one.name === name);
  if (!table) throw new RangeError(`the plan has no model ${name}`);
  const data = dataOfInputs(inputs);
  const fingerprint = tableFingerprint(table.code, data);
  const published = (await deps.ledger.currentPublishes(plan.day, plan.day)).find((record) => record.table === name);
  if (published && !plan.force && tableFingerprint(published.code, published.data) === fingerprint) {
    const { rows } = await copyFromLive(deps, plan, published, step);
    return { table: name, rows, fingerprint, data, changed: false };
  }
  const { rows } = await buildInStage(deps, plan, name, step, async (target) => {
    const columns = table.columns.filter(({ defaultKind }) => defaultKind === '');
    const statement = refreshStatement(target, columns, table.select, plan.day);
    await deps.clickhouse.run(
      { ...statement, settings: limitsOf(plan) },
      step.statement(`refresh ${name} of ${plan.day}`, { database: stageOf(plan), zone: plan.zone }),
    );
  });
  return { table: name, rows, fingerprint, data, changed: true };
}
