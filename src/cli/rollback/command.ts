import { Command, Option } from '@commander-js/extra-typings';
import { examples, outputOption, parseDay, parseWhole, projectOption, withWorkerOption } from '../common/options.js';

/** Defines `daybook rollback`. Exit code 0: readers have the requested publish; 1: it cannot be restored. */
export const rollbackCommand = () =>
  new Command('rollback')
    .description('Restore an earlier publish of a day, and hold the day')
    .requiredOption('--day <YYYY-MM-DD>', "the day, in the project's time zone; or yesterday", parseDay)
    .option('--generation <number>', 'the publish to restore (default: the one before the newest)', parseWhole(1))
    .addOption(
      new Option('--to-empty', 'if there is no earlier publish: leave readers without rows of the day').conflicts(
        'generation',
      ),
    )
    .option('--dry-run', 'list what can be restored; change nothing')
    .option('--reason <text>', 'why the day is held, shown by status and plan', '')
    .addOption(withWorkerOption())
    .addOption(projectOption())
    .addOption(outputOption())
    .addHelpText(
      'after',
      examples(
        ['daybook rollback --day 2026-11-05 --dry-run', 'lists the publishes of the day, and which are still archived'],
        ['daybook rollback --day 2026-11-05 --reason "prices were doubled"', 'restores the publish before the newest'],
        [
          'daybook rollback --day 2026-11-05 --generation 2',
          'restores that publish; repeating it changes nothing (keepPrevious sets how long archives are kept)',
        ],
        ['daybook unhold --day 2026-11-05', 'lets runs build the day again'],
        ['daybook run --day 2026-11-05 --force', 'builds the day now, and releases it'],
      ),
    )
    .action(async (options) => {
      const { rollBackOneDay } = await import('./index.js');
      await rollBackOneDay(options);
    });
