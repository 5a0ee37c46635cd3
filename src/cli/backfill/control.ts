import type { WorkflowHandle } from '@temporalio/client';
import type { App } from '../../app.js';
import { messageOf } from '../../errors.js';
import { command } from '../../shared/commands.js';
import { workflowId } from '../../shared/names.js';
import { sentence, type Text } from '../../shared/sentence.js';
import type { BackfillProgress } from '../../shared/workflows.js';
import { knownBackfills, WorkflowNotFoundError, type KnownBackfill } from '../../temporal/client.js';
import { withApp, type ProjectOptions } from '../common/context.js';
import type { Output } from '../common/options.js';
import { note, print, printJson } from '../common/output.js';
import { sayIfNobodyPolls } from '../common/worker.js';
import { failedText, progressLine } from './text.js';

interface Range {
  start?: string | undefined;
  end?: string | undefined;
}

type ControlOptions = Range & ProjectOptions & { output: Output };

/** The backfill that is meant: the one that is named, or the only one that runs. Answers undefined after saying what is wrong. */
async function meant(app: App, { start, end }: Range, closedToo: boolean): Promise<KnownBackfill | undefined> {
  const { project } = app.project.config;
  const client = await app.temporal();
  const id = start !== undefined && end !== undefined ? workflowId.backfill(project, start, end) : undefined;
  const running = await knownBackfills(client, project, true);
  if (id === undefined && running.length > 1) {
    note(`${running.length} backfills run. Say which: ${running.map(rangeOf).join(' or ')}`);
    return undefined;
  }
  const known = running.length === 0 && closedToo ? await knownBackfills(client, project, false) : running;
  const found = id === undefined ? known[0] : (known.find((one) => one.workflowId === id) ?? (await byId(app, id)));
  if (!found) note(sentence('No backfill runs. Start one: ', command.backfill('YYYY-MM-DD', 'YYYY-MM-DD')));
  return found;
}

/** What visibility does not show yet, or not any more. */
async function byId(app: App, id: string): Promise<KnownBackfill | undefined> {
  try {
    const { status } = await (await app.temporal()).workflow.getHandle(id).describe();
    const [start = '', end = ''] = id.slice(id.lastIndexOf('/') + 1).split('_');
    return { start, end, workflowId: id, status: status.name };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}

const rangeOf = ({ start, end }: { start: string; end: string }) => `--start ${start} --end ${end}`;

type Tell = (handle: WorkflowHandle, one: KnownBackfill, app: App) => Promise<Text>;

/** Finds the backfill, tells it something, and says what comes of it. */
const tell = (options: ControlOptions, what: Tell) =>
  withApp({ project: options.project }, async (app) => {
    const one = await meant(app, options, false);
    if (one?.status !== 'RUNNING') {
      if (one) note(`The backfill of ${one.start} to ${one.end} does not run any more: ${one.status.toLowerCase()}.`);
      process.exitCode = 1;
      return;
    }
    const message = await what((await app.temporal()).workflow.getHandle(one.workflowId), one, app);
    await sayIfNobodyPolls(app, 'what was sent', '');
    if (options.output === 'json') printJson({ start: one.start, end: one.end, message });
    else print(message);
  });

/** Finds the backfill that is named; else all that run, or the newest one if none runs. */
async function toShow(app: App, { start, end }: Range): Promise<KnownBackfill[]> {
  if (start !== undefined && end !== undefined) {
    const one = await meant(app, { start, end }, true);
    return one ? [one] : [];
  }
  const running = await knownBackfills(await app.temporal(), app.project.config.project, true);
  if (running.length > 0) return running;
  const newest = await meant(app, {}, true);
  return newest ? [newest] : [];
}

/** Prints the progress of the backfills that run, or of the named one; exit code 1 if there is none. */
export async function showBackfill(options: ControlOptions): Promise<void> {
  await withApp({ project: options.project }, async (app) => {
    const backfills: (KnownBackfill & { progress: BackfillProgress | null })[] = [];
    for (const one of await toShow(app, options)) {
      const handle = (await app.temporal()).workflow.getHandle(one.workflowId);
      const progress = await handle.query<BackfillProgress>('progress').catch((error: unknown) => {
        note(sentence(`No worker answers (${messageOf(error)}). In another terminal: `, command.worker()));
      });
      backfills.push({ ...one, progress: progress ?? null });
    }
    if (backfills.length === 0) process.exitCode = 1;
    if (options.output === 'json') printJson({ project: app.project.config.project, backfills });
    else
      for (const { start, end, status, progress } of backfills) {
        print(`${start} to ${end}  ${status.toLowerCase()}`);
        if (progress) print(progressLine(progress, Date.now()));
        if (progress && progress.failed.length > 0) print(`\n${failedText(progress.failed)}`);
      }
  });
}

export const pauseBackfill = (options: ControlOptions): Promise<void> =>
  tell(options, async (handle, one) => {
    await handle.signal('pause');
    return sentence(
      'Days under way are finished, no more are started. Go on: ',
      command.backfills('resume', one.start, one.end),
    );
  });

export const resumeBackfill = (options: ControlOptions): Promise<void> =>
  tell(options, async (handle, one) => {
    await handle.signal('resume');
    return sentence('It goes on. How far it is: ', command.backfills('status', one.start, one.end));
  });

export const cancelBackfill = (options: ControlOptions): Promise<void> =>
  tell(options, async (handle, one) => {
    await handle.cancel();
    return sentence(
      ...['The cancel is sent: days under way end first, and what is built stays. Follow: '],
      command.backfills('status', one.start, one.end),
      ...['\nThe rest, later: ', command.backfill(one.start, one.end)],
    );
  });

export const setConcurrency = (days: number, options: ControlOptions): Promise<void> =>
  tell(options, async (handle) => {
    await handle.signal('concurrency', days);
    return `Up to ${days} days are under way at once from now on.`;
  });
