import { defineSearchAttributeKey, WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  CancellationScope,
  executeChild,
  isCancellation,
  ParentClosePolicy,
  rootCause,
  setCurrentDetails,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { DayInput, NightlyInput, NightlyResult } from '../src/core/messages.js';
import { workflowId } from '../src/core/names.js';
import { nightOf, summary } from '../src/core/words.js';
import { day as dayWorkflow } from './day.js';
import { firstActivities, patientActivities } from './options.js';
import { attribute } from './story.js';

/** When the schedule meant this run to start: backfilled, triggered and caught-up runs keep the time that they stand for. */
const NOMINAL_START = defineSearchAttributeKey('TemporalScheduledStartTime', 'DATETIME');

type Ended = NightlyResult['days'][number];

/**
 * The target of the schedule. Looks at the late days again, oldest first, where an unchanged day costs one listing; then builds
 * yesterday. Each day is a workflow of its own, under the id that people and backfills use too, and one day's failure does not
 * stop the others.
 */
export async function nightly(input: NightlyInput = {}): Promise<NightlyResult> {
  const nominal = workflowInfo().typedSearchAttributes.get(NOMINAL_START) ?? workflowInfo().runStartTime;
  const night = await firstActivities().survey.executeWithOptions({ summary: summary.survey() }, [
    { day: input.day ?? null, nominal: nominal.toISOString() },
  ]);
  upsertSearchAttributes([
    { key: attribute.project, value: night.project },
    { key: attribute.day, value: night.day },
    { key: attribute.kind, value: 'nightly' },
    { key: attribute.outcome, value: 'running' },
  ]);
  const days: Ended[] = [];
  const end = (day: Ended) => {
    days.push(day);
    setCurrentDetails(nightOf(days));
  };
  for (const late of night.late) end(await runDay(night.project, { day: late }));
  const last = await runDay(night.project, { day: night.day, wait: input.day === undefined });
  end(last);
  // A failed late day would be lost behind a good yesterday.
  const outcome = days.find((one) => one.outcome === 'failed')?.outcome ?? last.outcome;
  upsertSearchAttributes([{ key: attribute.outcome, value: outcome }]);
  return { day: night.day, days };
}

/** Runs a day. Where somebody else started it, it is awaited first; then the ledger says whether anything is left to do. */
async function runDay(project: string, input: DayInput): Promise<Ended> {
  const id = workflowId.day(project, input.day);
  try {
    for (;;) {
      const outcome = await startDay(id, input);
      if (outcome !== 'running') return { day: input.day, outcome, reason: '' };
      await patientActivities().attend.executeWithOptions({ summary: summary.attend(input.day) }, [{ workflowId: id }]);
    }
  } catch (error) {
    // Who cancels the night means all of it; who cancels one of its days means that day.
    if (CancellationScope.current().consideredCancelled) throw error;
    const outcome = isCancellation(error) ? 'cancelled' : 'failed';
    return { day: input.day, outcome, reason: rootCause(error) ?? String(error) };
  }
}

async function startDay(id: string, input: DayInput): Promise<Ended['outcome'] | 'running'> {
  try {
    const { outcome } = await executeChild(dayWorkflow, {
      workflowId: id,
      args: [input],
      staticSummary: `day ${input.day}`,
      // A cancelled night takes its day with it, and waits until the day has cleaned up.
      parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
    });
    return outcome;
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return 'running';
    throw error;
  }
}
