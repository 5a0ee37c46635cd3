import { Command } from '@commander-js/extra-typings';
import { examples, outputOption, parseDay, projectOption, wrongDays } from '../common/options.js';

/** Defines `daybook verify`. Exit code 0: the tables match what was published; 1: something differs. */
export const verifyCommand = () =>
  new Command('verify')
    .description('Compare the live tables with the ledger: row count and hash of each published day')
    .option('--day <YYYY-MM-DD>', 'one day', parseDay)
    .option('--start <YYYY-MM-DD>', 'the first day (default: lateDays before the last day)', parseDay)
    .option('--end <YYYY-MM-DD>', 'the last day (default: yesterday)', parseDay)
    .option('--rebuild', 'rebuild each day in a stage, from its raw objects, and compare it; publishes nothing')
    .option('--with-worker', 'with --rebuild: run a worker in this process for as long as the command runs')
    .addOption(projectOption())
    .addOption(outputOption())
    .addHelpText(
      'after',
      examples(
        ['daybook verify', 'changes nothing; a difference names the table, the day and the command that fixes it'],
        ['daybook verify --start 2026-11-01 --end 2026-11-30'],
        ['daybook verify --day 2026-11-05 --rebuild', "does today's SQL still produce the published day?"],
      ),
    )
    .action(async (options, command) => {
      const wrong = wrongDays(options);
      if (wrong !== undefined) command.error(wrong);
      const { verifyPublished } = await import('./index.js');
      await verifyPublished(options);
    });
