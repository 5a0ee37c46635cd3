import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from '@commander-js/extra-typings';
import { ScheduleOverlapPolicy } from '@temporalio/client';
import type { App } from '../app.js';
import { nightFor } from '../core/day.js';
import { scheduleId } from '../core/names.js';
import {
  applySchedule,
  describeSchedule,
  planSchedule,
  recentNights,
  withSchedule,
  type ScheduledNight,
} from '../io/schedule.js';
import { withApp } from './context.js';
import { examples, note, outputOption, print, printJson, projectOption } from './output.js';
import { sayIfNobodyPolls } from './run.js';
import { reportSchedule, scheduleText } from './schedule-text.js';

/** How long a triggered night may take to begin before it counts as one that waits for another, in milliseconds. */
const BEGINS_WITHIN = 5_000;

/** Between two looks, in milliseconds. */
const LOOK = 100;

/** `daybook schedule apply | pause | unpause | trigger | describe | delete`: the project's one Temporal Schedule. */
export function scheduleCommand() {
  const schedule = new Command('schedule').description(
    "The project's nights: one Temporal Schedule, as the config says",
  );
  for (const command of [applyCommand(), pauseCommand(), unpauseCommand(), triggerCommand()])
    schedule.addCommand(command);
  schedule.addCommand(describeCommand()).addCommand(deleteCommand());
  schedule.addHelpText(
    'after',
    examples(
      ['daybook schedule apply', 'create it, or bring it up to the config; safe to repeat'],
      ['daybook schedule describe', 'when the next nights start, which day each is for, and how the last ones ended'],
      ['daybook schedule trigger', 'a night now, for yesterday'],
    ),
  );
  return schedule;
}

function applyCommand() {
  return new Command('apply')
    .description('Create the schedule, or change it to what the config says; shows what differs first')
    .option('--dry-run', 'print what differs, and change nothing')
    .option('--paused', 'create it paused; one that stands keeps its state')
    .addOption(projectOption())
    .addHelpText('after', examples(['daybook schedule apply'], ['daybook schedule apply --dry-run']))
    .action(({ dryRun, paused = false, project }) =>
      withApp({ project }, async (app) => {
        const client = await app.temporal();
        const { config } = app.project;
        const id = scheduleId(config.project);
        const { stands, changes } = await planSchedule(client, config);
        if (!stands) print(`${id} does not stand yet: '${config.schedule}' in ${config.timezone}`);
        for (const { what, found, wanted } of changes) print(`${what}\n  - ${found}\n  + ${wanted}`);
        if (dryRun) {
          print(stands && changes.length === 0 ? `${id} stands as the config says.` : 'Nothing was changed.');
          return;
        }
        const done = await applySchedule(client, config, { paused, note: 'created by daybook schedule apply' });
        print(
          done === 'unchanged'
            ? `${id} stands as the config says.`
            : `${done === 'created' ? 'Created' : 'Changed'} ${id}.`,
        );
        if (done === 'updated')
          note(
            'Nights that the old times had missed are not caught up with any more; npx daybook status names missing days.',
          );
      }),
    );
}

function pauseCommand() {
  return new Command('pause')
    .description('Start no more nights until unpaused; one that runs goes on')
    .option('--note <text>', 'why, for whoever looks at the schedule', 'paused by daybook schedule pause')
    .addOption(projectOption())
    .addHelpText('after', examples(["daybook schedule pause --note 'the warehouse moves'"]))
    .action(({ note: why, project }) =>
      change({ project }, 'Paused', async (app, id) => {
        await withSchedule(await app.temporal(), id, (handle) => handle.pause(why));
      }),
    );
}

function unpauseCommand() {
  return new Command('unpause')
    .description('Start nights again; those whose time passed meanwhile are not made up for')
    .option('--note <text>', 'why, for whoever looks at the schedule', 'unpaused by daybook schedule unpause')
    .addOption(projectOption())
    .addHelpText('after', examples(['daybook schedule unpause']))
    .action(({ note: why, project }) =>
      change({ project }, 'Unpaused', async (app, id) => {
        await withSchedule(await app.temporal(), id, (handle) => handle.unpause(why));
      }),
    );
}

function deleteCommand() {
  return new Command('delete')
    .description('Remove the schedule; nights that run go on, and what was built stays')
    .addOption(projectOption())
    .addHelpText('after', examples(['daybook schedule delete', 'daybook schedule apply makes it again']))
    .action(({ project }) =>
      withApp({ project }, async (app) => {
        const client = await app.temporal();
        const name = app.project.config.project;
        if ((await describeSchedule(client, name)) === undefined) {
          print(`${scheduleId(name)} does not stand.`);
          return;
        }
        await withSchedule(client, name, (handle) => handle.delete());
        print(`Deleted ${scheduleId(name)}.`);
      }),
    );
}

const change = (
  options: { project?: string | undefined },
  done: string,
  act: (app: App, name: string) => Promise<void>,
) =>
  withApp(options, async (app) => {
    const name = app.project.config.project;
    await act(app, name);
    print(`${done} ${scheduleId(name)}.`);
  });

function triggerCommand() {
  return new Command('trigger')
    .description('Start a night now, for yesterday; also while the schedule is paused')
    .addOption(projectOption())
    .addHelpText(
      'after',
      examples(['daybook schedule trigger', 'what was published and has not changed costs one listing']),
    )
    .action(({ project }) =>
      withApp({ project }, async (app) => {
        const { project: name, timezone } = app.project.config;
        await sayIfNobodyPolls(app, 'the night', '');
        const night = await trigger(app);
        if (night) print(`The night for ${night.day} has begun: ${night.workflowId}`);
        else
          print(
            `The night for ${nightFor(timezone, new Date())} begins when the one that runs has ended: temporal schedule describe --schedule-id ${scheduleId(name)}`,
          );
      }),
    );
}

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

function describeCommand() {
  return new Command('describe')
    .description('When nights start, for which days, how the last ones ended, and what differs from the config')
    .addOption(projectOption())
    .addOption(outputOption())
    .addHelpText(
      'after',
      examples(['daybook schedule describe'], ['daybook schedule describe --output json | jq .paused']),
    )
    .action(({ project, output }) =>
      withApp({ project }, async (app) => {
        const report = await reportSchedule(await app.temporal(), app.project.config);
        if (output === 'json') printJson(report);
        else print(scheduleText(report));
      }),
    );
}
