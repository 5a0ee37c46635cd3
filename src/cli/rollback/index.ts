import type { App } from '../../app.js';
import { isFinal, textOf } from '../../errors.js';
import { rollbackTarget, type RollbackTarget } from '../../ledger/rollback.js';
import { command } from '../../shared/commands.js';
import { sentence } from '../../shared/sentence.js';
import { assertRestorable } from '../../stage/restorable.js';
import { withApp, type ProjectOptions } from '../common/context.js';
import { runExclusive } from '../common/exclusive-run.js';
import type { Output } from '../common/options.js';
import { note, print, printJson } from '../common/output.js';
import { report } from '../common/report.js';
import { assertDays } from '../common/wanted.js';
import { archivedVersions, previewText, type RollbackPreview } from './archives.js';

interface RollbackOptions extends ProjectOptions, RollbackTarget {
  day: string;
  dryRun?: boolean | undefined;
  reason: string;
  withWorker?: boolean | undefined;
  output: Output;
}

/**
 * Restores an earlier publish of a day, as a run of the day's workflow. Which one is decided here, once: the workflow gets it as
 * its input, so that nothing that happens meanwhile makes it restore another.
 */
export const rollBackOneDay = ({ project, ...options }: RollbackOptions): Promise<void> =>
  withApp({ project }, async (app) => {
    assertDays(app, options.day);
    await app.ledger.assertReadable(app.project.config);
    if (options.dryRun) await preview(app, options);
    else await restore(app, options);
  });

async function restore(app: App, { day, reason, withWorker: own = false, output, ...asked }: RollbackOptions) {
  const target = await targetOf(app, day, asked);
  const again = command.rollback(day, target);
  note(sentence(`${day}: rollback to ${target === 0 ? 'no rows' : `generation ${target}`} (`, again, ')'));
  const input = { day, rollback: true, reason, ...(target === 0 ? { toEmpty: true } : { generation: target }) };
  report(day, output, await runExclusive(app, input, { what: 'rollback', own, quiet: output === 'json', again }));
}

async function preview(app: App, { day, output, ...asked }: RollbackOptions): Promise<void> {
  const versions = await archivedVersions(app, await app.ledger.publishHistory(day));
  const found: RollbackPreview = { day, ...(await wouldRestore(app, day, asked)), versions };
  if (output === 'json') printJson(found);
  else print(previewText(found, app.project.config.timezone, new Date()));
  if (found.target === null) process.exitCode = 1;
}

async function wouldRestore(app: App, day: string, asked: RollbackTarget) {
  try {
    return { target: await targetOf(app, day, asked), refused: '' };
  } catch (error) {
    if (!isFinal(error)) throw error;
    return { target: null, refused: textOf(error) };
  }
}

/** Decides what a rollback would restore; throws what its workflow would. */
async function targetOf({ ledger, dependencies }: App, day: string, asked: RollbackTarget): Promise<number> {
  const history = await ledger.publishHistory(day);
  const target = rollbackTarget(day, history, (await ledger.holdOf(day)) !== undefined, asked);
  await assertRestorable(dependencies, { day, history, target });
  return target;
}
