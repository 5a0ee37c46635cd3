import { Command } from '@commander-js/extra-typings';
import { examples, projectOption } from '../common/options.js';

/** Defines `daybook worker`, which runs until it gets a signal. */
export const workerCommand = () =>
  new Command('worker')
    .description('Run a worker, which executes workflows and activities. Any number of workers may run at once')
    .addOption(projectOption())
    .addHelpText(
      'after',
      examples(['daybook worker'], ['LOG_FORMAT=json daybook worker --project /srv/shop', 'as a service']),
    )
    .action(async (options) => {
      const { work } = await import('./index.js');
      await work(options);
    });
