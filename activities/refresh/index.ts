import type { Place } from '../../src/clickhouse/tables.js';
import { dataOfInputs, tableFingerprint } from '../../src/ledger/fingerprints.js';
import type { PublishRecord } from '../../src/ledger/ledger.js';
import type { Standing } from '../../src/ledger/questions.js';
import { limitsOf } from '../../src/plan/limits.js';
import type { Plan, PlannedTable } from '../../src/plan/plan.js';
import { readPlan } from '../../src/plan/read.js';
import type { BuildRef, BuiltTable } from '../../src/shared/build.js';
import { addDays } from '../../src/shared/day.js';
import { inputsRead } from '../../src/shared/lookback.js';
import { buildInStage, copyFromLive, stagedTable, stagedTables, stageOf } from '../../src/stage/build.js';
import { windowOf } from '../../src/stage/window.js';
import type { Dependencies } from '../../src/step/dependencies.js';
import type { Answer, Step } from '../../src/step/step.js';
import { refreshStatement } from './statements.js';

export interface RefreshInput {
  build: BuildRef;
  table: string;
  /** Fingerprints of the inputs as they stand in this build's stage, by name; the model's own earlier days it adds itself. */
  inputs: Record<string, string>;
}

export type RefreshResult = BuiltTable;

/**
 * Step 5, for one model. Its SELECT runs as the user wrote it with the stage as its database, so that every table's name means
 * the day that is being built and the earlier days that the model declares. A model whose inputs and SQL are as they were is copied from live.
 */
export async function refresh(
  deps: Dependencies,
  { build, table: name, inputs }: RefreshInput,
  step: Step,
): Answer<RefreshResult> {
  const plan = await readPlan(deps, build);
  const table = plan.tables.find((one) => one.name === name);
  if (!table) throw new RangeError(`the plan has no model ${name}`);
  const readsItself = table.inputs.includes(name);
  const back = Math.max(table.keep.days, readsItself ? table.lookback : 0);
  const before = back === 0 ? undefined : await standingBefore(deps, plan.day, back);
  const own = (before?.current ?? []).filter((record) => record.table === name);
  const read = { ...inputs, ...ownInputs(table, plan.day, own) };
  const data = dataOfInputs(read);
  const fingerprint = tableFingerprint(table.code, data);
  const published = plan.published.find((record) => record.table === name);
  const changed = plan.force || !published || tableFingerprint(published.code, published.data) !== fingerprint;
  const { rows, hash, earlier } = changed
    ? await fill(deps, plan, table, before, step)
    : await copyFromLive(deps, plan, published, step, { before });
  return { table: name, rows, hash, fingerprint, data, changed, earlier, inputs: read };
}

/** What is published of the days before one, so many of them. */
const standingBefore = async ({ ledger }: Dependencies, day: string, days: number): Promise<Standing> =>
  (await ledger.ask({ standing: ledger.questions.standing(addDays(day, -days), addDays(day, -1)) })).standing;

const fingerprintIn = (own: readonly PublishRecord[], day: string): string | undefined => {
  const record = own.find((one) => one.day === day);
  return record && tableFingerprint(record.code, record.data);
};

/** What a model that reads itself reads of itself: its earlier days. */
const ownInputs = (table: PlannedTable, day: string, own: readonly PublishRecord[]): Record<string, string> =>
  table.inputs.includes(table.name)
    ? inputsRead({ ...table, inputs: [table.name] }, day, (_, of) => fingerprintIn(own, of))
    : {};

async function fill(deps: Dependencies, plan: Plan, table: PlannedTable, before: Standing | undefined, step: Step) {
  const { name, lookback, columns, select, selected } = table;
  const refill = async (target: Place) => {
    // A default stands in only where the SELECT gives nothing.
    const given = columns.filter(
      ({ name: column, defaultKind }) =>
        defaultKind === '' || (defaultKind === 'DEFAULT' && selected.some((one) => one.name === column)),
    );
    const window = windowOf(stagedTables(plan), plan.day, lookback, stagedTable(plan, name));
    await deps.clickhouse.run(
      {
        ...refreshStatement(target, given, { select, selected }, plan.day, window),
        settings: limitsOf(plan),
      },
      step.statement(`refresh ${name} of ${plan.day}`, { database: stageOf(plan), zone: plan.zone }),
    );
  };
  return await buildInStage(deps, plan, name, step, refill, { before });
}
