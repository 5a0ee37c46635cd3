import { aboutRunning } from '../../src/clickhouse/catalog.js';
import { tablesLike } from '../../src/clickhouse/tables.js';
import { final, isFinal } from '../../src/errors.js';
import { newestGeneration, openOf, standingOf } from '../../src/ledger/latest.js';
import type { OpenIntent, PublishEvent } from '../../src/ledger/records.js';
import type { Config } from '../../src/project/config/config.js';
import { assertWanted } from '../../src/project/wanted.js';
import { command } from '../../src/shared/commands.js';
import { isDay } from '../../src/shared/day.js';
import { clipped } from '../../src/shared/format.js';
import { archiveDatabase, stageDatabase, taskQueue, workflowId } from '../../src/shared/names.js';
import { sentence } from '../../src/shared/sentence.js';
import { assertStaged, swapBack, swapForward, type Swap } from '../../src/stage/swaps.js';
import type { Dependencies } from '../../src/step/dependencies.js';
import type { Answer, Step } from '../../src/step/step.js';

/** Milliseconds. Part of the first activity's result, so that tests can shorten them without changing a workflow. */
export interface Timings {
  heartbeat: number;
  startToClose: number;
  retryFirst: number;
  retryMost: number;
  giveUpAfter: number;
}

export interface RecoverInput {
  day: string;
  /** Id of the workflow that builds the day, which must be the day's own; left out if nothing is built. */
  workflowId?: string;
  /** Whether a backfill runs the day. */
  inBackfill?: boolean;
}

export interface RecoverResult {
  project: string;
  timings: Timings;
  /** Chunks normalized at once, models refreshed at once. */
  normalizeSlots: number;
  refreshConcurrency: number;
  /** The unfinished publish that was recovered, and how. */
  recovered: { generation: number; how: 'finished' | 'rolled back'; tables: number } | null;
  /** Newest published generation of the day, after that; 0 if nothing of it is published. */
  published: number;
  /** True if the day's last build failed and the project has alerts: a repair by hand then sends the recovery. */
  failedBefore?: boolean;
  /** True if steps of a small day may share activities; absent outside of a backfill, and while a worker polls that could not replay it. */
  shares?: boolean;
  ms: number;
}

/**
 * Recovers an unfinished publish before anything else: finishes it from its stage if that is still as it was built, otherwise
 * rolls it back from its archives. Also returns the settings that the workflow needs, which are never part of its input.
 */
export async function recover(
  deps: Dependencies,
  { day, workflowId: id }: RecoverInput,
  step: Step,
): Answer<RecoverResult> {
  // A day can be started from the Web UI with any text, which must not become part of a name or a statement.
  if (!isDay(day))
    throw final('BadConfig', `'${clipped(day, 40)}' is not a day: expected a date that exists, written YYYY-MM-DD.`);
  const { config } = await deps.loadProject();
  if (id !== undefined) {
    assertOwnId(config.project, day, id);
    assertWanted(config, day, new Date());
  }
  const { heartbeat, startToClose, retryFirst, retryMost } = config.timings;
  // A terminated run may have left statements running; they must end before this run begins.
  const handle = `${workflowId.day(config.project, day)}/`;
  let known = await readState(deps, config, day, handle);
  // Those of other nodes are not counted.
  if (known.left > 0 || deps.clickhouse.cluster) {
    await deps.clickhouse.endQueries(handle, { signal: step.signal });
    known = await readState(deps, config, day, handle);
  }
  const recovered = await recoverOpenPublishes(
    deps,
    known,
    { day, project: config.project, database: config.database },
    step,
  );
  return {
    project: config.project,
    timings: { heartbeat, startToClose, retryFirst, retryMost, giveUpAfter: config.giveUpAfter },
    normalizeSlots: config.limits.normalizeSlots,
    refreshConcurrency: config.limits.refreshConcurrency,
    recovered,
    published: recovered === null ? newestGeneration(standingOf(known.events)) : await newestPublished(deps, day),
    ...(id !== undefined && config.alerts.webhook !== undefined && (await failedLast(deps, day))
      ? { failedBefore: true }
      : {}),
  };
}

