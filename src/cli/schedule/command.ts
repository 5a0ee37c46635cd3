import { Command } from '@commander-js/extra-typings';
import { examples, outputOption, projectOption } from '../common/options.js';

const load = () => import('./index.js');

/** Defines `daybook schedule apply | pause | unpause | trigger | describe | delete` for the project's Temporal Schedule. */
export function scheduleCommand() {
  const schedule = new Command('schedule').description(
    "Manage the project's nightly runs: one Temporal Schedule, defined by the config",
  );
  for (const command of [scheduleApplyCommand(), pauseCommand(), unpauseCommand(), triggerCommand()])
    schedule.addCommand(command);
  schedule.addCommand(describeCommand()).addCommand(deleteCommand());
  schedule.addHelpText(
    'after',
    examples(
      ['daybook schedule apply', 'create it, or update it to match the config; safe to repeat'],
      ['daybook schedule describe', 'the next runs and their days, and the outcome of the last ones'],
      ['daybook schedule trigger', 'start a nightly run now, for yesterday'],
    ),
  );
  return schedule;
}

function scheduleApplyCommand() {
  return new Command('apply')
    .description('Create the schedule, or update it to match the config; shows the differences first')
    .option('--dry-run', 'print the differences; change nothing')
    .option('--paused', 'create it paused; an existing schedule keeps its state')
    .addOption(projectOption())
    .addOption(outputOption())
    .addHelpText('after', examples(['daybook schedule apply'], ['daybook schedule apply --dry-run']))
    .action(async (options) => {
      await (await load()).applyConfig(options);
    });
}

function pauseCommand() {
  return new Command('pause')
    .description('Start no more nightly runs until unpaused; a running one continues')
    .option('--note <text>', 'why, shown with the schedule', 'paused by daybook schedule pause')
    .addOption(projectOption())
    .addOption(outputOption())
    .addHelpText('after', examples(["daybook schedule pause --note 'warehouse migration'"]))
    .action(async (options) => {
      await (await load()).pauseSchedule(options);
    });
}

function unpauseCommand() {
  return new Command('unpause')
    .description('Start nightly runs again; those that were due during the pause are not caught up')
    .option('--note <text>', 'why, shown with the schedule', 'unpaused by daybook schedule unpause')
    .addOption(projectOption())
    .addOption(outputOption())
    .addHelpText('after', examples(['daybook schedule unpause']))
    .action(async (options) => {
      await (await load()).unpauseSchedule(options);
    });
}

function triggerCommand() {
  return new Command('trigger')
    .description('Start a nightly run now, for yesterday; also while the schedule is paused')
    .addOption(projectOption())
    .addOption(outputOption())
    .addHelpText('after', examples(['daybook schedule trigger', 'for unchanged days this takes only a listing']))
    .action(async (options) => {
      await (await load()).triggerRun(options);
    });
}

function describeCommand() {
  return new Command('describe')
    .description('Show the next runs and their days, the outcome of the last ones, and differences from the config')
    .addOption(projectOption())
    .addOption(outputOption())
    .addHelpText(
      'after',
      examples(['daybook schedule describe'], ['daybook schedule describe --output json | jq .paused']),
    )
    .action(async (options) => {
      await (await load()).showSchedule(options);
    });
}

function deleteCommand() {
  return new Command('delete')
    .description('Delete the schedule; running nightly runs continue, and published days stay')
    .addOption(projectOption())
    .addOption(outputOption())
    .addHelpText('after', examples(['daybook schedule delete', 'to create it again: daybook schedule apply']))
    .action(async (options) => {
      await (await load()).deleteSchedule(options);
    });
}
