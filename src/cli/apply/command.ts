import { Command } from '@commander-js/extra-typings';
import { examples, outputOption, projectOption } from '../common/options.js';

/** `daybook apply`: makes the ledger, the database and the tables what the project says. */
export const applyCommand = () =>
  new Command('apply')
    .description(
      'Create the ledger, the database and missing tables; add columns, change comments, codecs and settings. Refuses what would lose values',
    )
    .option('--dry-run', 'print the statements, and change nothing')
    .option('--allow-loss <table...>', 'tables in which columns may be dropped, converted to another type, or moved')
    .addOption(projectOption())
    .addOption(outputOption())
    .addHelpText(
      'after',
      examples(
        [
          'daybook apply',
          'prints each statement, then runs it; safe to repeat: the second time it finds nothing to do',
        ],
        ['daybook apply --dry-run'],
        ['daybook apply --dry-run --output json', 'for CI: `changes` is empty where nothing is to do'],
        ['daybook apply --allow-loss daily_sales', 'also drops columns of this table that its file no longer has'],
      ),
    )
    .action(async (options) => {
      const { applyProject } = await import('./index.js');
      await applyProject(options);
    });
