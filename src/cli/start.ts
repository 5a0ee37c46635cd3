import { WorkflowIdConflictPolicy, WorkflowIdReusePolicy } from '@temporalio/common';
import type { App } from '../app.js';
import { taskQueue } from '../core/names.js';

/** What a command starts: its type and id, its input, and what the Web UI shows of it. */
export interface Start {
  type: 'day' | 'backfill';
  workflowId: string;
  input: object;
  summary: string;
  /** Markdown. */
  details?: string;
  /** What happens where it runs already; the default attaches to it. */
  conflict?: WorkflowIdConflictPolicy;
}

/** Starts a workflow of the project on its own queue; an id whose run has ended may be used again. */
export async function startWorkflow(
  app: App,
  { type, workflowId, input, summary, details, conflict = WorkflowIdConflictPolicy.USE_EXISTING }: Start,
) {
  const client = await app.temporal();
  return await client.workflow.start(type, {
    workflowId,
    taskQueue: taskQueue.light(app.project.config.project),
    args: [input],
    workflowIdConflictPolicy: conflict,
    workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
    staticSummary: summary,
    ...(details === undefined ? {} : { staticDetails: details }),
  });
}
