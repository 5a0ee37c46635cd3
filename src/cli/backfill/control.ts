import type { WorkflowHandle } from '@temporalio/client';
import type { App } from '../../app.js';
import { command } from '../../shared/commands.js';
import { taskQueue, workflowId } from '../../shared/names.js';
import { sentence, type Text } from '../../shared/sentence.js';
import type { BackfillProgress } from '../../shared/workflows.js';
import { knownBackfills, requestsOf, WorkflowNotFoundError, type KnownBackfill } from '../../temporal/client.js';
import { pollers } from '../../temporal/pollers.js';
import { withApp, type ProjectOptions } from '../common/context.js';
import type { Output } from '../common/options.js';
import { note, print, printJson } from '../common/output.js';
import { warnIfNoWorker } from '../common/worker.js';
import { failedText, progressLine, stateText, type ShownBackfill } from './text.js';

interface Range {
  start?: string | undefined;
  end?: string | undefined;
}

type ControlOptions = Range & ProjectOptions & { output: Output };

/** Finds the backfill with the given range, or the only one that is running. Prints why and returns undefined if there is none. */
async function findBackfill(app: App, { start, end }: Range, closedToo: boolean): Promise<KnownBackfill | undefined> {
  const { project } = app.project.config;
  const client = await app.temporal();
  const id = start !== undefined && end !== undefined ? workflowId.backfill(project, start, end) : undefined;
  const running = await knownBackfills(client, project, true);
  if (id === undefined && running.length > 1) {
    note(`${running.length} backfills are running. Choose one: ${running.map(rangeOptions).join(' or ')}`);
    return undefined;
  }
  const known = running.length === 0 && closedToo ? await knownBackfills(client, project, false) : running;
  const found = id === undefined ? known[0] : (known.find((one) => one.workflowId === id) ?? (await byId(app, id)));
  if (!found) note(sentence('No backfill is running. Start one: ', command.backfill('YYYY-MM-DD', 'YYYY-MM-DD')));
  return found;
}

/** Finds a backfill that visibility does not list yet, or no longer lists. */
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

const rangeOptions = ({ start, end }: { start: string; end: string }) => `--start ${start} --end ${end}`;

type Request = (handle: WorkflowHandle, one: KnownBackfill, app: App) => Promise<Text>;

/** Finds the running backfill, sends it a request, and prints the outcome. */
const signalRun = (options: ControlOptions, request: Request) =>
  withApp({ project: options.project }, async (app) => {
    const one = await findBackfill(app, options, false);
    if (one?.status !== 'RUNNING') {
      if (one) note(`The backfill of ${one.start} to ${one.end} is not running: ${one.status.toLowerCase()}.`);
      process.exitCode = 1;
      return;
    }
    const message = await request((await app.temporal()).workflow.getHandle(one.workflowId), one, app);
    await warnIfNoWorker(app, 'the request', '');
    if (options.output === 'json') printJson({ start: one.start, end: one.end, message });
    else print(message);
  });

/** Finds the backfill that is named; else all that run, or the newest one if none runs. */
async function toShow(app: App, { start, end }: Range): Promise<KnownBackfill[]> {
  if (start !== undefined && end !== undefined) {
    const one = await findBackfill(app, { start, end }, true);
    return one ? [one] : [];
  }
  const running = await knownBackfills(await app.temporal(), app.project.config.project, true);
  if (running.length > 0) return running;
  const newest = await findBackfill(app, {}, true);
  return newest ? [newest] : [];
}

/** Time for a worker to answer, in milliseconds. */
const ANSWER_WITHIN = 10_000;

/** Asks a worker for the progress of a backfill; null if none answers. The server itself would wait much longer for one. */
async function progressOf(app: App, id: string): Promise<BackfillProgress | null> {
  const client = await app.temporal();
  const { workflows } = await pollers(client, taskQueue.light(app.project.config.project));
  if (workflows === 0) return null;
  const query = () => client.workflow.getHandle(id).query<BackfillProgress>('progress');
  return await client.withDeadline(Date.now() + ANSWER_WITHIN, query).catch(() => null);
}

const NOTHING_ASKED = { paused: false, cancelling: false };

/** Prints the progress of the backfills that run, or of the named one; exit code 1 if there is none. */
export async function showBackfill(options: ControlOptions): Promise<void> {
  await withApp({ project: options.project }, async (app) => {
    const backfills: ShownBackfill[] = [];
    for (const one of await toShow(app, options)) {
      const client = await app.temporal();
      const requests = one.status === 'RUNNING' ? await requestsOf(client, one.workflowId) : NOTHING_ASKED;
      backfills.push({ ...one, ...requests, progress: await progressOf(app, one.workflowId) });
    }
    if (backfills.some(({ progress }) => progress === null))
      note(
        sentence('No worker responds, so the progress is unknown. Start one in another terminal: ', command.worker()),
      );
    if (backfills.length === 0) process.exitCode = 1;
    if (options.output === 'json') printJson({ project: app.project.config.project, backfills });
    else
      for (const one of backfills) {
        const { start, end, progress } = one;
        print(`${start} to ${end}  ${stateText(one)}`);
        if (progress) print(progressLine(progress, Date.now(), one.status !== 'RUNNING'));
        if (progress && progress.failed.length > 0) print(`\n${failedText(progress.failed)}`);
      }
  });
}

export const pauseBackfill = (options: ControlOptions): Promise<void> =>
  signalRun(options, async (handle, one) => {
    await handle.signal('pause');
    return sentence(
      'Pausing: running days will finish, no new ones start. Continue with: ',
      command.backfills('resume', one.start, one.end),
    );
  });

export const resumeBackfill = (options: ControlOptions): Promise<void> =>
  signalRun(options, async (handle, one) => {
    await handle.signal('resume');
    return sentence('Resumed. Follow with: ', command.backfills('status', one.start, one.end));
  });

export const cancelBackfill = (options: ControlOptions): Promise<void> =>
  signalRun(options, async (handle, one) => {
    await handle.cancel();
    return sentence(
      ...['Cancel requested: running days stop first, and published days stay. Follow with: '],
      command.backfills('status', one.start, one.end),
      ...['\nTo build the rest later: ', command.backfill(one.start, one.end)],
    );
  });

export const setConcurrency = (days: number, options: ControlOptions): Promise<void> =>
  signalRun(options, async (handle) => {
    await handle.signal('concurrency', days);
    return `From now on, up to ${days} days run at once.`;
  });
