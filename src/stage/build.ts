import { oneRow } from '../clickhouse/client.js';
import { createDatabase, dropTable, type Place } from '../clickhouse/tables.js';
import { final, passing } from '../errors.js';
import { tableFingerprint } from '../ledger/fingerprints.js';
import type { PublishRecord } from '../ledger/records.js';
import type { Plan } from '../plan/plan.js';
import { command } from '../shared/commands.js';
import { addDays, EVER } from '../shared/day.js';
import { earlierDays } from '../shared/lookback.js';
import { attemptTable, stageDatabase } from '../shared/names.js';
import { sentence } from '../shared/sentence.js';
import type { Dependencies } from '../step/dependencies.js';
import type { Step } from '../step/step.js';
import { countRows, createTwin, measureBuilt, replacePartition } from './statements.js';
import { columnNames, type Measure } from './swaps.js';

export const stageOf = ({ project, day, generation }: Plan): string => stageDatabase(project, day, generation);

/** Returns the full names of the build's tables; a short name could also be an alias in a SELECT. */
export const stagedTables = (plan: Plan): string[] => plan.tables.map(({ name }) => stagedTable(plan, name));
export const stagedTable = (plan: Plan, name: string): string => `${stageOf(plan)}.${name}`;

/** A table's day in the stage. */
export interface Staged extends Measure {
  /** Fingerprints of its earlier days in the stage, by day. */
  earlier: Record<string, string>;
}

/** How a day is built in the stage. */
export interface BuildOptions {
  /** Leave out the earlier days that its readers need. */
  alone?: boolean;
  /** The columns that the hash covers; by default all stored columns. */
  columns?: readonly string[];
  /** Throws if what was built must not become the table's day. */
  accept?: (built: Measure) => void;
}

/**
 * Builds one table's day in the stage: in a table named by attempt, filled by `fill`, measured, and only then moved to the table's own
 * name, beside the earlier days that its readers need. An attempt that dies leaves a table that no one reads; a zombie attempt may still
 * move its own rows, so a publish compares the stage with what was measured here.
 */
export async function buildInStage(
  deps: Dependencies,
  plan: Plan,
  table: string,
  step: Step,
  fill: (target: { database: string; table: string }, earlier: Record<string, string>) => Promise<void>,
  { alone = false, columns, accept = () => undefined }: BuildOptions = {},
): Promise<Staged> {
  const stage = stageOf(plan);
  const attempt = attemptTable(table, step.attempt);
  await deps.clickhouse.run(createDatabase(stage));
  await deps.clickhouse.run(dropTable(stage, attempt));
  for (const name of [attempt, table])
    for (const statement of createTwin(stage, name, { database: plan.database, table }))
      await deps.clickhouse.run(statement, step.statement(`stage ${table}`));
  const earlier = alone ? {} : await copyEarlier(deps, plan, table, step);
  await fill({ database: stage, table: attempt }, earlier);
  const place = { database: stage, table: attempt };
  const statement = measureBuilt(place, plan.day, columns ?? (await columnNames(deps, place)));
  const found = await oneRow<{ rows: string; strays: string; hash: string }>(
    deps.clickhouse,
    statement,
    step.statement(`count ${table}`),
  );
  const [rows, strays] = [Number(found.rows), Number(found.strays)];
  if (strays > 0)
    throw final(
      'ContractBroken',
      `${table}: the build of ${plan.day} made ${strays} rows of other days. A model must return only rows of {day:Date}.`,
      {
        details: { table },
      },
    );
  const built = { rows, hash: found.hash };
  accept(built);
  await deps.clickhouse.run(
    replacePartition({ database: stage, table }, place, plan.day),
    step.statement(`move ${table}`),
  );
  await deps.clickhouse.run(dropTable(stage, attempt));
  return { ...built, earlier };
}

/** Counts the rows of a table's day. */
async function counted(deps: Dependencies, place: Place, day: string, step: Step, what: string): Promise<number> {
  const { rows } = await oneRow<{ rows: string }>(deps.clickhouse, countRows(place, day), step.statement(what));
  return Number(rows);
}

