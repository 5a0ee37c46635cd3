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
import { sayIfNobodyPolls } from '../common/worker.js';
import { reportSchedule, scheduleText } from './text.js';

/** How long a triggered night may take to begin before it counts as one that waits for another, in milliseconds. */
const BEGINS_WITHIN = 5_000;

/** Between two looks, in milliseconds. */
const LOOK = 100;

interface ScheduleOptions extends ProjectOptions {
  output: Output;
}

/** Creates the schedule or changes it to what the config says; shows what differs first. */
export const applyNights = ({
  dryRun,
  paused = false,
  project,
  output,
}: ScheduleOptions & { dryRun?: boolean | undefined; paused?: boolean | undefined }): Promise<void> =>
  withApp({ project }, async (app) => {
    const client = await app.temporal();
    const { config } = app.project;
    const id = scheduleId(config.project);
    const { stands, changes } = await planSchedule(client, config);
    const say = output === 'json' ? () => undefined : print;
    if (!stands) say(`${id} does not stand yet: '${config.schedule}' in ${config.timezone}`);
    for (const { what, found, wanted } of changes) say(`${what}\n  - ${found}\n  + ${wanted}`);
    if (dryRun) {
      say(stands && changes.length === 0 ? `${id} stands as the config says.` : 'Nothing was changed.');
      if (output === 'json') printJson({ id, dryRun: true, exists: stands, changes, done: null });
      return;
    }
    const done = await applySchedule(client, config, { paused, note: 'created by daybook schedule apply' });
    if (output === 'json') printJson({ id, dryRun: false, exists: true, changes, done });
    say(
      done === 'unchanged'
        ? `${id} stands as the config says.`
        : `${done === 'created' ? 'Created' : 'Changed'} ${id}.`,
    );
    if (done === 'updated')
      note(
        sentence(
          ...['Nights that the old times had missed are not caught up with any more; ', command.status()],
          ' names missing days.',
        ),
      );
  });

type WithNote = ScheduleOptions & { note: string };

export const pauseNights = ({ note: why, project, output }: WithNote): Promise<void> =>
  change({ project, output }, 'Paused', async (app, id) => {
    await withSchedule(await app.temporal(), id, (handle) => handle.pause(why));
  });

export const unpauseNights = ({ note: why, project, output }: WithNote): Promise<void> =>
  change({ project, output }, 'Unpaused', async (app, id) => {
    await withSchedule(await app.temporal(), id, (handle) => handle.unpause(why));
  });

export const deleteSchedule = ({ project, output }: ScheduleOptions): Promise<void> =>
  withApp({ project }, async (app) => {
    const client = await app.temporal();
    const name = app.project.config.project;
    if ((await describeSchedule(client, name)) === undefined) {
      if (output === 'json') printJson({ id: scheduleId(name), done: 'absent' });
      else print(`${scheduleId(name)} does not stand.`);
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

/** Triggers a night and prints that it has begun, or what it waits for. */
export const triggerNight = ({ project, output }: ScheduleOptions): Promise<void> =>
  withApp({ project }, async (app) => {
    const { project: name, timezone } = app.project.config;
    await sayIfNobodyPolls(app, 'the night', '');
    const night = await trigger(app);
    const waiting = nightFor(timezone, new Date());
    if (output === 'json')
      printJson({ day: night?.day ?? waiting, begun: night !== undefined, workflowId: night?.workflowId ?? null });
    else if (night) print(`The night for ${night.day} has begun: ${night.workflowId}`);
    else
      print(
        `The night for ${waiting} begins when the one that runs has ended: temporal schedule describe --schedule-id ${scheduleId(name)}`,
      );
  });

/** Triggers a night, and answers it when it has begun; undefined where it waits for another one. */
export async function trigger(app: App): Promise<ScheduledNight | undefined> {
  const { project, timezone } = app.project.config;
  const client = await app.temporal();
  const newest = async () => {
    const found = await describeSchedule(client, project);
    return found && recentNights(found, timezone)[0];
  };
  const before = await newest();
  // Without a policy the server might skip it while another night runs.
  await withSchedule(client, project, (handle) => handle.trigger(ScheduleOverlapPolicy.BUFFER_ALL));
  for (const until = Date.now() + BEGINS_WITHIN; Date.now() < until;) {
    const night = await newest();
    if (night && night.workflowId !== before?.workflowId) return night;
    await sleep(LOOK);
  }
  return undefined;
}

/** Prints when nights start, for which days, and how the last ones ended. */
export const describeNights = ({ project, output }: ScheduleOptions): Promise<void> =>
  withApp({ project }, async (app) => {
    const report = await reportSchedule(await app.temporal(), app.project.config);
    if (output === 'json') printJson(report);
    else print(scheduleText(report));
  });
