import { Command } from '@commander-js/extra-typings';
import { createLogger } from '../log.js';
import { withApp } from './context.js';
import { examples, projectOption } from './output.js';

export const workerCommand = () =>
  new Command('worker')
    .description('Run a worker: it carries the days out. Any number of them may run side by side')
    .addOption(projectOption())
    .addHelpText(
      'after',
      examples(['daybook worker'], ['LOG_FORMAT=json daybook worker --project /srv/shop', 'as a service']),
    )
    .action(({ project }) =>
      withApp({ project }, async (app) => {
        const log = createLogger(app.env.log);
        const { installRuntime, startWorker } = await import('../worker.js');
        installRuntime(log);
        const worker = await startWorker({ app, log });
        const stop = (signal: string) => {
          log.info({ signal }, 'stopping: running activities may end first');
          void worker.stop();
        };
        process.once('SIGINT', stop).once('SIGTERM', stop);
        await worker.done;
        log.info('worker has stopped');
      }),
    );
