import { ApplicationFailure, defineSearchAttributeKey } from '@temporalio/common';
import {
  isCancellation,
  log,
  rootCause,
  setCurrentDetails,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { SurveyResult } from '../activities/survey/index.js';
import { commandsIn, TRIGGER } from '../src/shared/commands.js';
import { lookedBackOn } from '../src/shared/lookback.js';
import type { DayEnded, DayInput, NightlyInput, NightlyResult } from '../src/shared/workflows.js';
import { alertOf, warningOf } from './alert-of.js';
import { openAlerts, type Alerts } from './alerts.js';
import { throwIfBug } from './bugs.js';
import { assertInput } from './input.js';
import {
  differencesTold,
  nightFailure,
  nightNotBegun,
  nightOf,
  notesOf,
  notVerified,
  stoppedBy,
} from './nightly-words.js';
import { briefActivities, checkActivities, firstActivities } from './options.js';
import { watchOtherRuns } from './other-runs.js';
import { attribute } from './progress.js';
import { runDay } from './run-day.js';
import { summary } from './words.js';

/** When the schedule meant this run to start: backfilled, triggered and caught-up runs keep the time that they stand for. */
const NOMINAL_START = defineSearchAttributeKey('TemporalScheduledStartTime', 'DATETIME');

/**
 * The target of the schedule. Looks at the late days again and builds what is stale, oldest first, where an unchanged day costs
 * one listing; then it builds yesterday. Each day is a workflow of its own, under the id that people and backfills use too. A day
 * that fails stops only those that look back on it; then the night fails as well, once everything else is built. Last, what readers
 * have is held against the ledger: a difference fails the night too.
 */
export async function nightly(input: NightlyInput = {}): Promise<NightlyResult> {
  assertInput('nightly', input);
  const night = await surveyNight(input);
  const alerts = openAlerts(night.alerts);
  try {
    const days = await runDays(night, alerts);
    const differences = await verifyNight(night, alerts);
    await sweepOld();
    const notes = [...days.flatMap(notesOf), ...(await auditNight(night, days))];
    setCurrentDetails(nightOf(days, [...differences, ...notes]));
    if (notes.length > 0) alerts.tell(warningOf(night.day, notes));
    const result = end(night.day, days, { notes, differences });
    await alerts.delivered();
    return result;
  } catch (error) {
    throwIfBug(error);
    if (isCancellation(error)) upsertSearchAttributes([{ key: attribute.outcome, value: 'cancelled' }]);
    // Also of a night that is cancelled: what failed before that is no less worth telling.
    await alerts.delivered();
    throw error;
  }
}

/** Which days the night is for. Where not even that can be said, people hear of it. */
async function surveyNight(input: NightlyInput): Promise<SurveyResult> {
  const nominal = workflowInfo().typedSearchAttributes.get(NOMINAL_START) ?? workflowInfo().runStartTime;
  try {
    const night = await firstActivities().survey.executeWithOptions({ summary: summary.survey() }, [
      { day: input.day ?? null, nominal: nominal.toISOString() },
    ]);
    upsertSearchAttributes([
      { key: attribute.project, value: night.project },
      { key: attribute.day, value: night.day },
      { key: attribute.kind, value: 'nightly' },
      { key: attribute.outcome, value: 'running' },
    ]);
    return night;
  } catch (error) {
    throwIfBug(error);
    const cancelled = isCancellation(error);
    upsertSearchAttributes([
      { key: attribute.kind, value: 'nightly' },
      { key: attribute.outcome, value: cancelled ? 'cancelled' : 'failed' },
    ]);
    if (cancelled) throw error;
    const alerts = openAlerts(true);
    const reason = rootCause(error) ?? String(error);
    alerts.tell({ kind: 'failed', day: input.day ?? '', step: 'survey', reason, next: [TRIGGER] });
    await alerts.delivered();
    throw ApplicationFailure.nonRetryable(nightNotBegun(reason), 'NightFailed');
  }
}

/** The days in ascending order, each telling how it ended as soon as it has. */
async function runDays(night: SurveyResult, alerts: Alerts): Promise<DayEnded[]> {
  const days: DayEnded[] = [];
  const of = { project: night.project, others: watchOtherRuns() };
  for (const day of [...night.late, ...(night.early ? [] : [night.day])]) {
    const bad = days.flatMap((one) => (one.result === null ? [one.day] : []));
    const missed = lookedBackOn(day, night.looksBack, bad);
    const wasBad = night.bad.includes(day);
    const ended =
      missed.length > 0 ? stopped(day, missed) : await runDay(of, { day, ...readiness(night, day, wasBad) });
    days.push(ended);
    setCurrentDetails(nightOf(days));
    alerts.tell(alertOf(ended, wasBad));
  }
  return days;
}

/**
 * Yesterday waits for its sources. A late day that is not good yet is built only if they are complete by now: what missed its
 * deadline must not pass for whole a day later. What is published was complete once, and is rebuilt with whatever came since.
 */
function readiness({ day: yesterday, wait }: SurveyResult, day: string, wasBad: boolean): Partial<DayInput> {
  if (day === yesterday) return wait ? { wait } : {};
  return wasBad ? { complete: true } : {};
}

/** What the night leaves to people. Not knowing it is no reason to call a good night a bad one. */
async function auditNight({ day }: SurveyResult, days: readonly DayEnded[]): Promise<string[]> {
  const failed = days.flatMap((one) => (one.result === null ? [one.day] : []));
  try {
    const { notes } = await briefActivities().audit.executeWithOptions({ summary: summary.audit() }, [{ day, failed }]);
    return notes;
  } catch (error) {
    throwIfBug(error);
    if (isCancellation(error)) throw error;
    return [`What is missing or stale could not be asked: ${rootCause(error) ?? String(error)}`];
  }
}

/** A day that looks back on one that is not good is not begun: it would be made from what is about to change, or is not there. */
function stopped(day: string, missed: readonly string[]): DayEnded {
  const reason = stoppedBy(day, missed);
  return { day, outcome: 'failed', reason, failure: { step: 'lookback', type: '', reason }, result: null };
}

/**
 * Whether readers have what was published, of all days that the night looked at. Where that can't be said,
 * the night is not a good one either.
 *
 * @returns what differs, one sentence each.
 */
async function verifyNight({ day, late }: SurveyResult, alerts: Alerts): Promise<string[]> {
  const first = late[0] ?? day;
  try {
    const { differences, found } = await checkActivities().verify.executeWithOptions(
      { summary: summary.verify(first, day) },
      [{ first, last: day }],
    );
    if (found === 0) return [];
    const told = differencesTold(differences, found);
    alerts.tell({ kind: 'failed', day, step: 'verify', reason: told.join('\n'), next: commandsIn(told.join('\n')) });
    return told;
  } catch (error) {
    throwIfBug(error);
    if (isCancellation(error)) throw error;
    const reason = notVerified(rootCause(error) ?? String(error), first, day);
    alerts.tell({ kind: 'failed', day, step: 'verify', reason, next: commandsIn(reason) });
    return [reason];
  }
}

/** What failed days and replaced ones have left behind goes when it is old; what could not go tonight goes tomorrow. */
async function sweepOld(): Promise<void> {
  try {
    await checkActivities().sweep.executeWithOptions({ summary: summary.sweepOld() }, [{ day: null }]);
  } catch (error) {
    throwIfBug(error);
    if (isCancellation(error)) throw error;
    log.warn('what is old was not swept', { reason: rootCause(error) });
  }
}

/** A night with a failed day must not look like a good one; what it did is kept beside the message. */
function end(
  day: string,
  days: readonly DayEnded[],
  { notes, differences }: Pick<NightlyResult, 'notes' | 'differences'>,
): NightlyResult {
  const told: NightlyResult = {
    day,
    days: days.map(({ day: of, outcome, reason }) => ({ day: of, outcome, reason })),
    notes,
    differences,
  };
  const failed = differences.length > 0 || days.some(({ outcome }) => outcome === 'failed');
  const outcome = failed ? 'failed' : (days.at(-1)?.outcome ?? 'unchanged');
  upsertSearchAttributes([{ key: attribute.outcome, value: outcome }]);
  if (failed) throw ApplicationFailure.nonRetryable(nightFailure(days, differences), 'NightFailed', told);
  return told;
}
