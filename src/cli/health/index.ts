import { hostname } from 'node:os';
import { command } from '../../shared/commands.js';
import { taskQueue } from '../../shared/names.js';
import { sentence } from '../../shared/sentence.js';
import { workflowPollers } from '../../temporal/pollers.js';
import { withApp, type ProjectOptions } from '../common/context.js';
import type { Output } from '../common/options.js';
import { note, print, printJson } from '../common/output.js';

/** Milliseconds without a poll after which a worker counts as stuck or cut off: it polls at least once a minute. */
const SILENT = 150_000;

/** Prints the workers of this host that have recently polled; exit code 1 if there is none. */
export const checkHealth = ({ project, output }: ProjectOptions & { output: Output }): Promise<void> =>
  withApp({ project }, async (app) => {
    const queue = taskQueue.light(app.project.config.project);
    const here = (await workflowPollers(await app.temporal(), queue)).filter(
      ({ identity, seen }) => identity.endsWith(`@${hostname()}`) && Date.now() - seen.getTime() < SILENT,
    );
    if (output === 'json')
      printJson({
        ok: here.length > 0,
        host: hostname(),
        queue,
        workers: here.map(({ identity, seen }) => ({ identity, seen: seen.toISOString() })),
      });
    else for (const { identity } of here) print(`${identity} polls ${queue}`);
    if (here.length > 0) return;
    note(sentence(`No worker on ${hostname()} polls ${queue}. Start one: `, command.worker()));
    process.exitCode = 1;
  });
