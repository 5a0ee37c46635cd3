import { Command } from '@commander-js/extra-typings';
import { examples, outputOption, parseDay, parseWhole, projectOption } from '../options.js';

/** Rejected lines shown without `--limit`. */
const LIMIT = 50;

/** `daybook rejects retry`: exit code 0 where the day is published or nothing changed, 1 where it failed. */
const retryCommand = () =>
  new Command('retry')
    .description("Feed a day's rejects and quarantined objects again, and republish the day")
    .requiredOption('--day <YYYY-MM-DD>', 'the day whose folder holds them', parseDay)
    .option('--with-worker', 'run a worker in this process meanwhile')
    .addOption(projectOption())
    .addOption(outputOption())
    .addHelpText(
      'after',
      examples(
        [
          'daybook rejects retry --day 2026-11-05',
          'after a dictionary was mended: only the chunks that hold rejects are normalized again',
        ],
        [
          'daybook rejects retry --day 2026-11-05 --with-worker',
          "after a fix of the SQL: all chunks of the day, because a day is never a mixture of two SELECTs' rows",
        ],
      ),
    )
    .action(async (options) => {
      const { retryRejects } = await import('../rejects.js');
      await retryRejects(options);
    });

/** `daybook rejects`: raw lines that could not become rows, and why. */
export const rejectsCommand = () =>
  new Command('rejects')
    .addCommand(retryCommand())
    .description('Show the raw lines of a day that could not become rows, and why')
    // Not a required option, which `rejects retry` would have to have twice.
    .option('--day <YYYY-MM-DD>', 'the day whose folder is asked for (needed)', parseDay)
    .option('--source <name>', 'only this source')
    .option('--limit <lines>', 'lines shown of each source; reasons count all of them', parseWhole(0), LIMIT)
    .addOption(projectOption())
    .addOption(outputOption())
    .addHelpText(
      'after',
      examples(
        ['daybook rejects --day 2026-11-05', 'also where the day failed and nothing was published'],
        ['daybook rejects --day 2026-11-05 --source events --limit 0', 'the reasons alone'],
        ["daybook rejects --day 2026-11-05 --output json | jq -r '.sources[].rows[].text'", 'the raw lines'],
      ),
    )
    .action(async ({ day, ...options }, command) => {
      if (day === undefined) return command.error("error: required option '--day <YYYY-MM-DD>' not specified");
      const { showRejects } = await import('../rejects.js');
      await showRejects({ ...options, day });
    });
