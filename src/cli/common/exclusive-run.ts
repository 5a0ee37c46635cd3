import { WorkflowIdConflictPolicy, WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import type { App } from '../../app.js';
import { final } from '../../errors.js';
import { command } from '../../shared/commands.js';
import { workflowId } from '../../shared/names.js';
import { sentence } from '../../shared/sentence.js';
import type { DayInput } from '../../shared/workflows.js';
import { followDay, type DayEnd } from './follow.js';
import { typed } from './output.js';
import { startWorkflow } from './start.js';
import { warnIfNoWorker, withWorker } from './worker.js';

/**
 * Starts a day's workflow for something other than a build, waits for its end and prints its steps.
 *
 * @throws a final DayRunning if the day is already running, since that run does something else
 */
export async function runExclusive(
  app: App,
  input: DayInput,
  { what, own, quiet }: { what: string; own: boolean; quiet: boolean },
): Promise<DayEnd> {
  const { day } = input;
  const { project } = app.project.config;
  const run = async () => {
    try {
      const handle = await startWorkflow(app, {
        type: 'day',
        workflowId: workflowId.day(project, day),
        input,
        summary: `${project}, ${what} of ${day}`,
        details: `Started by hand, for a ${what}. To see the day: \`${typed(command.statusOf(day))}\``,
        conflict: WorkflowIdConflictPolicy.FAIL,
      });
      return await followDay(handle, day, quiet ? 'nothing' : 'lines');
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      throw final(
        'DayRunning',
        sentence(
          `${day} is already running, so its ${what} cannot start. Wait for its end, then try again. To follow it: `,
          command.run(day),
        ),
      );
    }
  };
  if (own) return await withWorker(app, run);
  await warnIfNoWorker(app);
  return await run();
}
