import { isDeepStrictEqual } from 'node:util';
import { WorkflowIdConflictPolicy, WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import type { App } from '../../app.js';
import { final } from '../../errors.js';
import { command, type Command } from '../../shared/commands.js';
import { workflowId } from '../../shared/names.js';
import { sentence } from '../../shared/sentence.js';
import type { DayInput } from '../../shared/workflows.js';
import { inputOf } from '../../temporal/client.js';
import { followDay, type DayEnd } from './follow/follow.js';
import { typed } from './output.js';
import { startWorkflow } from './start.js';
import { warnIfNoWorker, withWorker } from './worker.js';

/**
 * Starts a day's workflow for something other than a build, waits for its end and prints its steps.
 *
 * A run that is already running for the same request is followed instead.
 *
 * @param options `again` is the command that repeats it
 * @throws a final DayRunning if the day is already running for something else
 */
export async function runExclusive(
  app: App,
  input: DayInput,
  { what, own, quiet, again }: { what: string; own: boolean; quiet: boolean; again: Command },
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
      if (!own) await warnIfNoWorker(app);
      return await followDay(handle, day, { show: quiet ? 'nothing' : 'lines', again });
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      const client = await app.temporal();
      const id = workflowId.day(project, day);
      if (isSame(input, await inputOf(client, id)))
        return await followDay(client.workflow.getHandle(id), day, { show: quiet ? 'nothing' : 'lines', again });
      throw final(
        'DayRunning',
        sentence(
          `${day} is already running, so its ${what} cannot start. Wait for its end, then try again. To follow it: `,
          command.run(day),
        ),
      );
    }
  };
  return own ? await withWorker(app, run) : await run();
}

/** True where both ask for the same; why they do may differ. */
const isSame = (asked: DayInput, running: unknown): boolean => {
  const wish = (input: object) => Object.fromEntries(Object.entries(input).filter(([key]) => key !== 'reason'));
  return typeof running === 'object' && running !== null && isDeepStrictEqual(wish(asked), wish(running));
};
