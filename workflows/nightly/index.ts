import { defineSearchAttributeKey } from '@temporalio/common';
import { isCancellation, setCurrentDetails, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import type { AlertInput } from '../../activities/alert/index.js';
import type { SurveyResult } from '../../activities/survey/index.js';
import { failedBy, rootText } from '../../src/errors.js';
import { command } from '../../src/shared/commands.js';
import { lookedBackOn } from '../../src/shared/lookback.js';
import { commandsIn, joinTexts, plain, sentence, type Text } from '../../src/shared/sentence.js';
import type { DayEnded, DayInput, NightlyInput, NightlyResult } from '../../src/shared/workflows.js';
import { attribute } from '../day/progress.js';
import { throwIfBug } from '../failures.js';
import { assertInput } from '../input.js';
import { briefActivities, checkActivities, firstActivities } from '../options.js';
import { watchOtherRuns } from '../other-runs.js';
import { runDay } from '../run-day.js';
import { sweepOld } from '../sweep-old.js';
import { summary } from '../text.js';
import { alertOf, warningOf } from './alert-of.js';
import { openAlerts, type Alerts } from './alerts.js';
import {
  differenceLines,
  nightlyFailure,
  nightlyNotStarted,
  nightlyTable,
  notesOf,
  notVerified,
  stoppedBy,
} from './text.js';

/** The time at which the schedule meant this run to start; triggered, backfilled and catch-up runs have one too. */
const NOMINAL_START = defineSearchAttributeKey('TemporalScheduledStartTime', 'DATETIME');

/**
 * Runs for the schedule. Reprocesses late days and builds what is stale, oldest first (an unchanged day costs one listing), then
 * builds yesterday. Each day is a child workflow under the same id as when a person runs it. A failed day stops only the days that
 * look back on it; the nightly run then fails too, once everything else is built. Last, what readers have is compared with the
 * ledger: a difference fails the nightly run as well.
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
    setCurrentDetails(nightlyTable(days, [...differences, ...notes]));
    if (notes.length > 0) alerts.send(warningOf(night.day, notes));
    const result = nightEnd(night.day, days, { notes, differences });
    await alerts.delivered();
    return result;
  } catch (error) {
    throwIfBug(error);
    if (isCancellation(error)) upsertSearchAttributes([{ key: attribute.outcome, value: 'cancelled' }]);
    // Also if the run is cancelled: what failed before that is still worth a message.
    await alerts.delivered();
    throw error;
  }
}

/** Determines which days the run is for. Sends an alert if even that fails. */
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
    const reason = rootText(error);
    alerts.send({
      ...{ kind: 'failed', day: input.day ?? '', step: 'survey' },
      ...{ reason: plain(reason), next: [command.schedule('trigger')] },
    });
    await alerts.delivered();
    throw failedBy('NightFailed', nightlyNotStarted(reason));
  }
}

/** Runs the days in ascending order and sends the alert of each as soon as it has ended. */
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
    setCurrentDetails(nightlyTable(days));
    alerts.send(alertOf(ended, wasBad));
  }
  return days;
}

/**
 * Decides how a day treats incomplete sources. Yesterday waits for them. A late day that failed or is missing is built only if they
 * are complete by now: what missed its deadline must not count as complete a day later. A published day was complete once, and is
 * rebuilt with any late-arriving data.
 */
function readiness({ day: yesterday, wait }: SurveyResult, day: string, wasBad: boolean): Partial<DayInput> {
  if (day === yesterday) return wait ? { wait } : {};
  return wasBad ? { complete: true } : {};
}

/** Lists the days that need attention. An error here becomes a note: it must not fail a run whose days succeeded. */
async function auditNight({ day }: SurveyResult, days: readonly DayEnded[]): Promise<Text[]> {
  const failed = days.flatMap((one) => (one.result === null ? [one.day] : []));
  try {
    const { notes } = await briefActivities().audit.executeWithOptions({ summary: summary.audit() }, [{ day, failed }]);
    return notes;
  } catch (error) {
    throwIfBug(error);
    if (isCancellation(error)) throw error;
    return [sentence('Missing and stale days could not be determined: ', rootText(error))];
  }
}

/** Returns the end of a day that is not started: a day that it looks back on failed, so its input is missing or about to change. */
function stopped(day: string, missed: readonly string[]): DayEnded {
  const reason = stoppedBy(day, missed);
  return {
    day,
    outcome: 'failed',
    reason,
    failure: { step: 'lookback', type: '', reason: plain(reason) },
    result: null,
  };
}

/**
 * Checks that readers have what was published, for all days of this run. A check that fails counts as a difference.
 *
 * @returns one sentence for each difference.
 */
async function verifyNight({ day, late }: SurveyResult, alerts: Alerts): Promise<Text[]> {
  const first = late[0] ?? day;
  try {
    const { differences, found } = await checkActivities().verify.executeWithOptions(
      { summary: summary.verify(first, day) },
      [{ first, last: day }],
    );
    if (found === 0) return [];
    const lines = differenceLines(differences, found, { first, last: day });
    // Of the first day that differs, which need not be the one of this run.
    alerts.send(verifyAlert(differences[0]?.day ?? day, joinTexts(lines, '\n')));
    return lines;
  } catch (error) {
    throwIfBug(error);
    if (isCancellation(error)) throw error;
    const reason = notVerified(rootText(error), first, day);
    alerts.send(verifyAlert(day, reason));
    return [reason];
  }
}

const verifyAlert = (day: string, reason: Text): AlertInput => ({
  ...{ kind: 'failed', day, step: 'verify' },
  ...{ reason: plain(reason), next: commandsIn(reason) },
});

/** Ends the run. With a failed day or a difference it fails, and keeps its result in the details of the failure. */
function nightEnd(
  day: string,
  days: readonly DayEnded[],
  { notes, differences }: { notes: readonly Text[]; differences: readonly Text[] },
): NightlyResult {
  const result: NightlyResult = {
    day,
    days: days.map(({ day: of, outcome, reason }) => ({ day: of, outcome, reason: plain(reason) })),
    notes: notes.map(plain),
    differences: differences.map(plain),
  };
  const failed = differences.length > 0 || days.some(({ outcome }) => outcome === 'failed');
  const outcome = failed ? 'failed' : (days.at(-1)?.outcome ?? 'unchanged');
  upsertSearchAttributes([{ key: attribute.outcome, value: outcome }]);
  if (failed) throw failedBy('NightFailed', nightlyFailure(days, differences), result);
  return result;
}
