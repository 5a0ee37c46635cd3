import { defineSearchAttributeKey } from '@temporalio/common';
import {
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
import { firstActivities } from './options.js';
import { attribute } from './story.js';

/** When the schedule meant this run to start: backfilled, triggered and caught-up runs keep the time that they stand for. */
const NOMINAL_START = defineSearchAttributeKey('TemporalScheduledStartTime', 'DATETIME');

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
  ]);
  const days: NightlyResult['days'] = [];
  for (const late of night.late) days.push(await runDay(night.project, { day: late }));
  days.push(await runDay(night.project, { day: night.day, wait: input.day === undefined }));
  setCurrentDetails(nightOf(days));
  return { day: night.day, days };
}

async function runDay(project: string, input: DayInput): Promise<NightlyResult['days'][number]> {
  try {
    const { outcome } = await executeChild(dayWorkflow, {
      workflowId: workflowId.day(project, input.day),
      args: [input],
      staticSummary: `day ${input.day}`,
      // A cancelled night takes its day with it, and waits until the day has cleaned up.
      parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
    });
    return { day: input.day, outcome, reason: '' };
  } catch (error) {
    if (isCancellation(error)) throw error;
    return { day: input.day, outcome: 'failed', reason: rootCause(error) ?? String(error) };
  }
}
