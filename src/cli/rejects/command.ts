import { Command } from '@commander-js/extra-typings';
import { examples, outputOption, parseDay, parseWhole, projectOption, withWorkerOption } from '../common/options.js';

/** Rejected lines that are shown without `--limit`. */
const LIMIT = 50;

/** Defines `daybook rejects retry`. Exit code 0: the day is published or unchanged; 1: it failed. */
const retryCommand = () =>
  new Command('retry')
    .description("Reprocess a day's rejects and quarantined objects, and republish the day")
    .requiredOption('--day <YYYY-MM-DD>', 'the day of their folder', parseDay)
    .addOption(withWorkerOption())
    .addOption(projectOption())
    .addOption(outputOption())
    .addHelpText(
      'after',
      examples(
        [
          'daybook rejects retry --day 2026-11-05',
          'after a dictionary was fixed: only the chunks with rejects are normalized again',
        ],
        [
          'daybook rejects retry --day 2026-11-05 --with-worker',
          'after the SQL was fixed: all chunks of the day are normalized again, because a day never mixes rows of two SELECTs',
        ],
      ),
    )
    .action(async (options) => {
      const { startRetry } = await import('./index.js');
      await startRetry(options);
    });

/** Defines `daybook rejects`, which shows raw lines that could not become rows, and why. */
export const rejectsCommand = () =>
  new Command('rejects')
    .addCommand(retryCommand())
    .description('Show the raw lines of a day that could not become rows, and why')
    // Not a required option: `rejects retry` would then need it twice.
    .option('--day <YYYY-MM-DD>', 'the day of the folder (required)', parseDay)
    .option('--source <name>', 'only this source')
    .option('--limit <lines>', 'lines to show per source; the reasons always count all of them', parseWhole(0), LIMIT)
    .addOption(projectOption())
    .addOption(outputOption())
    .addHelpText(
      'after',
      examples(
        ['daybook rejects --day 2026-11-05', 'also works if the day failed and nothing was published'],
        ['daybook rejects --day 2026-11-05 --source events --limit 0', 'only the reasons'],
        ["daybook rejects --day 2026-11-05 --output json | jq -r '.sources[].rows[].text'", 'the raw lines'],
      ),
    )
    .action(async ({ day, ...options }, command) => {
      if (day === undefined) return command.error("error: required option '--day <YYYY-MM-DD>' not specified");
      const { showRejects } = await import('./index.js');
      await showRejects({ ...options, day });
    });
