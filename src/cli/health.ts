import { hostname } from 'node:os';
import { Command } from '@commander-js/extra-typings';
import { taskQueue } from '../core/names.js';
import { workflowPollers } from '../io/temporal-pollers.js';
import { withApp } from './context.js';
import { examples, note, print, projectOption } from './output.js';

/** A worker polls at least once a minute; one that missed two polls is stuck or cut off. In milliseconds. */
const SILENT = 150_000;

/** `daybook health`: whether the server has lately heard from a worker on this host. */
export const healthCommand = () =>
  new Command('health')
    .description("Exit code 0 if a worker on this host takes the project's work: for health checks of containers")
    .addOption(projectOption())
    .addHelpText('after', examples(['daybook health', 'what docker-compose.yml asks every minute']))
    .action(({ project }) =>
      withApp({ project }, async (app) => {
        const queue = taskQueue.light(app.project.config.project);
        const here = (await workflowPollers(await app.temporal(), queue)).filter(
          ({ identity, seen }) => identity.endsWith(`@${hostname()}`) && Date.now() - seen.getTime() < SILENT,
        );
        for (const { identity } of here) print(`${identity} polls ${queue}`);
        if (here.length > 0) return;
        note(`No worker on ${hostname()} polls ${queue}. Start one: daybook worker`);
        process.exitCode = 1;
      }),
    );
