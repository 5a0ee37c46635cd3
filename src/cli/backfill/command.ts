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
  withWorkerOption,
  wrongRange,
} from '../common/options.js';

/** Defines `daybook backfill`. Exit code 0: all days succeeded; 1: a day failed. */
export function backfillCommand() {
  const command = new Command('backfill')
    .description('Build a range of days. Starts a backfill, resumes one, or attaches to one that is running')
    .option('--start <YYYY-MM-DD>', 'the first day', parseDay)
    .option('--end <YYYY-MM-DD>', 'the last day', parseDay)
    .option('--force', 'rebuild every table of every day; the same as --reprocess all')
    .option('--concurrency <days>', `days to run at once (default: ${CONCURRENCY})`, parseConcurrency)
    .addOption(
      new Option(
        '--reprocess <which>',
        'none: only what is stale, by data or by code; failed: only days that failed; all: everything',
      )
        .choices(REPROCESS)
        .default('none' as const),
    )
    .addOption(replaceFolderOption())
    .addOption(keepVanishedOption())
    .addOption(allowEmptyOption())
    .option('--fail-fast', 'stop at the first day that fails')
    .option('--dry-run', 'show what would be built and why; change nothing')
    .addOption(withWorkerOption())
    .addOption(projectOption())
    .addOption(outputOption())
    .addHelpText(
      'after',
      examples(
        [
          'daybook backfill --start 2026-01-01 --end 2026-12-31 --concurrency 8',
          'both days are included; exit code 0: success; 1: a day failed; 2: wrong usage or a crash',
        ],
        ['daybook backfill --start 2026-01-01 --end 2026-12-31 --dry-run'],
        ['daybook backfill --start 2026-01-01 --end 2026-12-31 --reprocess failed'],
        [
          'daybook backfill --start 2026-01-01 --end 2026-01-31 --reprocess failed --replace-folder',
          'after a month of folders was compacted; folders that only lost objects keep their rows',
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
          "error: expected '--start' and '--end', or one of status, pause, resume, cancel, concurrency",
        );
      const wrong = wrongRange({ start, end });
      if (wrong !== undefined) return self.error(wrong);
      const { buildRange } = await import('./index.js');
      await buildRange({ ...options, start, end });
    });
  addControls(command);
  return command;
}

/** Defines `daybook backfill status | pause | resume | cancel | concurrency`; the Web UI and `temporal` can do the same. */
function addControls(backfill: Command): void {
  const load = () => import('./control.js');
  backfill.addCommand(
    withRange('status', 'Show the progress of a backfill').action(async (options) => {
      await (await load()).showBackfill(options);
    }),
  );
  backfill.addCommand(
    withRange('pause', 'Let running days finish; start no new ones').action(async (options) => {
      await (await load()).pauseBackfill(options);
    }),
  );
  backfill.addCommand(
    withRange('resume', 'Continue after a pause').action(async (options) => {
      await (await load()).resumeBackfill(options);
    }),
  );
  backfill.addCommand(
    withRange('cancel', 'Stop a backfill; each day keeps either its old or its new data, never a mixture').action(
      async (options) => {
        await (await load()).cancelBackfill(options);
      },
    ),
  );
  backfill.addCommand(
    withRange('concurrency', 'Change how many days run at once')
      .argument('<days>', `1 to ${MOST_CONCURRENCY}`, parseConcurrency)
      .action(async (days, options) => {
        await (await load()).setConcurrency(days, options);
      }),
  );
}

const withRange = (name: string, description: string) =>
  new Command(name)
    .description(description)
    .option('--start <YYYY-MM-DD>', 'the first day of the backfill, if several are running', parseDay)
    .option('--end <YYYY-MM-DD>', 'the last day of the backfill, if several are running', parseDay)
    .addOption(projectOption())
    .addOption(outputOption())
    // One end alone would be ignored, and another backfill be paused or cancelled than the one that is meant.
    .hook('preAction', (command) => {
      const { start, end } = command.opts();
      const wrong =
        (start === undefined) === (end === undefined)
          ? wrongRange({ start, end })
          : "error: expected both '--start' and '--end', or neither of them";
      if (wrong !== undefined) command.error(wrong);
    });
