import { forgetServices, processVariables, readEnv } from '../../env.js';
import { LocalStackError } from '../../local/local-error.js';
import { command } from '../../shared/commands.js';
import { sentence } from '../../shared/sentence.js';
import { EXAMPLE } from '../common/context.js';
import { Interrupted } from '../common/interrupt.js';
import { endProcess, note } from '../common/output.js';
import { DayFailed } from './days.js';
import { runDemo } from './run.js';

/** Runs the example project in a separate local stack, ignoring any service addresses in the environment. */
export async function demo(dir: string, keep: boolean): Promise<void> {
  forgetServices();
  const env = readEnv(processVariables());
  try {
    await runDemo({ dir, keep: keep || env.keepDemo, local: env, project: EXAMPLE });
  } catch (error) {
    // An interrupted download or connection may keep the process alive.
    if (error instanceof Interrupted) return await endProcess(error.exitCode);
    if (!(error instanceof DayFailed) && !(error instanceof LocalStackError)) throw error;
    note(error.message);
    if (error instanceof DayFailed)
      note(sentence('Its history is kept. To see it: ', command.local('up', '--dir', dir)));
    process.exitCode = 1;
  }
}
