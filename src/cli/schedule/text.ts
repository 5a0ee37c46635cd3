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

/** Nights shown, of those to come and of those that were. */
const SHOWN = 5;

/** A schedule as people want to know it. Instants are ISO texts. */
export interface ScheduleReport {
  schedule: string;
  project: string;
  timezone: string;
  paused: boolean;
  note: string;
  /** None while it is paused. */
  next: { at: string; day: string }[];
  /** Newest first; `status` is Temporal's own word, '' where the history is gone. */
  last: { at: string; day: string; workflowId: string; status: string }[];
  /** Nights that wait for the running one. */
  waiting: number;
  /** Nights that came too late to be caught up with. */
  missed: number;
  /** What the config would have otherwise. */
  differs: ScheduleChange[];
}

/** Asks the server for everything about the project's schedule. Throws a final NotApplied where none stands. */
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
        status: await statusOf(client, workflowId),
      })),
    ),
    waiting: Number(found.raw.info?.bufferSize ?? 0),
    missed: info.numActionsMissedCatchupWindow,
    differs: changes,
  };
}

async function statusOf(client: Client, workflowId: string): Promise<string> {
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
    ...next.map((night) => `  next   ${at(night.at)}  for ${night.day}`),
    ...last.map((night) =>
      `  began  ${at(night.at)}  for ${night.day}  ${night.status.toLowerCase()}  ${night.workflowId}`.trimEnd(),
    ),
    ...(waiting > 0 ? [`  ${plural(waiting, 'night')} wait until the one that runs has ended.`] : []),
    ...(missed > 0
      ? [`  ${plural(missed, 'night')} came too late to be caught up with: ${typed(command.status())}`]
      : []),
    ...differs.map(({ what, found, wanted }) => `  ${what} is ${found}, the config says ${wanted}`),
    ...(differs.length > 0 ? [`To change it: ${typed(command.schedule('apply'))}`] : []),
  ].join('\n');
}
