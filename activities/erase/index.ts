import { oneRow } from '../../src/clickhouse/client.js';
import { pinOf } from '../../src/clickhouse/cluster/cluster.js';
import type { Column } from '../../src/clickhouse/column.js';
import { columnsOf, type Place } from '../../src/clickhouse/tables.js';
import { readErasure } from '../../src/erase/erasure.js';
import { chunksHolding, findRejects, findRows, normalizedOf } from '../../src/erase/find.js';
import {
  begunErasure,
  copyOthers,
  eraseRejects,
  matchingDays,
  REJECTS_AT_ONCE,
  timeNow,
} from '../../src/erase/statements.js';
import { final } from '../../src/errors.js';
import { fingerprintOf, tableFingerprint } from '../../src/ledger/fingerprints.js';
import type { CurrentPublish } from '../../src/ledger/records.js';
import type { WholePlan } from '../../src/plan/plan.js';
import { codesOf } from '../../src/plan/planning.js';
import { storedPlan, writePlan } from '../../src/plan/stored.js';
import { longestLookbackOf } from '../../src/project/project.js';
import type { BuildRef, ChangedTable } from '../../src/shared/build.js';
import { command } from '../../src/shared/commands.js';
import { manifestOfParquet } from '../../src/shared/names.js';
import { sentence } from '../../src/shared/sentence.js';
import { buildInStage } from '../../src/stage/build.js';
import type { Measure } from '../../src/stage/statements.js';
import { fence, measured } from '../../src/stage/swaps.js';
import type { Dependencies } from '../../src/step/dependencies.js';
import type { Answer, Step } from '../../src/step/step.js';

export interface ErasureInput {
  /** Names what is erased; the condition itself is no part of a history. */
  id: string;
}

export interface EraseChunksResult {
  project: string;
  table: string;
  /** Days whose live rows match, ascending. */
  days: string[];
  rows: number;
  chunks: number;
  rejects: number;
  /** When the chunks had been removed, in the ledger's time: a build that is planned later uses none of them. */
  since?: string;
  ms: number;
}

/**
 * Removes normalized objects and rejected lines with rows of the erasure, and finds the days that hold the others. A build that needs such a
 * chunk normalizes it again. Idempotent.
 */
export async function eraseChunks(deps: Dependencies, { id }: ErasureInput, step: Step): Answer<EraseChunksResult> {
  const erasure = await readErasure(deps, id);
  const project = await deps.loadProject();
  // Another project of this name must not lose anything.
  await deps.ledger.assertReadable(project.config);
  const { bucket } = project.config.store;
  const { table } = erasure;
  const found = await findRows(deps, erasure, step);
  // Days that were swapped before a crash no longer match; their publish may be unfinished, and their models not rebuilt.
  const [begun] = await deps.clickhouse.rows<{ days: string[]; rows: string }>(
    begunErasure(project.config.project, id),
    step.statement('read the erasure'),
  );
  const days = [...new Set([...(begun?.days ?? []), ...found.days.map(({ day }) => day)])].sort();
  const rows = Math.max(
    Number(begun?.rows ?? 0),
    found.days.reduce((sum, one) => sum + one.rows, 0),
  );
  await deps.ledger.recordErasure({ id, table, event: 'begun', days, rows });
  step.report(`remove ${found.chunks.length} chunks`);
  const removed = new Set<string>();
  const remove = async (chunks: readonly string[]) => {
    // Manifests first: a chunk without its manifest is normalized again, one without its rows fails.
    await deps.store.remove(bucket, [...new Set(chunks.flatMap((key) => manifestOfParquet(key) ?? []))]);
    await deps.store.remove(bucket, [...chunks]);
    for (const key of chunks) removed.add(key);
  };
  await remove(found.chunks);
  const normalized = normalizedOf(project, await deps.readSchema(project), table);
  let rejects = 0;
  for (let some = found.rejects; normalized && some.length > 0;) {
    await deps.clickhouse.run(eraseRejects(project.config.project, table, some), step.statement('remove rejects'));
    rejects += some.length;
    some = some.length < REJECTS_AT_ONCE ? [] : await findRejects(deps, normalized, erasure, step);
    // By the lines that are about to be removed: afterwards nothing says which chunk holds them.
    if (some.length > 0) await remove(await chunksHolding(deps, normalized, some, step));
  }
  const { at } = await oneRow<{ at: string }>(deps.clickhouse, timeNow, step.statement('read the time'));
  return {
    project: project.config.project,
    table,
    days,
    rows,
    chunks: removed.size,
    rejects,
    since: at,
  };
}

export interface EraseRowsInput extends ErasureInput {
  day: string;
}

export interface EraseRowsResult {
  build: BuildRef;
  /** What is to be published; empty if no live row of the day matches. Generation 0: nothing of the table is published. */
  tables: ChangedTable[];
  /** Rows that are left out. */
  erased: number;
  ms: number;
}

/**
 * Stages a day without the rows of an erasure: a copy of what readers have, which is then published like any build. The day counts as
 * made of the same chunks, so that no run builds it again; what depends on it becomes stale.
 */
