import type { Dependencies } from '../../src/step/dependencies.js';
import type { Answer } from '../../src/step/step.js';
import { isRunning } from '../../src/temporal/client.js';

export interface LookInput {
  /** Ids of workflows that were found running. */
  workflowIds: string[];
}

export interface LookResult {
  /** Those of them that run no longer. */
  ended: string[];
  ms: number;
}

/**
 * Looks once which of some workflows have ended. Their caller sleeps between two looks, so that waiting for other runs, however
 * many and however long, holds no slot of the worker.
 */
export async function look(deps: Dependencies, { workflowIds }: LookInput): Answer<LookResult> {
  const client = await deps.temporal();
  const running = await Promise.all(workflowIds.map((id) => isRunning(client, id)));
  return { ended: workflowIds.filter((_, index) => !running[index]) };
}
