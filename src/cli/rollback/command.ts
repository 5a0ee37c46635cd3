import { Command } from '@commander-js/extra-typings';
import { examples, outputOption, parseDay, projectOption, withWorkerOption } from '../common/options.js';

/** Defines `daybook rollback`. Exit code 0: the previous data is live again; 1: nothing could be rolled back. */
export const rollbackCommand = () =>
  new Command('rollback')
    .description('Roll back the newest publish of a day: readers get the previous data; the day is held')
    .requiredOption('--day <YYYY-MM-DD>', "the day, in the project's time zone", parseDay)
    .option('--reason <text>', 'why the day is held, shown by status and plan', '')
    .addOption(withWorkerOption())
    .addOption(projectOption())
    .addOption(outputOption())
    .addHelpText(
      'after',
      examples(
        [
          'daybook rollback --day 2026-11-05 --reason "prices were doubled"',
          'undoes exactly one publish; run it again to undo the one before, as long as its archive is kept (keepPrevious)',
        ],
        ['daybook unhold --day 2026-11-05', 'lets runs build the day again'],
        ['daybook run --day 2026-11-05 --force', 'builds the day now, and releases it'],
      ),
    )
    .action(async (options) => {
      const { rollBack } = await import('./index.js');
      await rollBack(options);
    });
