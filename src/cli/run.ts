import type { App } from '../app.js';
import { chosen, NO_CHOICE, type ChoiceOptions } from '../core/choice.js';
import type { DayInput } from '../core/messages.js';
import { taskQueue, workflowId } from '../core/names.js';
import { pollers } from '../io/temporal-pollers.js';
import { createLogger } from '../log.js';
import { assertWanted } from '../project/wanted.js';
import { withApp, type ProjectOptions } from './context.js';
import { followDay, type DayEnd } from './follow.js';
import type { Output } from './options.js';
import { note, print, printJson } from './output.js';
import { startWorkflow } from './start.js';

/** Starts a day's workflow, or attaches to the one that runs. */
export async function startDay(app: App, input: DayInput) {
  const { project } = app.project.config;
  assertWanted(app.project.config, input.day, new Date());
  return await startWorkflow(app, {
    type: 'day',
    workflowId: workflowId.day(project, input.day),
    input,
    summary: `${project}, day ${input.day}${input.force ? ', forced' : ''}`,
    details: `Started by hand. Once more: \`npx daybook run --day ${input.day}\``,
    choices: { force: false, rollback: false, compare: false, ...NO_CHOICE },
  });
}

/** Runs `use` with a worker of this process beside it. Throws where the worker ends by itself. */
export async function withWorker<T>(app: App, use: () => Promise<T>): Promise<T> {
  const log = createLogger({ ...app.env.log, level: 'warn' });
  const { installRuntime, startWorker } = await import('../worker.js');
  installRuntime(log);
  const worker = await startWorker({ app, log });
  const ended = worker.done.then((): never => {
    throw new Error('The worker of this process ended by itself; what runs waits for another one: npx daybook worker');
  });
  try {
    return await Promise.race([use(), ended]);
  } finally {
    await worker.stop();
  }
}

/** What waits does so for ever where no worker runs: that should be said. */
export async function sayIfNobodyPolls(
  app: App,
  what = 'the day',
  otherwise = ' (or run this with --with-worker)',
): Promise<void> {
  const queue = taskQueue.light(app.project.config.project);
  const { workflows } = await pollers(await app.temporal(), queue);
  if (workflows === 0)
    note(`No worker polls ${queue}: ${what} waits until one does. In another terminal: npx daybook worker${otherwise}`);
}

interface RunOptions extends ProjectOptions, ChoiceOptions {
  day: string;
  force?: boolean | undefined;
  withWorker?: boolean | undefined;
  output: Output;
}

/** Builds one day, or attaches to the run that builds it, and shows its steps. */
export const buildDay = ({ day, force, withWorker: own, project, output, ...choice }: RunOptions): Promise<void> =>
  withApp({ project }, async (app) => {
    const interruption = onInterrupt(own ? STOPPING : undefined);
    const run = async (): Promise<DayEnd> => {
      const handle = await startDay(app, { day, ...(force ? { force } : {}), ...chosen(choice) });
      const live = process.stdout.isTTY;
      return await followDay(handle, day, output === 'json' ? 'nothing' : live ? 'live' : 'lines', interruption.signal);
    };
    try {
      if (!own) await sayIfNobodyPolls(app);
      report(day, output, own ? await withWorker(app, run) : await run());
    } catch (error) {
      if (error !== interruption.signal.reason) throw error;
      const message = own
        ? `Day ${day} is not done: it goes on as soon as a worker runs: npx daybook run --day ${day} --with-worker`
        : `Day ${day} goes on. Attach again: npx daybook run --day ${day}`;
      if (output === 'json') printJson({ day, outcome: 'interrupted', message });
      note(message);
      process.exitCode = 2;
    } finally {
      interruption.release();
    }
  });

export const STOPPING = 'Stopping: running steps get up to 30 seconds to end. Ctrl-C again ends at once.';

/** The exit code of a process that an interrupt ended. */
const INTERRUPTED = 130;

/** The first Ctrl-C lets go of what runs, which goes on in Temporal; a second one ends the process at once. */
export function onInterrupt(say: string | undefined): { signal: AbortSignal; release: () => void } {
  const controller = new AbortController();
  // The listener stays: were it gone, libraries that restore the terminal would end the process with the first Ctrl-C.
  const interrupt = () => {
    if (controller.signal.aborted) process.exit(INTERRUPTED);
    if (say !== undefined) note(say);
    controller.abort(new Error('interrupted'));
  };
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  const release = () => void process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  return { signal: controller.signal, release };
}

/** Tells the end of a day and sets the exit code. */
export function report(day: string, output: Output, end: DayEnd): void {
  if (!end.ok) process.exitCode = 1;
  if (output === 'json')
    printJson(end.ok ? end.result : { day, outcome: end.outcome, step: end.step, message: end.message });
  else if (end.ok) for (const text of [...end.result.notes, `${day} ${end.result.outcome}`]) print(text);
  else note(end.message);
}
