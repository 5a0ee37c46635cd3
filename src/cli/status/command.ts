import { Command } from '@commander-js/extra-typings';
import { examples, outputOption, parseDay, parseWhole, projectOption } from '../common/options.js';

/** Days that are shown without `--days`. */
const DAYS = 14;

/** Defines `daybook status`. Exit code 0 also if days failed; 1 and 2 mean that it could not report. */
export const statusCommand = () =>
  new Command('status')
    .description('Show the state of the days: outcome, rows, rejects, and the next command')
    .option('--day <YYYY-MM-DD>', 'one day with its tables, tests and rejects', parseDay)
    .option('--accounts', 'with --day: account for every raw line')
    .option('--days <count>', 'how many of the newest days to show', parseWhole(1), DAYS)
    .addOption(projectOption())
    .addOption(outputOption())
    .addHelpText(
      'after',
      examples(
        ['daybook status', 'exit code 0 even if a day failed'],
        ['daybook status --day 2026-11-05 --accounts'],
        [`daybook status --output json | jq -r '.days[] | select(.state == "failed") | .day'`],
      ),
    )
    .action(async (options, command) => {
      if (options.accounts && options.day === undefined)
        command.error("error: '--accounts' needs '--day <YYYY-MM-DD>'");
      const { showStatus } = await import('./index.js');
      await showStatus(options);
    });
