import { Command } from '@commander-js/extra-typings';
import { examples, outputOption, parseDay, parseWhole, projectOption } from '../common/options.js';

/** Rows and lines that are shown without `--limit`. */
const LIMIT = 5;

/** Defines `daybook trace`, which shows the raw lines behind published rows. */
export const traceCommand = () =>
  new Command('trace')
    .description('Trace published rows back to the raw lines and objects that they come from')
    .requiredOption('--table <name>', 'a table of the project')
    .requiredOption('--day <YYYY-MM-DD>', 'the day of the rows', parseDay)
    .option('--where <expression>', 'a SQL condition that selects rows of the day', 'true')
    .option('--limit <rows>', 'rows and lines to show', parseWhole(1), LIMIT)
    .addOption(projectOption())
    .addOption(outputOption())
    .addHelpText(
      'after',
      examples(
        [
          `daybook trace --day 2026-11-05 --table events --where "type = 'purchase' AND unit_price > 100"`,
          'the raw line of each row, read from its object',
        ],
        [
          `daybook trace --day 2026-11-05 --table daily_sales --where "country = 'DE'"`,
          'the rows and objects behind a number',
        ],
      ),
    )
    .action(async (options) => {
      const { showTrace } = await import('./index.js');
      await showTrace(options);
    });
