import { ApplicationFailure, ChildWorkflowFailure, WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  CancellationScope,
  isCancellation,
  ParentClosePolicy,
  patched,
  rootCause,
  startChild,
  workflowInfo,
  type ChildWorkflowHandle,
} from '@temporalio/workflow';
import { workflowId } from '../src/shared/names.js';
import type { DayEnded, DayFailure, DayInput, DayResult } from '../src/shared/workflows.js';
import { throwIfBug } from './bugs.js';
import { day as dayWorkflow } from './day.js';
import { patientActivities } from './options.js';
import type { OtherRuns } from './other-runs.js';
import { startedBy, summary } from './words.js';

/** Runs from before this change hold a slot of their worker until the other day has ended. */
const LOOKS = 'look-at-other-runs';

/** A day that this workflow has started. */
export type StartedDay = ChildWorkflowHandle<typeof dayWorkflow>;

/**
 * Runs a day as a workflow of its own, under the id that people use too. Where somebody else started it, it is awaited first; then
 * the ledger says whether anything is left to do. Its failure is an answer, not an error; only a cancelled caller throws.
 *
 * @param onStart is called with each start, of which there may be several: see above.
 */
export async function runDay(
  { project, others }: { project: string; others: OtherRuns },
  input: DayInput,
  onStart: (child: StartedDay) => void = () => undefined,
): Promise<DayEnded> {
  const { day } = input;
  const id = workflowId.day(project, day);
  try {
    for (;;) {
      const result = await startDay(id, input, onStart);
      if (result) return { day, outcome: result.outcome, reason: '', failure: null, result };
      if (patched(LOOKS)) await others.ended(day, id);
      else await patientActivities().attend.executeWithOptions({ summary: summary.attend(day) }, [{ workflowId: id }]);
    }
  } catch (error) {
    throwIfBug(error);
    // Who cancels the caller means all of it; who cancels one of its days means that day.
    if (CancellationScope.current().consideredCancelled) throw error;
    const outcome = isCancellation(error) ? 'cancelled' : 'failed';
    return { day, outcome, reason: rootCause(error) ?? String(error), failure: failureOf(error), result: null };
  }
}

/** Null where the day is running already. */
async function startDay(id: string, input: DayInput, onStart: (child: StartedDay) => void): Promise<DayResult | null> {
  const { workflowId: parent } = workflowInfo();
  try {
    const child = await startChild(dayWorkflow, {
      workflowId: id,
      args: [input],
      staticSummary: summary.day(input.day),
      staticDetails: startedBy(parent, input.day),
      // A cancelled caller takes its day with it, and waits until the day has cleaned up.
      parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
    });
    onStart(child);
    return await child.result();
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return null;
    throw error;
  }
}

/** What a failed day keeps beside its message. */
const failureOf = (error: unknown): DayFailure | null =>
  error instanceof ChildWorkflowFailure && error.cause instanceof ApplicationFailure && error.cause.type === 'DayFailed'
    ? ((error.cause.details as [DayFailure] | undefined)?.[0] ?? null)
    : null;
