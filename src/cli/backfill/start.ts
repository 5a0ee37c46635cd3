import type { App } from '../../app.js';
import { command } from '../../shared/commands.js';
import { CONCURRENCY } from '../../shared/inputs/backfill.js';
import { NO_CHOICE } from '../../shared/inputs/choice.js';
import { workflowId } from '../../shared/names.js';
import type { BackfillInput } from '../../shared/workflows.js';
import { typed } from '../common/output.js';
import { startWorkflow } from '../common/start.js';

/** Starts a range's workflow, or attaches to the one that runs. */
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
      // Who does not say how many takes what there is.
      ...(input.concurrency === undefined ? {} : { concurrency: CONCURRENCY }),
    },
    details: `Started by hand. Once more, which does only what is left: \`${typed(command.backfill(start, end))}\``,
  });
}
