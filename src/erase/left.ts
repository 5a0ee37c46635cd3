import type { ClickHouse } from '../clickhouse/client.js';
import { everyNode } from '../clickhouse/cluster/cluster.js';
import { databasesLike, tablesLike } from '../clickhouse/tables.js';
import type { Schema } from '../project/project.js';
import { EVER } from '../shared/day.js';
import { dayOfStage, readArchiveName, stagesPrefix, workflowId } from '../shared/names.js';
import type { Dependencies } from '../step/dependencies.js';
import type { Step } from '../step/step.js';
import { isRunning } from '../temporal/client.js';
import type { Erasure } from './erasure.js';
import { countMatching } from './find.js';
import { matchingDays } from './statements.js';

/** A day that holds rows of an erasure although all days that were found have been published without them. */
export interface LeftDay {
  day: string;
  /** Rows of the day in the live table or in a stage; 0 if they are only in an archive, of an earlier day, or may still be loaded. */
  rows: number;
}

/**
 * Looks where rows of an erasure are, or come from, while it ends: in the live table, because a rollback or an unfinished publish gave
 * readers an earlier state; in the stages of builds that are not published; and in builds that may be loading chunks which the erasure
 * has removed. Ascending.
 *
 * @param of.archives archives with such rows that an unfinished publish needs
 * @param of.since when the chunks had been removed, as the ledger prints it
 */
export async function findLeft(
  deps: Dependencies,
  of: { erasure: Erasure; schema: Schema; archives: readonly string[]; since: string },
  step: Step,
): Promise<LeftDay[]> {
  const { erasure, archives, since } = of;
  const { config } = await deps.loadProject();
  const left = new Map<string, number>();
  const add = (day: string, rows: number) => left.set(day, Math.max(left.get(day) ?? 0, rows));
  for (const archive of archives) {
    const day = readArchiveName(archive)?.day;
    if (day !== undefined) add(day, 0);
  }
  const others = new Set(of.schema.tables.map(({ name }) => name).filter((name) => name !== erasure.table));
  const loading = new Set<string>();
  for (const node of await everyNode(deps.clickhouse)) {
    const found = await node.rows<{ name: string }>(databasesLike(stagesPrefix(config.project)));
    for (const { name: stage } of found) {
      const day = dayOfStage(config.project, stage);
      if (day === undefined) continue;
      const { built, found, rows } = await rowsInStage(node, { stage, day, erasure, others }, step);
      if (found) add(day, rows);
      if (!built) loading.add(day);
    }
  }
  for (const { day, event, at } of loading.size === 0 ? [] : await deps.ledger.latestBuilds(...EVER))
    if (loading.has(day) && event === 'planned' && at <= since)
      if (await isRunning(await deps.temporal(), workflowId.day(config.project, day))) add(day, 0);
  // After the stages: what left one meanwhile is live.
  const live = matchingDays({ database: config.database, table: erasure.table }, erasure.where);
  for (const { day, rows } of await deps.clickhouse.rows<{ day: string; rows: string }>(
    live,
    step.statement(`find rows of ${erasure.table}`),
  ))
    add(day, Number(rows));
  return [...left].map(([day, rows]) => ({ day, rows })).sort((a, b) => (a.day < b.day ? -1 : 1));
}

/**
 * Looks for rows of an erasure in a stage, those of attempts included. Earlier days on which the day looks back are there, too, and are
 * not counted in `rows`. `built` is false as long as the table is not complete there.
 */
async function rowsInStage(
  node: ClickHouse,
  { stage, day, erasure, others }: { stage: string; day: string; erasure: Erasure; others: ReadonlySet<string> },
  step: Step,
): Promise<{ built: boolean; found: boolean; rows: number }> {
  const { table, where } = erasure;
  const names = (await node.rows<{ name: string }>(tablesLike(stage))).map(({ name }) => name);
  let rows = 0;
  let found = false;
  for (const name of names.filter((one) => one === table || (one.startsWith(`${table}__`) && !others.has(one)))) {
    const place = { database: stage, table: name };
    if ((await countMatching(node, place, where, step)) === 0) continue;
    found = true;
    rows = Math.max(rows, await countMatching(node, place, where, step, day));
  }
  return { built: names.includes(table), found, rows };
}
