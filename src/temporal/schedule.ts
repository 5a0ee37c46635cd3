import {
  ScheduleAlreadyRunning,
  ScheduleNotFoundError,
  ScheduleOverlapPolicy,
  type Client,
  type ScheduleDescription,
  type ScheduleHandle,
  type ScheduleOptions,
} from '@temporalio/client';
import { final } from '../errors.js';
import { command, commandLine } from '../shared/commands.js';
import { nightFor } from '../shared/day.js';
import { scheduleId, taskQueue, workflowId } from '../shared/names.js';
import { sentence } from '../shared/sentence.js';

/** When the nights of a project start. */
export interface NightlyTimes {
  project: string;
  /** Five cron fields. */
  schedule: string;
  /** IANA zone in which the fields are read. */
  timezone: string;
}

/** How a schedule is born. One that stands already keeps its own state: who paused it had a reason. */
export interface ScheduleBirth {
  paused: boolean;
  /** Shown beside the state in the Web UI. */
  note?: string;
}

/** A server that was down this long, in milliseconds, starts each missed night when it is back, one after the other. */
const CATCH_UP = 7 * 24 * 60 * 60 * 1000;

/** Something that a schedule says otherwise than the project's config would have it. */
export interface ScheduleChange {
  what: string;
  found: string;
  wanted: string;
}

/** What {@link applySchedule} would do; `changes` is empty for a schedule that does not stand, and for one that needs none. */
export async function planSchedule(
  client: Client,
  times: NightlyTimes,
): Promise<{ stands: boolean; changes: ScheduleChange[] }> {
  const found = await describeSchedule(client, times.project);
  return { stands: found !== undefined, changes: found ? changesOf(found, times) : [] };
}

/**
 * Makes the project's one schedule stand as its config says; repeating it changes nothing. An untouched schedule is not written
 * again, because the server forgets the missed nights of a schedule that is updated.
 */
export async function applySchedule(
  client: Client,
  times: NightlyTimes,
  { paused, note }: ScheduleBirth,
): Promise<'created' | 'updated' | 'unchanged'> {
  const wanted = wantedSchedule(times);
  const id = scheduleId(times.project);
  try {
    await client.schedule.create({
      ...wanted,
      scheduleId: id,
      state: { paused, ...(note === undefined ? {} : { note }) },
    });
    return 'created';
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
  }
  const handle = client.schedule.getHandle(id);
  if (changesOf(await handle.describe(), times).length === 0) return 'unchanged';
  await handle.update(({ state }) => ({ ...wanted, state }));
  return 'updated';
}

/** The project's schedule as the server has it; undefined where none stands. */
export async function describeSchedule(client: Client, project: string): Promise<ScheduleDescription | undefined> {
  try {
    return await client.schedule.getHandle(scheduleId(project)).describe();
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return undefined;
    throw error;
  }
}

/** Does something to the project's schedule. Throws a final NotApplied where none stands. */
export async function withSchedule<T>(
  client: Client,
  project: string,
  use: (handle: ScheduleHandle) => Promise<T>,
): Promise<T> {
  try {
    return await use(client.schedule.getHandle(scheduleId(project)));
  } catch (error) {
    if (!(error instanceof ScheduleNotFoundError)) throw error;
    throw final(
      'NotApplied',
      sentence(`The schedule ${scheduleId(project)} does not stand yet. Run: `, command.schedule('apply')),
    );
  }
}

/** A night that a schedule has started, or will. */
export interface ScheduledNight {
  /** When the schedule means it to start. */
  nominal: Date;
  /** The day that it is for. */
  day: string;
  workflowId: string;
}

/** The nights that the schedule started last, newest first. */
export const recentNights = ({ info }: ScheduleDescription, zone: string): ScheduledNight[] =>
  info.recentActions
    .map(({ scheduledAt, action }) => ({
      nominal: scheduledAt,
      day: nightFor(zone, scheduledAt),
      workflowId: action.workflow.workflowId,
    }))
    .reverse();

const cronOf = ({ schedule }: NightlyTimes) => schedule.trim().split(/\s+/).join(' ');

const summaryOf = ({ project }: NightlyTimes) => `${project}, the night`;

/** In Markdown. What the schedule itself shows, such as its times, is not said again. */
const DETAILS = `The night for yesterday: late days first, then the day before. Another one: \`${commandLine(command.schedule('trigger'))}\``;

/** Jitter would move the nominal time away from backfills that name it; a failed night must not stop the next one. */
function wantedSchedule(times: NightlyTimes) {
  const cron = cronOf(times);
  return {
    // The server turns the fields into a calendar; only what follows the # comes back as it was written.
    spec: { cronExpressions: [`${cron} # ${cron}`], timezone: times.timezone, jitter: 0 },
    action: {
      type: 'startWorkflow',
      workflowType: 'nightly',
      workflowId: workflowId.nightly(times.project),
      taskQueue: taskQueue.light(times.project),
      args: [{}],
      staticSummary: summaryOf(times),
      staticDetails: DETAILS,
    },
    policies: { overlap: ScheduleOverlapPolicy.BUFFER_ALL, catchupWindow: CATCH_UP, pauseOnFailure: false },
  } satisfies Omit<ScheduleOptions, 'scheduleId'>;
}

/** What a schedule says otherwise than {@link wantedSchedule} would make it say. */
function changesOf({ spec, action, policies }: ScheduleDescription, times: NightlyTimes): ScheduleChange[] {
  const { spec: wantedSpec, action: wantedAction, policies: wantedPolicies } = wantedSchedule(times);
  const cron = (spec.calendars ?? []).map(({ comment, ...calendar }) => comment ?? JSON.stringify(calendar));
  const facts: [what: string, found: unknown, wanted: unknown][] = [
    ['cron', cron.join(', '), cronOf(times)],
    ['time zone', spec.timezone, wantedSpec.timezone],
    ['intervals', spec.intervals ?? [], []],
    ['left-out times', spec.skip ?? [], []],
    ['first time', spec.startAt ?? null, null],
    ['last time', spec.endAt ?? null, null],
    ['jitter', spec.jitter ?? 0, wantedSpec.jitter],
    ['workflow type', action.workflowType, wantedAction.workflowType],
    ['workflow id', action.workflowId, wantedAction.workflowId],
    ['task queue', action.taskQueue, wantedAction.taskQueue],
    ['input', action.args, wantedAction.args],
    ['summary', action.staticSummary, wantedAction.staticSummary],
    ['details', action.staticDetails, wantedAction.staticDetails],
    ['overlap', policies.overlap, wantedPolicies.overlap],
    ['catch-up window, ms', policies.catchupWindow, wantedPolicies.catchupWindow],
    ['pause on failure', policies.pauseOnFailure, wantedPolicies.pauseOnFailure],
  ];
  return facts
    .map(([what, found, wanted]) => ({ what, found: shown(found), wanted: shown(wanted) }))
    .filter(({ found, wanted }) => found !== wanted);
}

const shown = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
