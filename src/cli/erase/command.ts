import { Command } from '@commander-js/extra-typings';
import { examples, outputOption, projectOption, withWorkerOption } from '../common/options.js';

/** Defines `daybook erase`. Exit code 0: the rows are gone, or there were none; 1: some are left. */
export const eraseCommand = () =>
  new Command('erase')
    .description("Remove rows from a table's days, chunks, rejects and archives")
    .requiredOption('--table <table>', 'the normalized table or model')
    .requiredOption('--where <condition>', 'SQL expression over the columns of the table')
    .option('--rejects-with <text>', 'also remove rejected lines that contain this text')
    .option('--dry-run', 'show where such rows are; change nothing')
    .addOption(withWorkerOption())
    .addOption(projectOption())
    .addOption(outputOption())
    .addHelpText(
      'after',
      examples(
        [`daybook erase --table events --where "user_id = 'u1'" --dry-run`, 'shows where the rows are'],
        [
          `daybook erase --table events --where "user_id = 'u1'"`,
          'removes them and lists the raw objects that hold such rows: delete those yourself, or a rebuild reads them again',
        ],
      ),
    )
    .action(async (options) => {
      const { startErasure } = await import('./index.js');
      await startErasure(options);
    });
