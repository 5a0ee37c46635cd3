import { Command } from '@commander-js/extra-typings';
import { examples, outputOption, projectOption } from '../common/options.js';

/** `daybook health`: whether the server has lately heard from a worker on this host. */
export const healthCommand = () =>
  new Command('health')
    .description("Exit code 0 if a worker on this host takes the project's work: for health checks of containers")
    .addOption(projectOption())
    .addOption(outputOption())
    .addHelpText('after', examples(['daybook health', 'what docker-compose.yml asks every minute']))
    .action(async (options) => {
      const { checkHealth } = await import('./index.js');
      await checkHealth(options);
    });
