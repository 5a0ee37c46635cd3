import { Command } from '@commander-js/extra-typings';
import { examples, outputOption, parseDay, PLANNED_DAYS, projectOption, wrongDays } from '../common/options.js';

/** Defines `daybook plan`, which shows what a run would build now, and why. */
export const planCommand = () =>
  new Command('plan')
    .description('Show which days and tables a run would build now, and why; changes nothing')
    .option('--day <YYYY-MM-DD>', 'one day; or yesterday', parseDay)
    .option(
      '--start <YYYY-MM-DD>',
      `the first day (default: the project's start, ${PLANNED_DAYS} days at most)`,
      parseDay,
    )
    .option('--end <YYYY-MM-DD>', 'the last day (default: yesterday)', parseDay)
    .addOption(projectOption())
    .addOption(outputOption())
    .addHelpText(
      'after',
      examples(
        ['daybook plan'],
        ['daybook plan --start 2026-11-01 --end 2026-11-30'],
        [
          `daybook plan --output json | jq -r '.days[] | select(.outcome == "code") | .day'`,
          'days that are stale only because the SQL changed',
        ],
      ),
    )
    .action(async (options, command) => {
      const wrong = wrongDays(options);
      if (wrong !== undefined) command.error(wrong);
      const { showPlan } = await import('./index.js');
      await showPlan(options);
    });
