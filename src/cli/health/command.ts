import { Command } from '@commander-js/extra-typings';
import { examples, outputOption, projectOption } from '../common/options.js';

/** Defines `daybook health`, which checks that a worker on this host has recently polled the server. */
export const healthCommand = () =>
  new Command('health')
    .description("Exit with 0 if a worker on this host polls the project's queue: for container health checks")
    .addOption(projectOption())
    .addOption(outputOption())
    .addHelpText('after', examples(['daybook health', 'docker-compose.yml runs it every minute']))
    .action(async (options) => {
      const { checkHealth } = await import('./index.js');
      await checkHealth(options);
    });
