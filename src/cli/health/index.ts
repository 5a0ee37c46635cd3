import { hostname } from 'node:os';
import { taskQueue } from '../../shared/names.js';
import { workflowPollers } from '../../temporal/pollers.js';
import { withApp, type ProjectOptions } from '../common/context.js';
import { note, print } from '../common/output.js';

/** A worker polls at least once a minute; one that missed two polls is stuck or cut off. In milliseconds. */
const SILENT = 150_000;

/** Prints the workers of this host that the server has lately heard from; exit code 1 where there is none. */
export const checkHealth = (options: ProjectOptions): Promise<void> =>
  withApp(options, async (app) => {
    const queue = taskQueue.light(app.project.config.project);
    const here = (await workflowPollers(await app.temporal(), queue)).filter(
      ({ identity, seen }) => identity.endsWith(`@${hostname()}`) && Date.now() - seen.getTime() < SILENT,
    );
    for (const { identity } of here) print(`${identity} polls ${queue}`);
    if (here.length > 0) return;
    note(`No worker on ${hostname()} polls ${queue}. Start one: daybook worker`);
    process.exitCode = 1;
  });
