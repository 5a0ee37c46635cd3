import { Command } from '@commander-js/extra-typings';
import { examples, outputOption, parseDay, projectOption } from '../common/options.js';

/** `daybook rollback`: exit code 0 where readers have what they had before, 1 where nothing could be taken back. */
export const rollbackCommand = () =>
  new Command('rollback')
    .description('Take the newest publish of a day back: readers get what they had before; the day is held')
    .requiredOption('--day <YYYY-MM-DD>', "the day, in the project's time zone", parseDay)
    .option('--reason <text>', 'why, for those who meet the held day', '')
    .option('--with-worker', 'run a worker in this process meanwhile')
    .addOption(projectOption())
    .addOption(outputOption())
    .addHelpText(
      'after',
      examples(
        [
          'daybook rollback --day 2026-11-05 --reason "prices were doubled"',
          'exactly one publish is undone; once more undoes the one before it, as long as its archive stays (keepPrevious)',
        ],
        ['daybook unhold --day 2026-11-05', 'lets runs build the day again'],
        ['daybook run --day 2026-11-05 --force', 'builds the day again now, and releases it'],
      ),
    )
    .action(async (options) => {
      const { rollBack } = await import('./index.js');
      await rollBack(options);
    });
