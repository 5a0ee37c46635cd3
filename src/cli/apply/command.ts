import { Command } from '@commander-js/extra-typings';
import { examples, outputOption, projectOption } from '../common/options.js';

/** Defines `daybook apply`, which brings the ledger, the database and the tables in line with the project. */
export const applyCommand = () =>
  new Command('apply')
    .description(
      'Create the ledger, the database and missing tables; add columns, change comments, codecs and settings. Refuses changes that would lose values',
    )
    .option('--dry-run', 'print the statements; change nothing')
    .option('--allow-loss <table...>', 'tables whose columns may be dropped, converted to another type, or moved')
    .option(
      '--same-project',
      'confirm that the project of this name in the ledger, with another database, bucket or id, is this one',
    )
    .addOption(projectOption())
    .addOption(outputOption())
    .addHelpText(
      'after',
      examples(
        ['daybook apply', 'prints each statement, then runs it; safe to repeat: a second run changes nothing'],
        ['daybook apply --dry-run'],
        ['daybook apply --dry-run --output json', 'for CI: `changes` is empty if there is nothing to do'],
        [
          'daybook apply --allow-loss daily_sales',
          'also drops the columns of this table that its file no longer declares',
        ],
      ),
    )
    .action(async (options) => {
      const { applyProject } = await import('./index.js');
      await applyProject(options);
    });