const failedLast = async ({ ledger }: Dependencies, day: string): Promise<boolean> =>
  (await ledger.latestBuilds(day, day))[0]?.event === 'failed';

interface Known {
  /** Statements of other runs of the day that still run. */
  left: number;
  /** The day's publishes. */
  events: PublishEvent[];
  lastGeneration: number;
}

/** What has to be known before anything is done. Throws where the ledger is missing, newer than this program, or another project's. */
async function readState(
  { clickhouse, ledger }: Dependencies,
  config: Config,
  day: string,
  handle: string,
): Promise<Known> {
  const { questions } = ledger;
  const events = questions.publishes(day);
  return await ledger.askAsOwner(config, {
    left: aboutRunning(clickhouse).count(handle),
    events,
    lastGeneration: questions.lastGeneration(day, events),
  });
}

const newestPublished = async ({ ledger }: Dependencies, day: string): Promise<number> =>
  newestGeneration(await ledger.currentPublishes(day, day));

/** Throws for another id: a second build of the day would run beside the first, kill its statements and share its stage. */
function assertOwnId(project: string, day: string, found: string): void {
  const id = workflowId.day(project, day);
  if (found === id) return;
  throw final(
    'BadInput',
    sentence(
      `The workflow of ${day} has the id '${clipped(found, 100)}'; expected ${id}, so that two builds of one day never run at once. `,
      ...['Start it with: ', command.run(day), `, or: temporal workflow start --type day `],
      `--task-queue ${taskQueue.light(project)} --workflow-id ${id} --input '{"day":"${day}"}'`,
    ),
    { details: { step: 'recover' } },
  );
}

async function recoverOpenPublishes(
  deps: Dependencies,
  { events, lastGeneration: newest }: Known,
  { day, project, database }: { day: string; project: string; database: string },
  step: Step,
): Promise<RecoverResult['recovered']> {
  const intents = openOf(events);
  if (intents.length === 0) return null;
  const published = newestGeneration(standingOf(events));
  let last: RecoverResult['recovered'] = null;
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
    const how =
      left.length === 0 ? 'rolled back' : await finishOrRollBack(deps, swap, left, generation < published, step);
    last = { generation, how, tables: left.length };
  }
  return last;
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

async function finishOrRollBack(
  deps: Dependencies,
  swap: Swap,
  open: readonly OpenIntent[],
  overtaken: boolean,
  step: Step,
): Promise<'finished' | 'rolled back'> {
  if (overtaken) {
    // A zombie attempt wrote the intent after a newer build had dropped its stage: it never swapped anything.
    await deps.ledger.recordPublishes('undone', open);
    return 'rolled back';
  }
  if (open.every(({ last }) => last === 'intent') && (await finished(deps, swap, open, step))) return 'finished';
  try {
    await swapBack(deps, swap, open, step);
  } catch (error) {
    // Neither stage nor archive is usable: a new build has to replace the day, and this intent must not block it.
    if (isFinal(error) && error.type === 'ArchiveLost') await deps.ledger.recordPublishes('undone', open);
    throw error;
  }
  return 'rolled back';
}

/** Closes the intents of tables that were dropped since, and returns the others. If the project has the table, the next step fails. */
async function withoutDropped(
  { clickhouse, ledger }: Dependencies,
  { live }: Swap,
  open: readonly OpenIntent[],
): Promise<OpenIntent[]> {
  const existing = await tablesIn(clickhouse, live);
  const dropped = open.filter(({ table }) => !existing.has(table));
  await ledger.recordPublishes('undone', dropped);
  return open.filter(({ table }) => existing.has(table));
}

/** Finishes a publish from its stage; false if the stage is missing, is not what was built, or the publish meets a final error. */
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
