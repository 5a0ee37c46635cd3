import { WorkflowIdConflictPolicy, WorkflowIdReusePolicy } from '@temporalio/common';
import type { App } from '../../app.js';
import { command } from '../../shared/commands.js';
import { NO_CHOICE } from '../../shared/inputs/choice.js';
import { taskQueue, workflowId } from '../../shared/names.js';
import type { DayInput } from '../../shared/workflows.js';
import { inputOf } from '../../temporal/client.js';
import { note, typed } from './output.js';

/** A workflow to start: its type, id and input, and what the Web UI shows about it. */
export interface Start {
  type: 'day' | 'backfill' | 'erase';
  workflowId: string;
  input: object;
  summary: string;
  /** Markdown. */
  details: string;
  /** Fields of the input that change what a run does, each with its default. */
  choices?: Readonly<Record<string, unknown>>;
  /** What to do if it is already running; by default, attach to it. */
  conflict?: WorkflowIdConflictPolicy;
}

/** Starts a workflow on the project's task queue; the id of a closed run may be reused. */
export async function startWorkflow(
  app: App,
  { type, workflowId, input, summary, details, choices = {}, conflict = WorkflowIdConflictPolicy.USE_EXISTING }: Start,
) {
  const client = await app.temporal();
  const handle = await client.workflow.start(type, {
    workflowId,
    taskQueue: taskQueue.light(app.project.config.project),
    args: [input],
    workflowIdConflictPolicy: conflict,
    workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
    staticSummary: summary,
    staticDetails: details,
  });
  const differing = differingOptions(choices, input, await inputOf(client, workflowId));
  if (differing.length > 0)
    note(
      `${workflowId} is already running with other options: ${differing.join('; ')}. This follows that run; once it has ended, run the same command again.`,
    );
  return handle;
}

/** Lists the options in which the running workflow differs from the request. */
const differingOptions = (choices: Readonly<Record<string, unknown>>, asked: object, running: unknown): string[] =>
  Object.entries(choices).flatMap(([name, otherwise]) => {
    const [wanted, found] = [asked, running].map(
      (input) => (input as Record<string, unknown> | null)?.[name] ?? otherwise,
    );
    return wanted === found ? [] : [`${name} is ${JSON.stringify(found)}, not ${JSON.stringify(wanted)}`];
  });

/** Starts a day's workflow, or attaches to the one that is running. */
export async function startOrAttachDay(app: App, input: DayInput) {
  const { project } = app.project.config;
  return await startWorkflow(app, {
    type: 'day',
    workflowId: workflowId.day(project, input.day),
    input,
    summary: `${project}, day ${input.day}${input.force ? ', forced' : ''}`,
    details: `Started by hand. To run it again: \`${typed(command.run(input.day))}\``,
    choices: { force: false, rollback: false, compare: false, ...NO_CHOICE },
  });
}
