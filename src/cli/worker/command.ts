import { Command } from '@commander-js/extra-typings';
import { examples, projectOption } from '../common/options.js';

/** `daybook worker`: runs until a signal ends it. */
export const workerCommand = () =>
  new Command('worker')
    .description('Run a worker: it carries the days out. Any number of them may run side by side')
    .addOption(projectOption())
    .addHelpText(
      'after',
      examples(['daybook worker'], ['LOG_FORMAT=json daybook worker --project /srv/shop', 'as a service']),
    )
    .action(async (options) => {
      const { work } = await import('./index.js');
      await work(options);
    });
