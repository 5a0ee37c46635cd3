import type { App } from '../../app.js';
import { command } from '../../shared/commands.js';
import { CONCURRENCY } from '../../shared/inputs/backfill.js';
import { NO_CHOICE } from '../../shared/inputs/choice.js';
import { workflowId } from '../../shared/names.js';
import type { BackfillInput } from '../../shared/workflows.js';
import { typed } from '../common/output.js';
import { startWorkflow } from '../common/start.js';

/** Starts the workflow of a range, or attaches to the one that is running. */
export async function startBackfill(app: App, input: BackfillInput) {
  const { project } = app.project.config;
  const { start, end } = input;
  return await startWorkflow(app, {
    type: 'backfill',
    workflowId: workflowId.backfill(project, start, end),
    input,
    summary: `${project}, ${start} to ${end}`,
    choices: {
      ...{ reprocess: 'none', force: false, failFast: false, ...NO_CHOICE },
      // Without --concurrency, a running backfill keeps its own.
      ...(input.concurrency === undefined ? {} : { concurrency: CONCURRENCY }),
    },
    details: `Started by hand. To build what is left: \`${typed(command.backfill(start, end))}\``,
  });
}
