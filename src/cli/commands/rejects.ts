import { Command } from '@commander-js/extra-typings';
import { examples, outputOption, parseDay, parseWhole, projectOption } from '../options.js';
import type { RetryOptions } from '../rejects.js';

/** Rejected lines shown without `--limit`. */
const LIMIT = 50;

/** `daybook rejects retry`: exit code 0 where the day is published or nothing changed, 1 where it failed. */
const retryCommand = () =>
  new Command('retry')
    .description("Feed a day's rejects and quarantined objects again, and republish the day")
    .usage('--day <YYYY-MM-DD> [options]')
    .option('--with-worker', 'run a worker in this process meanwhile')
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
    .action(async (_, command) => {
      const { retryRejects } = await import('../rejects.js');
      // The day, the project and the form of output are options of `rejects`, wherever they are written.
      await retryRejects(command.optsWithGlobals() as unknown as RetryOptions);
    });

/** `daybook rejects`: raw lines that could not become rows, and why. */
export const rejectsCommand = () =>
  new Command('rejects')
    .addCommand(retryCommand())
    .description('Show the raw lines of a day that could not become rows, and why')
    .requiredOption('--day <YYYY-MM-DD>', 'the day whose folder is asked for', parseDay)
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
    .action(async (options) => {
      const { showRejects } = await import('../rejects.js');
      await showRejects(options);
    });