export async function eraseRows(deps: Dependencies, { id, day }: EraseRowsInput, step: Step): Answer<EraseRowsResult> {
  const { table, where } = await readErasure(deps, id);
  const project = await deps.loadProject();
  const { config } = project;
  const live = { database: config.database, table };
  const record = (await deps.ledger.currentPublishes(day, day)).find((one) => one.table === table);
  const newest = await deps.ledger.lastGeneration(day);
  const matching = await deps.clickhouse.rows<{ day: string; rows: string }>(
    matchingDays(live, where, day),
    step.statement(`find rows of ${table}`),
  );
  const erased = Number(matching[0]?.rows ?? 0);
  if (erased === 0) {
    // The day's stages may hold such rows; no build of the day runs beside this one.
    await fence(deps, config.project, { day, newest: newest + 1 }, step);
    return { build: { day, generation: record ? newest : 0, plan: '' }, tables: [], erased };
  }
  if (!record) throw neverPublished(config.database, table, day);
  const columns = await storedColumns(deps, live);
  await assertAsPublished(deps, live, { record, columns }, step);
  const generation = newest + 1;
  const plan = planOf(config, {
    day,
    generation,
    record,
    columns,
    lookback: longestLookbackOf(project),
  });
  const stored = await storedPlan(deps, plan);
  await writePlan(deps, plan, stored);
  const build = { day, generation, plan: stored.url, ...pinOf(deps.clickhouse) };
  await deps.ledger.recordBuild({
    ...{ day, generation, event: 'planned', step: '', reason: `erasure ${id}` },
    ...{ run: step.attempt, plan: build.plan, engine: await deps.clickhouse.version() },
  });
  const staged = await buildInStage(
    deps,
    plan,
    table,
    step,
    async (target) => {
      const copy = copyOthers(
        target,
        live,
        columns.map(({ name }) => name),
        day,
        where,
      );
      await deps.clickhouse.run(copy, step.statement(`copy ${table}`, { zone: config.timezone }));
    },
    {
      alone: true,
      accept: ({ rows }) => {
        if (rows + erased === record.rows) return;
        throw new Error(
          `${table} of ${day} changed while it was copied: ${rows + erased} rows, expected ${record.rows}`,
        );
      },
    },
  );
  // Others know the day by a fingerprint of its own, as an erasure may erase it twice; a listing finds it up to date.
  const data = fingerprintOf({ data: record.data, erasure: id, build: generation });
  const { code, inputs, chunks } = record;
  await deps.ledger.recordReproduced([
    { day, table, generation, build: record.made_by, code, data: record.data, inputs, chunks },
  ]);
  const { rows, hash } = staged;
  return { build, erased, tables: [{ table, rows, hash, data, inputs, fingerprint: tableFingerprint(code, data) }] };
}

const neverPublished = (database: string, table: string, day: string) =>
  final(
    'LiveDiffers',
    sentence(
      `${database}.${table} holds rows of ${day} that were never published. Compare it with the ledger first: `,
      command.verify(day, day),
    ),
    { details: { step: 'erase', table } },
  );

/**
 * Throws if the live rows of a day are not those of its publish. A hash says nothing about columns that `apply` has dropped or converted
 * since; the table's code differs then, and only the rows are counted.
 *
 * @throws a final LiveDiffers
 */
async function assertAsPublished(
  deps: Dependencies,
  live: Place,
  { record, columns }: { record: CurrentPublish; columns: readonly Column[] },
  step: Step,
): Promise<void> {
  const stored = new Set(columns.map(({ name }) => name));
  const exist = record.columns.length > 0 && record.columns.every((column) => stored.has(column));
  const found = await measured(deps, live, record.day, exist ? record.columns : ['day'], step);
  if (found.rows === record.rows && exist && found.hash === record.hash) return;
  const project = await deps.loadProject();
  const code = codesOf(project, await deps.readSchema(project)).get(record.table);
  if (found.rows !== record.rows || (exist && code === record.code)) throw writtenSince(live.database, record, found);
}

const writtenSince = (database: string, { table, day, rows, hash }: CurrentPublish, found: Measure) =>
  final(
    'LiveDiffers',
    sentence(
      `${database}.${table} holds ${found.rows} rows of ${day}`,
      found.rows === rows
        ? ` with hash ${found.hash}, but rows with ${hash} were published`
        : `, but ${rows} were published`,
      ': something else wrote to it. Publish the day again first: ',
      command.run(day, '--force'),
    ),
    { details: { step: 'erase', table } },
  );

const storedColumns = async ({ clickhouse }: Dependencies, live: Place): Promise<Column[]> =>
  (await clickhouse.rows<{ name: string; type: string }>(columnsOf(live))).map((column) => ({
    ...column,
    defaultKind: '',
  }));

/** The plan of a build that changes one table of a day, and reads nothing but that table. */
function planOf(
  config: Awaited<ReturnType<Dependencies['loadProject']>>['config'],
  of: { day: string; generation: number; record: CurrentPublish; columns: Column[]; lookback: number },
): WholePlan {
  const { threads, memory } = config.limits;
  return {
    format: 1,
    project: config.project,
    zone: config.timezone,
    database: config.database,
    day: of.day,
    generation: of.generation,
    force: false,
    overHold: false,
    erases: true,
    normalized: { bucket: config.store.bucket, prefix: config.store.normalized },
    limits: { threads, memory },
    sources: [],
    tables: [
      {
        name: of.record.table,
        kind: 'aggregate',
        columns: of.columns,
        select: '',
        selected: [],
        inputs: [],
        level: 0,
        unique: [],
        lookback: of.lookback,
        keep: { days: 0, strict: 0 },
        code: of.record.code,
      },
    ],
    tests: [],
    published: [],
  };
}
