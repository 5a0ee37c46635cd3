import { Command } from '@commander-js/extra-typings';
import { examples, outputOption, parseDay, projectOption } from '../common/options.js';

/** Defines `daybook hold`, which freezes a published day. Later days that look back on it read it as it is. */
export const holdCommand = () =>
  new Command('hold')
    .description('Keep a day as it is: no run builds it until it is released or forced')
    .requiredOption('--day <YYYY-MM-DD>', "the day, in the project's time zone; or yesterday", parseDay)
    .option('--reason <text>', 'why the day is held, shown by status and plan', '')
    .addOption(projectOption())
    .addOption(outputOption())
    .addHelpText(
      'after',
      examples(
        ['daybook hold --day 2026-11-05 --reason "figures were audited"'],
        ['daybook status', 'shows which days are held'],
      ),
    )
    .action(async (options) => {
      const { holdDay } = await import('./index.js');
      await holdDay(options);
    });

/** Defines `daybook unhold`, which undoes `hold`, also after a rollback. Exit code 0 also if the day was not held. */
export const unholdCommand = () =>
  new Command('unhold')
    .description('Release a held day, so that runs build it again if something changed')
    .requiredOption('--day <YYYY-MM-DD>', "the day, in the project's time zone; or yesterday", parseDay)
    .addOption(projectOption())
    .addOption(outputOption())
    .addHelpText('after', examples(['daybook unhold --day 2026-11-05']))
    .action(async (options) => {
      const { releaseDay } = await import('./index.js');
      await releaseDay(options);
    });
