import { Command, Option } from '@commander-js/extra-typings';
import { daysToRun } from '../../activities/outline.js';
import type { App } from '../app.js';
import { CONCURRENCY, REPROCESS } from '../core/backfill.js';
import type { BackfillInput } from '../core/messages.js';
import { assertWanted } from '../project/wanted.js';
import { parseConcurrency, controlCommands } from './backfill-control.js';
import { followBackfill, type BackfillEnd } from './backfill-follow.js';
import { startBackfill } from './backfill-start.js';
import { resultText } from './backfill-text.js';
import { withApp } from './context.js';
import { forecast, forecastText } from './forecast.js';
import { examples, note, outputOption, print, printJson, projectOption } from './output.js';
import { onInterrupt, parseDay, sayIfNobodyPolls, STOPPING, withWorker } from './run.js';

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
        ['daybook backfill status'],
        ['daybook backfill pause'],
        ['daybook backfill concurrency 2'],
      ),
    )
    .action(async (options, self) => {
      const { start, end, force, concurrency, reprocess, failFast, dryRun, withWorker: own, project, output } = options;
      if (start === undefined || end === undefined)
        return self.error(
          "error: '--start' and '--end' are needed, or one of status, pause, resume, cancel, concurrency",
        );
      if (end < start) return self.error(`error: '--end' ${end} is before '--start' ${start}`);
      const input: BackfillInput = {
        ...{ start, end, reprocess: force ? 'all' : reprocess },
        ...(concurrency === undefined ? {} : { concurrency }),
        ...(failFast ? { failFast } : {}),
      };
      await withApp({ project }, async (app) => {
        for (const day of [start, end]) assertWanted(app.project.config, day, new Date());
        await (dryRun ? showPlan(app, input, output) : run(app, input, { own: own ?? false, output }));
      });
    });
  for (const control of controlCommands()) command.addCommand(control);
  return command;
}

async function showPlan(app: App, { start, end, reprocess }: BackfillInput, output: 'text' | 'json'): Promise<void> {
  await app.ledger.assertReadable();
  const whole = reprocess !== 'failed';
  const days = await daysToRun(app, { start, end, which: whole ? 'all' : 'failed' });
  const found = await forecast(app, days, { force: reprocess === 'all', code: true, beyond: { end, whole } });
  if (output === 'json') printJson({ project: app.project.config.project, start, end, ...found });
  else print(forecastText(found, 0, [again({ start, end, ...(reprocess ? { reprocess } : {}) })]));
}

async function run(
  app: App,
  input: BackfillInput,
  { own, output }: { own: boolean; output: 'text' | 'json' },
): Promise<void> {
  const { start, end } = input;
  const range = `--start ${start} --end ${end}`;
  const interruption = onInterrupt(own ? STOPPING : undefined);
  const follow = async (): Promise<BackfillEnd> => {
    const handle = await startBackfill(app, input);
    const show = output === 'json' ? 'nothing' : process.stdout.isTTY ? 'live' : 'lines';
    return await followBackfill(handle, show, interruption.signal);
  };
  try {
    if (!own) await sayIfNobodyPolls(app, 'the backfill');
    report(input, output, own ? await withWorker(app, follow) : await follow());
  } catch (error) {
    if (error !== interruption.signal.reason) throw error;
    const message =
      `${own ? 'The backfill is not done: it goes on as soon as a worker runs.' : 'The backfill goes on.'} ` +
      `Attach again: ${again(input)}${own ? ' --with-worker' : ''}\n` +
      `Or: npx daybook backfill pause ${range}, npx daybook backfill cancel ${range}`;
    if (output === 'json') printJson({ start, end, outcome: 'interrupted', message });
    note(message);
    process.exitCode = 2;
  } finally {
    interruption.release();
  }
}

const again = ({ start, end, reprocess = 'none' }: BackfillInput) =>
  `npx daybook backfill --start ${start} --end ${end}${reprocess === 'none' ? '' : ` --reprocess ${reprocess}`}`;

function report(input: BackfillInput, output: 'text' | 'json', end: BackfillEnd): void {
  if (!end.ok || end.result.outcome === 'failed') process.exitCode = 1;
  if (output === 'json')
    printJson(end.ok ? end.result : { start: input.start, end: input.end, outcome: end.outcome, message: end.message });
  else if (end.ok) print(resultText(end.result));
  else note(`${end.message} ${end.outcome === 'cancelled' ? again(input) : ''}`.trimEnd());
}
