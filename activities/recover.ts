import type { RecoverInput, RecoverResult } from '../src/core/messages.js';
import { archiveDatabase, stageDatabase } from '../src/core/names.js';
import type { PublishRecord } from '../src/io/ledger.js';
import { tablesLike } from '../src/statements/stage.js';
import type { Dependencies } from './dependencies.js';
import type { Step } from './step.js';
import { swapBack, swapForward, type Swap } from './swaps.js';

/**
 * Step 0. A publish that a crash left open is ended before anything else: finished from its stage where that still stands, taken
 * back from its archives where it does not. Also tells the workflow what it needs of the config, which never travels as input.
 */
export async function recover(
  deps: Dependencies,
  { day }: RecoverInput,
  step: Step,
): Promise<Omit<RecoverResult, 'ms'>> {
  const { config } = await deps.loadProject();
  const { heartbeat, startToClose, retryFirst, retryMost } = config.timings;
  await deps.ledger.assertReadable();
  return {
    project: config.project,
    zone: config.timezone,
    timings: { heartbeat, startToClose, retryFirst, retryMost, giveUpAfter: config.giveUpAfter },
    normalizeSlots: config.limits.normalizeSlots,
    refreshConcurrency: config.limits.refreshConcurrency,
    mended: await mend(deps, { day, project: config.project, database: config.database }, step),
  };
}

async function mend(
  deps: Dependencies,
  { day, project, database }: { day: string; project: string; database: string },
  step: Step,
): Promise<RecoverResult['mended']> {
  const intents = await deps.ledger.openIntents(day);
  const generation = intents[0]?.generation;
  if (generation === undefined) return null;
  const open = intents.filter((intent) => intent.generation === generation);
  const swap: Swap = {
    day,
    live: database,
    stage: stageDatabase(project, day, generation),
    archive: archiveDatabase(project),
  };
  if (await stageStands(deps, swap.stage, open)) {
    await swapForward(deps, swap, open, step);
    return { generation, how: 'finished', tables: open.length };
  }
  await swapBack(deps, swap, open, step);
  return { generation, how: 'undone', tables: open.length };
}

async function stageStands(
  { clickhouse }: Dependencies,
  stage: string,
  intents: readonly PublishRecord[],
): Promise<boolean> {
  const tables = new Set((await clickhouse.rows<{ name: string }>(tablesLike(stage))).map(({ name }) => name));
  return intents.every(({ table }) => tables.has(table));
}
