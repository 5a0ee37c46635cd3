import { Command } from '@commander-js/extra-typings';
import { examples, outputOption, parseDay, parseWhole, projectOption } from '../common/options.js';

/** Rows and lines shown without `--limit`. */
const LIMIT = 5;

/** `daybook trace`: the raw lines behind published rows. */
export const traceCommand = () =>
  new Command('trace')
    .description('From published rows back to the raw lines and objects that they were made of')
    .requiredOption('--table <name>', 'a table of the project')
    .requiredOption('--day <YYYY-MM-DD>', 'the day of the rows', parseDay)
    .option('--where <expression>', 'which rows of the day: a condition in SQL', 'true')
    .option('--limit <rows>', 'rows and lines shown', parseWhole(1), LIMIT)
    .addOption(projectOption())
    .addOption(outputOption())
    .addHelpText(
      'after',
      examples(
        [
          `daybook trace --day 2026-11-05 --table events --where "type = 'purchase' AND unit_price > 100"`,
          'the raw line of each row, as it stands in its object',
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
