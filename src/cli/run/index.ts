import { command } from '../../shared/commands.js';
import { chosen, type ChoiceOptions } from '../../shared/inputs/choice.js';
import { sentence } from '../../shared/sentence.js';
import { withApp, type ProjectOptions } from '../common/context.js';
import { followDay, type DayEnd } from '../common/follow/follow.js';
import { Interrupted, STOPPING, onInterrupt } from '../common/interrupt.js';
import type { Output } from '../common/options.js';
import { note, printJson } from '../common/output.js';
import { report } from '../common/report.js';
import { startOrAttachDay } from '../common/start.js';
import { assertRunnable } from '../common/wanted.js';
import { withWorker, warnIfNoWorker } from '../common/worker.js';

interface RunOptions extends ProjectOptions, ChoiceOptions {
  day: string;
  force?: boolean | undefined;
  withWorker?: boolean | undefined;
  output: Output;
}

/** Builds one day, or attaches to the run that is building it, and shows its steps. */
export const runOneDay = ({ day, force, withWorker: own, project, output, ...choice }: RunOptions): Promise<void> =>
  withApp({ project }, async (app) => {
    await assertRunnable(app, day);
    const interruption = onInterrupt(own ? STOPPING : undefined);
    const run = async (): Promise<DayEnd> => {
      const handle = await startOrAttachDay(app, { day, ...(force ? { force } : {}), ...chosen(choice) });
      if (!own) await warnIfNoWorker(app);
      const show = output === 'json' ? 'nothing' : process.stdout.isTTY ? 'live' : 'lines';
      return await followDay(handle, day, { show, signal: interruption.signal });
    };
    try {
      report(day, output, own ? await withWorker(app, run) : await run());
    } catch (error) {
      if (error !== interruption.signal.reason) throw error;
      const message = own
        ? sentence(
            `Day ${day} is not finished: it continues as soon as a worker runs. Attach again: `,
            command.run(day, '--with-worker'),
          )
        : sentence(`Day ${day} continues. Attach again: `, command.run(day));
      if (output === 'json') printJson({ day, outcome: 'interrupted', message });
      note(message);
      process.exitCode = error instanceof Interrupted ? error.exitCode : 130;
    } finally {
      interruption.release();
    }
  });
