import type { Place } from '../../src/clickhouse/tables.js';
import { dataOfInputs, tableFingerprint } from '../../src/ledger/fingerprints.js';
import type { BriefPublish, Published } from '../../src/ledger/questions.js';
import { withinLimits } from '../../src/plan/limits.js';
import type { Plan, PlannedTable } from '../../src/plan/plan.js';
import { readPlan } from '../../src/plan/stored.js';
import { placedIn } from '../../src/project/sql/failed-at.js';
import type { BuildRef, BuiltTable } from '../../src/shared/build.js';
import { addDays } from '../../src/shared/day.js';
import { inputsRead } from '../../src/shared/lookback.js';
import { buildInStage, copyFromLive, stagedTable, stagedTables, stageOf } from '../../src/stage/build.js';
import { comparedWithPublished, knownAs } from '../../src/stage/reproduced.js';
import { windowOf } from '../../src/stage/window.js';
import type { Dependencies } from '../../src/step/dependencies.js';
import type { Answer, Step } from '../../src/step/step.js';
import { refreshStatement } from './statements.js';

export interface RefreshInput {
  build: BuildRef;
  table: string;
  /** Fingerprints of the inputs in this build's stage, by name, without the model's own earlier days. */
  inputs: Record<string, string>;
}

/**
 * Refreshes one model. Runs its SELECT as the user wrote it, with the stage as the database: every table name then means the day
 * being built and the earlier days that the model declares. A model whose inputs and SQL are unchanged is copied from live.
 */
export async function refresh(
  deps: Dependencies,
  { build, table: name, inputs }: RefreshInput,
  step: Step,
): Answer<BuiltTable> {
  const plan = await readPlan(deps, build);
  const table = plan.tables.find((one) => one.name === name);
  if (!table) throw new RangeError(`the plan has no model ${name}`);
  const readsItself = table.inputs.includes(name);
  const back = Math.max(table.keep.days, readsItself ? table.lookback : 0);
  const before = back === 0 ? undefined : await publishedBefore(deps, plan.day, back);
  const own = (before?.current ?? []).filter((record) => record.table === name);
  const read = { ...inputs, ...ownInputs(table, plan.day, own) };
  const data = dataOfInputs(read);
  const fingerprint = tableFingerprint(table.code, data);
  const published = plan.published.find((record) => record.table === name);
  if (!plan.force && published && tableFingerprint(published.code, published.data) === fingerprint) {
    const copied = await copyFromLive(deps, plan, published, step, { before });
    return { table: name, ...copied, fingerprint: knownAs(published), data, changed: false, inputs: read };
  }
  const { rows, hash, earlier } = await fillModel(deps, plan, table, before, step);
  const built = { table: name, rows, hash, data, inputs: read };
  const compared = await comparedWithPublished(deps, plan, published, { ...built, chunks: [] }, step);
  return { ...built, ...compared, earlier };
}

/** What is published of the days before one, so many of them. */
const publishedBefore = async ({ ledger }: Dependencies, day: string, days: number): Promise<Published> =>
  (await ledger.ask({ published: ledger.questions.published(addDays(day, -days), addDays(day, -1)) })).published;

const fingerprintIn = (own: readonly BriefPublish[], day: string): string | undefined => {
  const record = own.find((one) => one.day === day);
  return record && tableFingerprint(record.code, record.data);
};

/** Returns the model's own earlier days, if it reads itself. */
const ownInputs = (table: PlannedTable, day: string, own: readonly BriefPublish[]): Record<string, string> =>
  table.inputs.includes(table.name)
    ? inputsRead({ ...table, inputs: [table.name] }, day, (_, of) => fingerprintIn(own, of))
    : {};

async function fillModel(
  deps: Dependencies,
  plan: Plan,
  table: PlannedTable,
  before: Published | undefined,
  step: Step,
) {
  const { name, lookback, columns, select, line, selected } = table;
  const refill = async (target: Place, settings: Record<string, number>) => {
    // A column with a default gets it only if the SELECT does not return the column.
    const given = columns.filter(
      ({ name: column, defaultKind }) =>
        defaultKind === '' || (defaultKind === 'DEFAULT' && selected.some((one) => one.name === column)),
    );
    const window = windowOf(stagedTables(plan), plan.day, lookback, stagedTable(plan, name));
    const statement = refreshStatement(target, given, { select, selected }, plan.day, window);
    await placedIn(
      { path: `sql/aggregates/${name}.sql`, line, select },
      deps.clickhouse.run(
        { ...statement, settings },
        step.statement(`refresh ${name} of ${plan.day}`, { database: stageOf(plan), zone: plan.zone }),
      ),
    );
  };
  const what = `refresh ${name} of ${plan.day}`;
  return await withinLimits(
    plan,
    step,
    { what, way: 'or let the model read or keep less at once', details: { step: 'refresh', table: name } },
    ({ settings }) => buildInStage(deps, plan, name, step, (target) => refill(target, settings), { before }),
  );
}
