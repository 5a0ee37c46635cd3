import {
  ScheduleAlreadyRunning,
  ScheduleOverlapPolicy,
  type Client,
  type ScheduleDescription,
  type ScheduleOptions,
} from '@temporalio/client';
import { scheduleId, taskQueue, workflowId } from '../core/names.js';

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
  if (isAs(await handle.describe(), times)) return 'unchanged';
  await handle.update(({ state }) => ({ ...wanted, state }));
  return 'updated';
}

const cronOf = ({ schedule }: NightlyTimes) => schedule.trim().split(/\s+/).join(' ');

const summaryOf = ({ project }: NightlyTimes) => `${project}, the night`;

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
    },
    policies: { overlap: ScheduleOverlapPolicy.BUFFER_ALL, catchupWindow: CATCH_UP, pauseOnFailure: false },
  } satisfies Omit<ScheduleOptions, 'scheduleId'>;
}

/** True where a schedule says what {@link wantedSchedule} would make it say. */
function isAs({ spec, action, policies }: ScheduleDescription, times: NightlyTimes): boolean {
  const wanted = wantedSchedule(times);
  const found = {
    times: [spec.calendars?.map(({ comment }) => comment), spec.intervals ?? [], spec.skip ?? []],
    bounds: [spec.startAt ?? null, spec.endAt ?? null, spec.jitter ?? 0, spec.timezone],
    action: [action.workflowType, action.workflowId, action.taskQueue, action.args, action.staticSummary],
    policies: [policies.overlap, policies.catchupWindow, policies.pauseOnFailure],
  };
  const expected = {
    times: [[cronOf(times)], [], []],
    bounds: [null, null, 0, wanted.spec.timezone],
    action: [
      wanted.action.workflowType,
      wanted.action.workflowId,
      wanted.action.taskQueue,
      wanted.action.args,
      wanted.action.staticSummary,
    ],
    policies: [wanted.policies.overlap, wanted.policies.catchupWindow, wanted.policies.pauseOnFailure],
  };
  return JSON.stringify(found) === JSON.stringify(expected);
}
