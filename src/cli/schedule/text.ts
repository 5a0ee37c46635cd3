import type { Client } from '@temporalio/client';
import { command } from '../../shared/commands.js';
import { nightFor } from '../../shared/day.js';
import { plural } from '../../shared/format.js';
import { scheduleId } from '../../shared/names.js';
import { WorkflowNotFoundError } from '../../temporal/client.js';
import {
  planSchedule,
  recentNights,
  withSchedule,
  type NightlyTimes,
  type ScheduleChange,
} from '../../temporal/schedule.js';
import { typed } from '../common/output.js';

/** Nightly runs that are shown, of the next and of the last ones each. */
const SHOWN = 5;

/** What `describe` reports about a schedule. Instants are ISO texts. */
export interface ScheduleReport {
  schedule: string;
  project: string;
  timezone: string;
  paused: boolean;
  note: string;
  /** Empty while the schedule is paused. */
  next: { at: string; day: string }[];
  /** Newest first; `status` is Temporal's, '' if the history no longer exists. */
  last: { at: string; day: string; workflowId: string; status: string }[];
  /** Nightly runs that wait for the running one. */
  waiting: number;
  /** Nightly runs that missed the catch-up window. */
  missed: number;
  /** Differences from the config. */
  differs: ScheduleChange[];
}

/** Reads everything about the project's schedule. Throws a final NotApplied if it does not exist. */
export async function reportSchedule(client: Client, times: NightlyTimes): Promise<ScheduleReport> {
  const { project, timezone } = times;
  const found = await withSchedule(client, project, (handle) => handle.describe());
  const { changes } = await planSchedule(client, times);
  const last = recentNights(found, timezone).slice(0, SHOWN);
  const { state, info } = found;
  return {
    schedule: scheduleId(project),
    project,
    timezone,
    paused: state.paused,
    note: state.note ?? '',
    next: state.paused
      ? []
      : info.nextActionTimes.slice(0, SHOWN).map((at) => ({ at: at.toISOString(), day: nightFor(timezone, at) })),
    last: await Promise.all(
      last.map(async ({ nominal, day, workflowId }) => ({
        at: nominal.toISOString(),
        day,
        workflowId,
        status: await runStatus(client, workflowId),
      })),
    ),
    waiting: Number(found.raw.info?.bufferSize ?? 0),
    missed: info.numActionsMissedCatchupWindow,
    differs: changes,
  };
}

async function runStatus(client: Client, workflowId: string): Promise<string> {
  try {
    return (await client.workflow.getHandle(workflowId).describe()).status.name;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return '';
    throw error;
  }
}

export function scheduleText(report: ScheduleReport): string {
  const { schedule, timezone, paused, note, next, last, waiting, missed, differs } = report;
  const clock = new Intl.DateTimeFormat('en-CA', {
    timeZone: timezone,
    dateStyle: 'short',
    timeStyle: 'short',
    hourCycle: 'h23',
  });
  const at = (instant: string) => clock.format(new Date(instant)).replace(',', '');
  const because = note === '' ? '' : `: ${note}`;
  return [
    `${schedule}, ${timezone}${paused ? `, paused${because}` : ''}`,
    ...next.map((run) => `  next   ${at(run.at)}  for ${run.day}`),
    ...last.map((run) =>
      `  began  ${at(run.at)}  for ${run.day}  ${run.status.toLowerCase()}  ${run.workflowId}`.trimEnd(),
    ),
    ...(waiting > 0 ? [`  ${plural(waiting, 'nightly run')} waiting for the running one.`] : []),
    ...(missed > 0
      ? [
          `  ${plural(missed, 'nightly run')} missed the catch-up window. To list missing days: ${typed(command.status())}`,
        ]
      : []),
    ...differs.map(({ what, found, wanted }) => `  ${what} is ${found}, the config says ${wanted}`),
    ...(differs.length > 0 ? [`To update it: ${typed(command.schedule('apply'))}`] : []),
  ].join('\n');
}