/** Copies a table's unchanged day into the stage by hard links. Throws if the live rows are not the published ones. */
export async function copyFromLive(
  deps: Dependencies,
  plan: Plan,
  record: PublishRecord,
  step: Step,
  options: { alone?: boolean } = {},
): Promise<Staged> {
  const { table } = record;
  const live = { database: plan.database, table };
  const accept = ({ rows, hash }: Measure) => {
    if (rows !== record.rows || hash !== record.hash)
      throw final(
        'AccountsDiffer',
        sentence(
          `${plan.database}.${table} holds ${rows} rows of ${plan.day}, but ${record.rows} were published: something else wrote to it. `,
          'Publish the day again: ',
          command.run(plan.day, '--force'),
        ),
        { details: { table } },
      );
  };
  const copy = async (target: { database: string; table: string }) => {
    await deps.clickhouse.run(replacePartition(target, live, plan.day), step.statement(`copy ${table}`));
  };
  return await buildInStage(deps, plan, table, step, copy, { ...options, columns: record.columns, accept });
}

/**
 * Copies the earlier days that readers of a table look back on into the stage, by hard links. Checks them against the ledger: rows are
 * counted, and if one of the days is published meanwhile, the copy is retried. A day that should exist and does not fails the build,
 * unless its readers allow holes.
 *
 * @returns the fingerprint of each copied day.
 */
export async function copyEarlier(
  deps: Dependencies,
  plan: Plan,
  table: string,
  step: Step,
): Promise<Record<string, string>> {
  const keep = plan.tables.find(({ name }) => name === table)?.keep ?? { days: 0, strict: 0 };
  if (keep.days === 0) return {};
  const first = addDays(plan.day, -keep.days);
  const before = await publishedDays(deps, plan, table, first);
  await assertNoHoles(deps, plan, table, before);
  const place = { database: stageOf(plan), table };
  const live = { database: plan.database, table };
  const differing: (PublishRecord & { found: number })[] = [];
  for (const record of before.values()) {
    await deps.clickhouse.run(
      replacePartition(place, live, record.day),
      step.statement(`copy ${table} of ${record.day}`),
    );
    const rows = await counted(deps, place, record.day, step, `count ${table} of ${record.day}`);
    if (rows !== record.rows) differing.push({ ...record, found: rows });
  }
  const after = await publishedDays(deps, plan, table, first);
  for (const [day, { generation }] of after)
    if (before.get(day)?.generation !== generation)
      throw new Error(`${table} of ${day} was published while it was copied; the copy is retried`);
  // None of the days was published meanwhile, so a retry would find the same.
  const [wrong] = differing;
  if (wrong)
    throw final(
      'AccountsDiffer',
      sentence(
        `${plan.database}.${table} holds ${wrong.found} rows of ${wrong.day}, on which ${plan.day} looks back, but ${wrong.rows} were published: `,
        'something else wrote to it. Publish that day again: ',
        command.run(wrong.day, '--force'),
      ),
      { details: { table } },
    );
  return Object.fromEntries([...before].map(([day, { code, data }]) => [day, tableFingerprint(code, data)]));
}

/** Returns the table's published days from `first` to the day before the plan's. Throws if one has an unfinished publish. */
async function publishedDays(
  deps: Dependencies,
  plan: Plan,
  table: string,
  first: string,
): Promise<Map<string, PublishRecord>> {
  const last = addDays(plan.day, -1);
  const open = (await deps.ledger.openIntents(first, last)).find((intent) => intent.table === table);
  if (open)
    throw passing(
      sentence(
        `the publish of ${open.day} is unfinished, and ${plan.day} looks back on it. If no run is in progress: `,
        command.run(open.day),
      ),
    );
  const records = await deps.ledger.currentPublishes(first, last);
  return new Map(records.filter((record) => record.table === table).map((record) => [record.day, record]));
}

async function assertNoHoles(
  deps: Dependencies,
  plan: Plan,
  table: string,
  published: ReadonlyMap<string, PublishRecord>,
): Promise<void> {
  const strict = plan.tables.find(({ name }) => name === table)?.keep.strict ?? 0;
  const absent = earlierDays(plan.day, strict).filter((day) => !published.has(day));
  if (absent.length === 0) return;
  const start = plan.start ?? (await firstPublished(deps, plan, table));
  const missing = absent.filter((day) => day >= start);
  if (missing.length > 0)
    throw final(
      'LookbackMissing',
      sentence(
        `${plan.day} looks back on ${table} of ${missing.join(', ')}, which is not published. `,
        "Build the earlier day first (or put '-- holes: allow' in the model that looks back): ",
        command.run(missing[0] ?? ''),
      ),
      { details: { table, missing } },
    );
}

/** Returns a table's first published day, which is its start if the config has no `start`. */
async function firstPublished(deps: Dependencies, plan: Plan, table: string): Promise<string> {
  const records = await deps.ledger.currentPublishes(EVER[0], addDays(plan.day, -1));
  return records.find((record) => record.table === table)?.day ?? plan.day;
}
