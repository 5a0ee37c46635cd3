import { Command } from '@commander-js/extra-typings';
import {
  allowEmptyOption,
  examples,
  keepVanishedOption,
  outputOption,
  parseDay,
  projectOption,
  replaceFolderOption,
} from '../common/options.js';

/** Defines `daybook run`. Exit code 0: the day is published or unchanged; 1: it failed. */
export const runCommand = () =>
  new Command('run')
    .description('Build one day now. Starts a run, or attaches to the one that is running')
    .requiredOption('--day <YYYY-MM-DD>', "the day, in the project's time zone; or yesterday", parseDay)
    .option('--force', 'rebuild every table of the day even if nothing changed')
    .addOption(replaceFolderOption())
    .addOption(keepVanishedOption())
    .addOption(allowEmptyOption())
    .option('--with-worker', 'run a worker in this process while the day runs')
    .addOption(projectOption())
    .addOption(outputOption())
    .addHelpText(
      'after',
      examples(
        [
          'daybook run --day 2026-11-05',
          'exit code 0: published or unchanged; 1: the day failed; 2: wrong usage or a crash',
        ],
        ['daybook run --day 2026-11-05 --force --with-worker'],
        ['daybook run --day 2026-11-05 --replace-folder', 'after a compaction of its folder'],
        ['daybook run --day 2026-11-05 --output json | jq .outcome'],
      ),
    )
    .action(async (options) => {
      const { runOneDay } = await import('./index.js');
      await runOneDay(options);
    });
