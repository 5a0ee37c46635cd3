import { WorkflowIdConflictPolicy, WorkflowIdReusePolicy } from '@temporalio/common';
import type { App } from '../../app.js';
import { command } from '../../shared/commands.js';
import { NO_CHOICE } from '../../shared/inputs/choice.js';
import { taskQueue, workflowId } from '../../shared/names.js';
import type { DayInput } from '../../shared/workflows.js';
import { inputOf } from '../../temporal/client.js';
import { note, typed } from './output.js';
import { assertDays } from './wanted.js';

/** What a command starts: its type and id, its input, and what the Web UI shows of it. */
export interface Start {
  type: 'day' | 'backfill';
  workflowId: string;
  input: object;
  summary: string;
  /** Markdown. */
  details: string;
  /** What of the input makes another run of it; the default of each, where it is left out. */
  choices?: Readonly<Record<string, unknown>>;
  /** What happens where it runs already; the default attaches to it. */
  conflict?: WorkflowIdConflictPolicy;
}

/** Starts a workflow of the project on its own queue; an id whose run has ended may be used again. */
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
  const differing = otherChoices(choices, input, await inputOf(client, workflowId));
  if (differing.length > 0)
    note(
      `${workflowId} runs already, and not as asked: ${differing.join('; ')}. What follows is that run's; when it has ended, the same command starts another.`,
    );
  return handle;
}

/** What was asked for otherwise than it runs, by name. */
const otherChoices = (choices: Readonly<Record<string, unknown>>, asked: object, running: unknown): string[] =>
  Object.entries(choices).flatMap(([name, otherwise]) => {
    const [wanted, found] = [asked, running].map(
      (input) => (input as Record<string, unknown> | null)?.[name] ?? otherwise,
    );
    return wanted === found ? [] : [`${name} is ${JSON.stringify(found)}, asked for was ${JSON.stringify(wanted)}`];
  });

/** Starts a day's workflow, or attaches to the one that runs. */
export async function startDay(app: App, input: DayInput) {
  const { project } = app.project.config;
  assertDays(app, input.day);
  return await startWorkflow(app, {
    type: 'day',
    workflowId: workflowId.day(project, input.day),
    input,
    summary: `${project}, day ${input.day}${input.force ? ', forced' : ''}`,
    details: `Started by hand. Once more: \`${typed(command.run(input.day))}\``,
    choices: { force: false, rollback: false, compare: false, ...NO_CHOICE },
  });
}
