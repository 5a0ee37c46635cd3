import { Command, Option } from '@commander-js/extra-typings';
import { CONCURRENCY, MOST_CONCURRENCY, REPROCESS } from '../../shared/inputs/backfill.js';
import {
  allowEmptyOption,
  examples,
  keepVanishedOption,
  outputOption,
  parseConcurrency,
  parseDay,
  projectOption,
  replaceFolderOption,
} from '../common/options.js';

/** `daybook backfill`: exit code 0 where all is well, 1 where a day failed. */
export function backfillCommand() {
  const command = new Command('backfill')
    .description('Build a range of days: start it, resume it, or attach to it where it runs already')
    .option('--start <YYYY-MM-DD>', 'the first day', parseDay)
    .option('--end <YYYY-MM-DD>', 'the last day', parseDay)
    .option('--force', 'rebuild every table of every day; the same as --reprocess all')
    .option('--concurrency <days>', `days under way at once (default: ${CONCURRENCY})`, parseConcurrency)
    .addOption(
      new Option('--reprocess <which>', 'none: what is stale, by data or by code; failed: only days that failed; all')
        .choices(REPROCESS)
        .default('none' as const),
    )
    .addOption(replaceFolderOption())
    .addOption(keepVanishedOption())
    .addOption(allowEmptyOption())
    .option('--fail-fast', 'end with the first day that fails')
    .option('--dry-run', 'show what would be built and why, and change nothing')
    .option('--with-worker', 'run a worker in this process meanwhile')
    .addOption(projectOption())
    .addOption(outputOption())
    .addHelpText(
      'after',
      examples(
        [
          'daybook backfill --start 2026-01-01 --end 2026-12-31 --concurrency 8',
          'both days belong to the range; exit code 0: all is well; 1: a day failed; 2: wrong usage or a crash',
        ],
        ['daybook backfill --start 2026-01-01 --end 2026-12-31 --dry-run'],
        ['daybook backfill --start 2026-01-01 --end 2026-12-31 --reprocess failed'],
        [
          'daybook backfill --start 2026-01-01 --end 2026-01-31 --reprocess failed --replace-folder',
          'after a month of folders was compacted; folders that were only thinned keep their rows',
        ],
        ['daybook backfill status'],
        ['daybook backfill pause'],
        ['daybook backfill concurrency 2'],
      ),
    )
    .action(async (options, self) => {
      const { start, end } = options;
      if (start === undefined || end === undefined)
        return self.error(
          "error: '--start' and '--end' are needed, or one of status, pause, resume, cancel, concurrency",
        );
      if (end < start) return self.error(`error: '--end' ${end} is before '--start' ${start}`);
      const { buildRange } = await import('./index.js');
      await buildRange({ ...options, start, end });
    });
  addControls(command);
  return command;
}

/** `daybook backfill status | pause | resume | cancel | concurrency`: what the Web UI and `temporal` can do too. */
function addControls(backfill: Command): void {
  const load = () => import('./control.js');
  backfill.addCommand(
    withRange('status', 'Show how far a backfill is').action(async (options) => {
      await (await load()).showBackfill(options);
    }),
  );
  backfill.addCommand(
    withRange('pause', 'Finish the days under way and start no more').action(async (options) => {
      await (await load()).pauseBackfill(options);
    }),
  );
  backfill.addCommand(
    withRange('resume', 'Go on after a pause').action(async (options) => {
      await (await load()).resumeBackfill(options);
    }),
  );
  backfill.addCommand(
    withRange('cancel', 'End a backfill; every day is left either old or new').action(async (options) => {
      await (await load()).cancelBackfill(options);
    }),
  );
  backfill.addCommand(
    withRange('concurrency', 'Change how many days may be under way at once')
      .argument('<days>', `1 to ${MOST_CONCURRENCY}`, parseConcurrency)
      .action(async (days, options) => {
        await (await load()).setConcurrency(days, options);
      }),
  );
}

const withRange = (name: string, description: string) =>
  new Command(name)
    .description(description)
    .option('--start <YYYY-MM-DD>', 'which one, where several run', parseDay)
    .option('--end <YYYY-MM-DD>', 'which one, where several run', parseDay)
    .addOption(projectOption())
    .addOption(outputOption());
