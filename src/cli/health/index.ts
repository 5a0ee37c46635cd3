import { hostname } from 'node:os';
import { taskQueue } from '../../shared/names.js';
import { workflowPollers } from '../../temporal/pollers.js';
import { withApp, type ProjectOptions } from '../common/context.js';
import { note, print } from '../common/output.js';

/** Milliseconds without a poll after which a worker counts as stuck or cut off: it polls at least once a minute. */
const SILENT = 150_000;

/** Prints the workers of this host that have recently polled; exit code 1 if there is none. */
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
