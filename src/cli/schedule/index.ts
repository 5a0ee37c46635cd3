import { setTimeout as sleep } from 'node:timers/promises';
import { ScheduleOverlapPolicy } from '@temporalio/client';
import type { App } from '../../app.js';
import { command } from '../../shared/commands.js';
import { nightFor } from '../../shared/day.js';
import { scheduleId } from '../../shared/names.js';
import { sentence } from '../../shared/sentence.js';
import {
  applySchedule,
  describeSchedule,
  planSchedule,
  recentNights,
  withSchedule,
  type ScheduledNight,
} from '../../temporal/schedule.js';
import { withApp, type ProjectOptions } from '../common/context.js';
import type { Output } from '../common/options.js';
import { note, print, printJson } from '../common/output.js';
import { warnIfNoWorker } from '../common/worker.js';
import { reportSchedule, scheduleText } from './text.js';

/** Milliseconds within which a triggered run starts; after that it is reported as waiting for another one. */
const STARTS_WITHIN = 5_000;

/** Time between two polls of the schedule, in milliseconds. */
const POLL_INTERVAL = 100;

interface ScheduleOptions extends ProjectOptions {
  output: Output;
}

/** Creates the schedule or updates it to match the config; prints the differences first. */
export const applyConfig = ({
  dryRun,
  paused = false,
  project,
  output,
}: ScheduleOptions & { dryRun?: boolean | undefined; paused?: boolean | undefined }): Promise<void> =>
  withApp({ project }, async (app) => {
    const client = await app.temporal();
    const { config } = app.project;
    const id = scheduleId(config.project);
    const { exists, changes } = await planSchedule(client, config);
    const say = output === 'json' ? () => undefined : print;
    if (!exists) say(`${id} does not exist yet: '${config.schedule}' in ${config.timezone}`);
    for (const { what, found, wanted } of changes) say(`${what}\n  - ${found}\n  + ${wanted}`);
    if (dryRun) {
      say(exists && changes.length === 0 ? `${id} matches the config.` : 'Nothing was changed.');
      if (output === 'json') printJson({ id, dryRun: true, exists, changes, done: null });
      return;
    }
    const done = await applySchedule(client, config, { paused, note: 'created by daybook schedule apply' });
    say(done === 'unchanged' ? `${id} matches the config.` : `${done === 'created' ? 'Created' : 'Changed'} ${id}.`);
    if (output === 'json') printJson({ id, dryRun: false, exists: true, changes, done });
    if (done === 'updated')
      note(
        sentence(
          'Nightly runs that the old schedule missed are no longer caught up. To list missing days: ',
          command.status(),
        ),
      );
  });

type WithNote = ScheduleOptions & { note: string };

export const pauseSchedule = ({ note: why, project, output }: WithNote): Promise<void> =>
  change({ project, output }, 'Paused', async (app, id) => {
    await withSchedule(await app.temporal(), id, (handle) => handle.pause(why));
  });

export const unpauseSchedule = ({ note: why, project, output }: WithNote): Promise<void> =>
  change({ project, output }, 'Unpaused', async (app, id) => {
    await withSchedule(await app.temporal(), id, (handle) => handle.unpause(why));
  });

export const deleteSchedule = ({ project, output }: ScheduleOptions): Promise<void> =>
  withApp({ project }, async (app) => {
    const client = await app.temporal();
    const name = app.project.config.project;
    if ((await describeSchedule(client, name)) === undefined) {
      if (output === 'json') printJson({ id: scheduleId(name), done: 'absent' });
      else print(`${scheduleId(name)} does not exist.`);
      return;
    }
    await withSchedule(client, name, (handle) => handle.delete());
    if (output === 'json') printJson({ id: scheduleId(name), done: 'deleted' });
    else print(`Deleted ${scheduleId(name)}.`);
  });

const change = ({ project, output }: ScheduleOptions, done: string, act: (app: App, name: string) => Promise<void>) =>
  withApp({ project }, async (app) => {
    const name = app.project.config.project;
    await act(app, name);
    if (output === 'json') printJson({ id: scheduleId(name), done: done.toLowerCase() });
    else print(`${done} ${scheduleId(name)}.`);
  });

/** Triggers a nightly run and prints that it has started, or what it waits for. */
export const triggerRun = ({ project, output }: ScheduleOptions): Promise<void> =>
  withApp({ project }, async (app) => {
    const { project: name, timezone } = app.project.config;
    const night = await trigger(app);
    await warnIfNoWorker(app, 'the nightly run', '');
    const waiting = nightFor(timezone, new Date());
    if (output === 'json')
      printJson({ day: night?.day ?? waiting, begun: night !== undefined, workflowId: night?.workflowId ?? null });
    else if (night) print(`The nightly run for ${night.day} has started: ${night.workflowId}`);
    else
      print(
        `The nightly run for ${waiting} starts when the running one has ended. Check it: temporal schedule describe --schedule-id ${scheduleId(name)}`,
      );
  });

/** Triggers a nightly run, and returns it once it has started; undefined if it waits for another one. */
export async function trigger(app: App): Promise<ScheduledNight | undefined> {
  const { project, timezone } = app.project.config;
  const client = await app.temporal();
  const newest = async () => {
    const found = await describeSchedule(client, project);
    return found && recentNights(found, timezone)[0];
  };
  const before = await newest();
  // With the schedule's own policy the server could skip it while another nightly run is running.
  await withSchedule(client, project, (handle) => handle.trigger(ScheduleOverlapPolicy.BUFFER_ALL));
  for (const until = Date.now() + STARTS_WITHIN; Date.now() < until;) {
    const night = await newest();
    if (night && night.workflowId !== before?.workflowId) return night;
    await sleep(POLL_INTERVAL);
  }
  return undefined;
}

/** Prints the next nightly runs with their days, and the outcome of the last ones. */
export const showSchedule = ({ project, output }: ScheduleOptions): Promise<void> =>
  withApp({ project }, async (app) => {
    const report = await reportSchedule(await app.temporal(), app.project.config);
    if (output === 'json') printJson(report);
    else print(scheduleText(report));
  });
