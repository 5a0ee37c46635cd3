import { ApplicationFailure, ChildWorkflowFailure, WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  CancellationScope,
  isCancellation,
  ParentClosePolicy,
  patched,
  startChild,
  workflowInfo,
  type ChildWorkflowHandle,
} from '@temporalio/workflow';
import { rootText } from '../src/errors.js';
import { workflowId } from '../src/shared/names.js';
import type { DayEnded, DayFailure, DayInput, DayResult } from '../src/shared/workflows.js';
import { day as dayWorkflow } from './day/index.js';
import { throwIfBug } from './failures.js';
import { patientActivities } from './options.js';
import type { OtherRuns } from './other-runs.js';
import { startedBy, summary } from './text.js';

/** Runs from before this change hold a slot of their worker until the other day has ended. */
const LOOKS = 'look-at-other-runs';

/** A day that this workflow has started. */
export type StartedDay = ChildWorkflowHandle<typeof dayWorkflow>;

/**
 * Runs a day as a child workflow, under the same id as when a person runs it. If the day is running already, that run is awaited
 * first; then the day is started again, and the ledger says whether anything is left to do. Returns a failure as a value; throws
 * only if the caller is cancelled.
 *
 * @param onStart called with each child that was started.
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
    // A cancelled caller ends; a cancelled child ends only that day.
    if (CancellationScope.current().consideredCancelled) throw error;
    const outcome = isCancellation(error) ? 'cancelled' : 'failed';
    return { day, outcome, reason: rootText(error), failure: dayFailureOf(error), result: null };
  }
}

/** Starts the day and awaits it; null if the day is running already. */
async function startDay(id: string, input: DayInput, onStart: (child: StartedDay) => void): Promise<DayResult | null> {
  const { workflowId: parent } = workflowInfo();
  try {
    const child = await startChild(dayWorkflow, {
      workflowId: id,
      args: [input],
      staticSummary: summary.day(input.day),
      staticDetails: startedBy(parent, input.day),
      // A cancelled caller cancels its day too, and waits for the day's cleanup.
      parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
    });
    onStart(child);
    return await child.result();
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return null;
    throw error;
  }
}

/** Returns the details of a failed day's error. */
const dayFailureOf = (error: unknown): DayFailure | null =>
  error instanceof ChildWorkflowFailure && error.cause instanceof ApplicationFailure && error.cause.type === 'DayFailed'
    ? ((error.cause.details as [DayFailure] | undefined)?.[0] ?? null)
    : null;
