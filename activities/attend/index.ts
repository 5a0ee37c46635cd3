import type { Outcome } from '../../src/shared/workflows.js';
import type { Dependencies } from '../../src/step/dependencies.js';
import type { Answer, Step } from '../../src/step/step.js';
import { closeOf } from '../../src/temporal/client.js';

export interface AttendInput {
  /** Id of the day's running workflow. */
  workflowId: string;
}

export interface AttendResult {
  outcome: Outcome;
  ms: number;
}

/**
 * Waits until a day that another run started has ended, and returns its outcome. The caller then starts the day again, which costs
 * one listing if nothing is left to do.
 */
export async function attend(deps: Dependencies, { workflowId }: AttendInput, step: Step): Answer<AttendResult> {
  const end = await closeOf<{ outcome: Outcome }>(await deps.temporal(), workflowId, step.signal);
  return { outcome: end.ok ? end.result.outcome : end.outcome };
}
