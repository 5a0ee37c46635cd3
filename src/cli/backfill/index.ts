import type { App } from '../../app.js';
import { daysToRun } from '../../ledger/days-to-run.js';
import { command } from '../../shared/commands.js';
import { choiceOf, chosen, type ChoiceOptions } from '../../shared/inputs/choice.js';
import { sentence } from '../../shared/sentence.js';
import type { BackfillInput } from '../../shared/workflows.js';
import { withApp, type ProjectOptions } from '../common/context.js';
import { Interrupted, onInterrupt, STOPPING } from '../common/interrupt.js';
import type { Output } from '../common/options.js';
import { note, print, printJson } from '../common/output.js';
import { assertDays, assertRunnable } from '../common/wanted.js';
import { warnIfNoWorker, withWorker } from '../common/worker.js';
import { forecast, forecastText, hasWork } from '../plan/forecast.js';
import { followBackfill, type BackfillEnd } from './follow.js';
import { startBackfill } from './start.js';
import { resultText } from './text.js';

interface BackfillOptions extends ProjectOptions, ChoiceOptions {
  start: string;
  end: string;
  force?: boolean | undefined;
  concurrency?: number | undefined;
  reprocess: NonNullable<BackfillInput['reprocess']>;
  failFast?: boolean | undefined;
  dryRun?: boolean | undefined;
  withWorker?: boolean | undefined;
  output: Output;
}

/** Builds a range of days and shows its progress; with `dryRun`, shows what it would build. */
export async function buildRange(options: BackfillOptions): Promise<void> {
  const { start, end, force, concurrency, reprocess, failFast, dryRun, withWorker: own, project, output } = options;
  const input: BackfillInput = {
    ...{ start, end, reprocess: force ? 'all' : reprocess },
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(failFast ? { failFast } : {}),
    ...chosen(options),
  };
  await withApp({ project }, async (app) => {
    if (dryRun) assertDays(app, start, end);
    else await assertRunnable(app, start, end);
    await (dryRun ? showForecast(app, input, output) : run(app, input, { own: own ?? false, output }));
  });
}

async function showForecast(app: App, input: BackfillInput, output: Output): Promise<void> {
  const { start, end, reprocess } = input;
  await app.ledger.assertReadable(app.project.config);
  const whole = reprocess !== 'failed';
  const days = await daysToRun(app, { start, end, which: whole ? 'all' : 'failed' });
  const found = await forecast(app, days, {
    ...{ force: reprocess === 'all', code: true, beyond: { end, whole } },
    choice: choiceOf(input),
  });
  if (output === 'json') printJson({ project: app.project.config.project, start, end, ...found });
  else print(forecastText(found, 0, [...found.days, ...found.later].some(hasWork) ? [again(input)] : []));
}

async function run(app: App, input: BackfillInput, { own, output }: { own: boolean; output: Output }): Promise<void> {
  const { start, end } = input;
  const interruption = onInterrupt(own ? STOPPING : undefined);
  const follow = async (): Promise<BackfillEnd> => {
    const handle = await startBackfill(app, input);
    if (!own) await warnIfNoWorker(app, 'the backfill');
    const show = output === 'json' ? 'nothing' : process.stdout.isTTY ? 'live' : 'lines';
    return await followBackfill(handle, show, interruption.signal);
  };
  try {
    reportBackfill(input, output, own ? await withWorker(app, follow) : await follow());
  } catch (error) {
    if (error !== interruption.signal.reason) throw error;
    const message = sentence(
      own ? 'The backfill is not finished: it continues as soon as a worker runs.' : 'The backfill continues.',
      ...[' Attach again: ', again(input, ...(own ? ['--with-worker'] : []))],
      ...['\nOr stop it: ', command.backfills('pause', start, end), ', ', command.backfills('cancel', start, end)],
    );
    if (output === 'json') printJson({ start, end, outcome: 'interrupted', message });
    note(message);
    process.exitCode = error instanceof Interrupted ? error.exitCode : 130;
  } finally {
    interruption.release();
  }
}

const again = ({ start, end, reprocess = 'none', ...input }: BackfillInput, ...more: string[]) =>
  command.backfill(
    ...([start, end] as const),
    ...(reprocess === 'none' ? [] : ['--reprocess', reprocess]),
    ...(input.replaceFolder ? ['--replace-folder'] : []),
    ...(input.keepVanished ? ['--keep-vanished'] : []),
    ...(input.allowEmpty ? ['--allow-empty'] : []),
    ...more,
  );

function reportBackfill(input: BackfillInput, output: Output, end: BackfillEnd): void {
  if (!end.ok || end.result.outcome === 'failed') process.exitCode = 1;
  if (output === 'json')
    printJson(end.ok ? end.result : { start: input.start, end: input.end, outcome: end.outcome, message: end.message });
  else if (end.ok) print(resultText(end.result));
  else note(end.outcome === 'cancelled' ? sentence(end.message, ' ', again(input)) : end.message);
}
