import { Command, InvalidArgumentError } from '@commander-js/extra-typings';
import { WorkflowIdConflictPolicy, WorkflowIdReusePolicy } from '@temporalio/common';
import type { App } from '../app.js';
import { isDay } from '../core/day.js';
import { taskQueue, workflowId } from '../core/names.js';
import { pollers } from '../io/temporal.js';
import { createLogger } from '../log.js';
import { withApp } from './context.js';
import { followDay, type DayEnd } from './follow.js';
import { examples, note, outputOption, print, printJson, projectOption } from './output.js';

export const parseDay = (text: string): string => {
  if (!isDay(text)) throw new InvalidArgumentError('Expected a date that exists, written YYYY-MM-DD.');
  return text;
};

/** Starts a day's workflow, or attaches to the one that runs. */
export async function startDay(app: App, input: { day: string; force?: boolean }) {
  const client = await app.temporal();
  const name = app.project.config.project;
  return await client.workflow.start('day', {
    workflowId: workflowId.day(name, input.day),
    taskQueue: taskQueue.light(name),
    args: [input],
    workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
    workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
    staticSummary: `${name}, day ${input.day}${input.force ? ', forced' : ''}`,
    staticDetails: `Started by hand. Once more: npx daybook run --day ${input.day}`,
  });
}

/** Runs `use` with a worker of this process beside it. */
export async function withWorker<T>(app: App, use: () => Promise<T>): Promise<T> {
  const log = createLogger({ ...app.env.log, level: 'warn' });
  const { installRuntime, startWorker } = await import('../worker.js');
  installRuntime(log);
  const worker = await startWorker({ app, log });
  try {
    return await use();
  } finally {
    await worker.stop();
  }
}

async function sayIfNobodyPolls(app: App): Promise<void> {
  const queue = taskQueue.light(app.project.config.project);
  const { workflows } = await pollers(await app.temporal(), queue);
  if (workflows === 0)
    note(
      `No worker polls ${queue}: the day waits until one does. In another terminal: npx daybook worker (or run this with --with-worker)`,
    );
}

export const runCommand = () =>
  new Command('run')
    .description('Build one day now: start it, or attach to it where it runs already')
    .requiredOption('--day <YYYY-MM-DD>', "the day, in the project's time zone", parseDay)
    .option('--force', 'rebuild every table of the day although nothing changed')
    .option('--with-worker', 'run a worker in this process while the day runs')
    .addOption(projectOption())
    .addOption(outputOption())
    .addHelpText(
      'after',
      examples(
        [
          'daybook run --day 2026-11-05',
          'exit code 0: published or unchanged; 1: the day failed; 2: wrong usage or a crash',
        ],
        ['daybook run --day 2026-11-05 --force --with-worker'],
        ['daybook run --day 2026-11-05 --output json | jq .outcome'],
      ),
    )
    .action(({ day, force, withWorker: own, project, output }) =>
      withApp({ project }, async (app) => {
        const run = async (): Promise<DayEnd> => {
          const handle = await startDay(app, { day, ...(force ? { force } : {}) });
          const live = process.stdout.isTTY;
          return await followDay(handle, day, output === 'json' ? 'nothing' : live ? 'live' : 'lines');
        };
        if (!own) await sayIfNobodyPolls(app);
        const end = own ? await withWorker(app, run) : await run();
        if (output === 'json') printJson(end.ok ? end.result : { day, outcome: end.outcome, message: end.message });
        else if (end.ok) for (const text of [...end.result.notes, `${day} ${end.result.outcome}`]) print(text);
        else note(end.message);
        if (!end.ok) process.exitCode = 1;
      }),
    );
