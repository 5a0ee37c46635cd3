import { Command } from '@commander-js/extra-typings';
import { examples, outputOption, parseDay, projectOption } from '../common/options.js';

/** `daybook verify`: exit code 0 where readers have what was published, 1 where something differs. */
export const verifyCommand = () =>
  new Command('verify')
    .description('Check that readers have what was published: rows and fingerprint of each day, against the ledger')
    .option('--day <YYYY-MM-DD>', 'one day', parseDay)
    .option('--start <YYYY-MM-DD>', 'the first day (default: as many days as nights look at again)', parseDay)
    .option('--end <YYYY-MM-DD>', 'the last day (default: yesterday)', parseDay)
    .option('--rebuild', 'also build each day aside from its sources, and compare; publishes nothing')
    .option('--with-worker', 'with --rebuild: run a worker in this process meanwhile')
    .addOption(projectOption())
    .addOption(outputOption())
    .addHelpText(
      'after',
      examples(
        ['daybook verify', 'changes nothing; a difference names table and day, and the command that mends it'],
        ['daybook verify --start 2026-11-01 --end 2026-11-30'],
        ['daybook verify --day 2026-11-05 --rebuild', "is the day what today's SQL makes of its objects?"],
      ),
    )
    .action(async (options, command) => {
      const { day, start, end } = options;
      if (day !== undefined && (start ?? end) !== undefined)
        command.error("error: '--day' is one day, '--start' and '--end' are a range; give one of them");
      const { verifyPublished } = await import('./index.js');
      await verifyPublished(options);
    });
