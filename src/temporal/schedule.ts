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

/** When the nightly runs of a project start. */
export interface NightlyTimes {
  project: string;
  /** Five cron fields. */
  schedule: string;
  /** IANA zone in which the fields are read. */
  timezone: string;
}

/** The state of a new schedule. An existing one keeps its own state: it may be paused for a reason. */
export interface InitialState {
  paused: boolean;
  /** Shown beside the state in the Web UI. */
  note?: string;
}

/** Catch-up window in milliseconds: after an outage, the server starts the missed runs of this time, one after the other. */
const CATCH_UP = 7 * 24 * 60 * 60 * 1000;

/** A difference between a schedule and the project's config. */
export interface ScheduleChange {
  what: string;
  found: string;
  wanted: string;
}

/** Says what {@link applySchedule} would do; `changes` is empty if there is no schedule yet, and if it needs no change. */
export async function planSchedule(
  client: Client,
  times: NightlyTimes,
): Promise<{ exists: boolean; changes: ScheduleChange[] }> {
  const found = await describeSchedule(client, times.project);
  return { exists: found !== undefined, changes: found ? changesOf(found, times) : [] };
}

/**
 * Creates the project's schedule, or changes it to what the config says. Idempotent: an unchanged schedule is not written, because the
 * server drops missed runs of a schedule that is updated.
 */
export async function applySchedule(
  client: Client,
  times: NightlyTimes,
  { paused, note }: InitialState,
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

/** Describes the project's schedule; undefined if there is none. */
export async function describeSchedule(client: Client, project: string): Promise<ScheduleDescription | undefined> {
  try {
    return await client.schedule.getHandle(scheduleId(project)).describe();
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return undefined;
    throw error;
  }
}

/** Runs `use` with the project's schedule. Throws a final NotApplied if there is none. */
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
      sentence(`The schedule ${scheduleId(project)} does not exist yet. Run: `, command.schedule('apply')),
    );
  }
}

/** A nightly run that a schedule has started, or will start. */
export interface ScheduledNight {
  /** Its scheduled start. */
  nominal: Date;
  /** The day that it is for. */
  day: string;
  workflowId: string;
}

/** Lists the runs that the schedule started last, newest first. */
export const recentNights = ({ info }: ScheduleDescription, zone: string): ScheduledNight[] =>
  info.recentActions
    .map(({ scheduledAt, action }) => ({
      nominal: scheduledAt,
      day: nightFor(zone, scheduledAt),
      workflowId: action.workflow.workflowId,
    }))
    .reverse();

const cronOf = ({ schedule }: NightlyTimes) => schedule.trim().split(/\s+/).join(' ');

const summaryOf = ({ project }: NightlyTimes) => `${project}, nightly run`;

/** In Markdown. Without what the Web UI shows of a schedule anyway, such as its times. */
const DETAILS = `Runs late days first, then yesterday. To run it now: \`${commandLine(command.schedule('trigger'))}\``;

/** Returns the schedule for a config. Jitter would shift the nominal times; a failed run must not stop the next one. */
function wantedSchedule(times: NightlyTimes) {
  const cron = cronOf(times);
  return {
    // The server converts the fields to a calendar; only the comment after # is returned as written.
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

/** Lists the differences between a schedule and {@link wantedSchedule}. */
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
    .map(([what, found, wanted]) => ({ what, found: specText(found), wanted: specText(wanted) }))
    .filter(({ found, wanted }) => found !== wanted);
}

const specText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
