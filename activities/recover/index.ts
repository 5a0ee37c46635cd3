import { tablesLike } from '../../src/clickhouse/tables.js';
import { final, isFinal } from '../../src/errors.js';
import type { OpenIntent } from '../../src/ledger/ledger.js';
import { assertWanted } from '../../src/project/wanted.js';
import { isDay } from '../../src/shared/day.js';
import { clipped } from '../../src/shared/format.js';
import { archiveDatabase, stageDatabase, taskQueue, workflowId } from '../../src/shared/names.js';
import { assertStaged, swapBack, swapForward, type Swap } from '../../src/stage/swaps.js';
import type { Dependencies } from '../../src/step/dependencies.js';
import type { Answer, Step } from '../../src/step/step.js';

/** Milliseconds. They travel in the first activity's result, so that a test can shorten them without touching a workflow. */
export interface Timings {
  heartbeat: number;
  startToClose: number;
  retryFirst: number;
  retryMost: number;
  giveUpAfter: number;
}

export interface RecoverInput {
  day: string;
  /** Id of the workflow that builds the day, which must be the day's own; left out where nothing is built. */
  workflowId?: string;
}

export interface RecoverResult {
  project: string;
  timings: Timings;
  /** Chunks normalized at once, models refreshed at once. */
  normalizeSlots: number;
  refreshConcurrency: number;
  /** A publish that a crash had left open, and how it was ended. */
  mended: { generation: number; how: 'finished' | 'undone'; tables: number } | null;
  /** Newest published generation of the day, after that; 0 where nothing of it is published. */
  published: number;
  ms: number;
}

/**
 * Step 0. A publish that a crash left open is ended before anything else: finished from its stage where that still stands as it was
 * built, taken back from its archives where it does not. Also tells the workflow what it needs of the config, which never travels as input.
 */
export async function recover(
  deps: Dependencies,
  { day, workflowId: id }: RecoverInput,
  step: Step,
): Answer<RecoverResult> {
  // Anybody may start a day from the Web UI: what is no date must not come as far as a name or a statement.
  if (!isDay(day))
    throw final('BadConfig', `'${clipped(day, 40)}' is no day: expected a date that exists, written YYYY-MM-DD.`);
  const { config } = await deps.loadProject();
  if (id !== undefined) {
    assertOwnId(config.project, day, id);
    assertWanted(config, day, new Date());
  }
  const { heartbeat, startToClose, retryFirst, retryMost } = config.timings;
  await deps.ledger.assertReadable();
  // A run that was terminated may have left statements running: they are seen gone before this one begins.
  await deps.clickhouse.endQueries(`${workflowId.day(config.project, day)}/`, { signal: step.signal });
  const mended = await mend(deps, { day, project: config.project, database: config.database }, step);
  return {
    project: config.project,
    timings: { heartbeat, startToClose, retryFirst, retryMost, giveUpAfter: config.giveUpAfter },
    normalizeSlots: config.limits.normalizeSlots,
    refreshConcurrency: config.limits.refreshConcurrency,
    mended,
    published: await newestPublished(deps, day),
  };
}

const newestPublished = async ({ ledger }: Dependencies, day: string): Promise<number> =>
  Math.max(0, ...(await ledger.currentPublishes(day, day)).map(({ generation }) => generation));

/** Under another id a second build of the day would run beside the first, end its statements and share its stage. */
function assertOwnId(project: string, day: string, found: string): void {
  const id = workflowId.day(project, day);
  if (found === id) return;
  throw final(
    'BadInput',
    `The workflow of ${day} has the id '${clipped(found, 100)}'; expected ${id}, so that no two builds of one day ever run. ` +
      `Start it so: npx daybook run --day ${day}, or: temporal workflow start --type day --task-queue ${taskQueue.light(project)} ` +
      `--workflow-id ${id} --input '{"day":"${day}"}'`,
    { details: { step: 'recover' } },
  );
}

async function mend(
  deps: Dependencies,
  { day, project, database }: { day: string; project: string; database: string },
  step: Step,
): Promise<RecoverResult['mended']> {
  const intents = await deps.ledger.openIntents(day);
  if (intents.length === 0) return null;
  const newest = await deps.ledger.lastGeneration(day);
  const published = await newestPublished(deps, day);
  let mended: RecoverResult['mended'] = null;
  for (const open of endedTogether(intents)) {
    const generation = Math.max(...open.map((intent) => intent.generation));
    const swap: Swap = {
      day,
      live: database,
      stage: stageDatabase(project, day, generation),
      archive: archiveDatabase(project),
      newest,
      scratch: stageDatabase(project, day, newest),
    };
    const left = await withoutDropped(deps, swap, open);
    const how = left.length === 0 ? 'undone' : await end(deps, swap, left, generation < published, step);
    mended = { generation, how, tables: left.length };
  }
  return mended;
}

/** Open intents one publish at a time; the publishes that a rollback undoes all at once, because only the oldest archive counts. */
function endedTogether(intents: readonly OpenIntent[]): OpenIntent[][] {
  const published = intents.filter(({ last }) => last === 'intent');
  const generations = [...new Set(published.map(({ generation }) => generation))];
  const rolledBack = intents.filter(({ last }) => last === 'rollback');
  return [
    ...generations.map((generation) => published.filter((intent) => intent.generation === generation)),
    ...(rolledBack.length > 0 ? [rolledBack] : []),
  ];
}

async function end(
  deps: Dependencies,
  swap: Swap,
  open: readonly OpenIntent[],
  overtaken: boolean,
  step: Step,
): Promise<'finished' | 'undone'> {
  if (overtaken) {
    // A forgotten attempt wrote it after a newer build had dropped its stage: nothing of it was ever swapped.
    await deps.ledger.recordPublishes('undone', open);
    return 'undone';
  }
  if (open.every(({ last }) => last === 'intent') && (await finished(deps, swap, open, step))) return 'finished';
  try {
    await swapBack(deps, swap, open, step);
  } catch (error) {
    // Neither stage nor archive can end it: what stands is left to a build, which this intent must not keep from beginning.
    if (isFinal(error) && error.type === 'ArchiveLost') await deps.ledger.recordPublishes('undone', open);
    throw error;
  }
  return 'undone';
}

/** Tables that somebody dropped since have nothing to finish or to take back; a table that the project has is missed by the next step. */
async function withoutDropped(
  { clickhouse, ledger }: Dependencies,
  { live }: Swap,
  open: readonly OpenIntent[],
): Promise<OpenIntent[]> {
  const standing = await tablesIn(clickhouse, live);
  const dropped = open.filter(({ table }) => !standing.has(table));
  await ledger.recordPublishes('undone', dropped);
  return open.filter(({ table }) => standing.has(table));
}

/** Finishes a publish from its stage; false where the stage is gone, not what was built, or meets an error that no retry mends. */
async function finished(deps: Dependencies, swap: Swap, open: readonly OpenIntent[], step: Step): Promise<boolean> {
  const staged = await tablesIn(deps.clickhouse, swap.stage);
  if (!open.every(({ table }) => staged.has(table))) return false;
  try {
    await assertStaged(deps, swap, open, step);
    await swapForward(deps, swap, open, step);
    return true;
  } catch (error) {
    if (!isFinal(error) || error.type === 'Superseded') throw error;
    return false;
  }
}

const tablesIn = async (clickhouse: Dependencies['clickhouse'], database: string): Promise<Set<string>> =>
  new Set((await clickhouse.rows<{ name: string }>(tablesLike(database))).map(({ name }) => name));
