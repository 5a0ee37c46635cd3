import type { App } from '../../app.js';
import { passing } from '../../errors.js';
import { createLogger } from '../../log.js';
import { command } from '../../shared/commands.js';
import { taskQueue } from '../../shared/names.js';
import { sentence } from '../../shared/sentence.js';
import { pollers } from '../../temporal/pollers.js';
import { note } from './output.js';

/** Runs `use` with a worker in this process. Throws if the worker stops on its own. */
export async function withWorker<T>(app: App, use: () => Promise<T>): Promise<T> {
  const log = createLogger({ ...app.env.log, level: 'warn' });
  const { installRuntime, startWorker } = await import('../../worker.js');
  // The command itself prints how its run failed.
  installRuntime(log, { failedRuns: false });
  const worker = await startWorker({ app, log });
  const ended = worker.done.then((): never => {
    throw passing(
      sentence('The worker in this process stopped on its own. The workflow waits for another one: ', command.worker()),
    );
  });
  try {
    return await Promise.race([use(), ended]);
  } finally {
    await worker.stop();
  }
}

/** Warns if no worker polls the project's queue, because the workflow would wait for one without a timeout. */
export async function warnIfNoWorker(
  app: App,
  what = 'the day',
  otherwise = ' (or run this with --with-worker)',
): Promise<void> {
  const queue = taskQueue.light(app.project.config.project);
  const { workflows } = await pollers(await app.temporal(), queue);
  if (workflows === 0)
    note(
      sentence(
        `No worker polls ${queue}: ${what} waits for one. Start one in another terminal: `,
        command.worker(),
        otherwise,
      ),
    );
}
