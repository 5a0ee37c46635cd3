import { Command } from '@commander-js/extra-typings';
import { examples, outputOption, projectOption } from '../common/options.js';

const load = () => import('./index.js');

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
    .addOption(outputOption())
    .addHelpText('after', examples(['daybook schedule apply'], ['daybook schedule apply --dry-run']))
    .action(async (options) => {
      await (await load()).applyNights(options);
    });
}

function pauseCommand() {
  return new Command('pause')
    .description('Start no more nights until unpaused; one that runs goes on')
    .option('--note <text>', 'why, for whoever looks at the schedule', 'paused by daybook schedule pause')
    .addOption(projectOption())
    .addOption(outputOption())
    .addHelpText('after', examples(["daybook schedule pause --note 'the warehouse moves'"]))
    .action(async (options) => {
      await (await load()).pauseNights(options);
    });
}

function unpauseCommand() {
  return new Command('unpause')
    .description('Start nights again; those whose time passed meanwhile are not made up for')
    .option('--note <text>', 'why, for whoever looks at the schedule', 'unpaused by daybook schedule unpause')
    .addOption(projectOption())
    .addOption(outputOption())
    .addHelpText('after', examples(['daybook schedule unpause']))
    .action(async (options) => {
      await (await load()).unpauseNights(options);
    });
}

function triggerCommand() {
  return new Command('trigger')
    .description('Start a night now, for yesterday; also while the schedule is paused')
    .addOption(projectOption())
    .addOption(outputOption())
    .addHelpText(
      'after',
      examples(['daybook schedule trigger', 'what was published and has not changed costs one listing']),
    )
    .action(async (options) => {
      await (await load()).triggerNight(options);
    });
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
    .action(async (options) => {
      await (await load()).describeNights(options);
    });
}

function deleteCommand() {
  return new Command('delete')
    .description('Remove the schedule; nights that run go on, and what was built stays')
    .addOption(projectOption())
    .addOption(outputOption())
    .addHelpText('after', examples(['daybook schedule delete', 'daybook schedule apply makes it again']))
    .action(async (options) => {
      await (await load()).deleteSchedule(options);
    });
}
