import { Command } from '@commander-js/extra-typings';
import { forgetServices, processVariables, readEnv } from '../env.js';
import { EXAMPLE, STACK_DIR } from './context.js';
import { examples, note } from './output.js';

/** `daybook demo`: exit code 0 where every day is published, 1 where one failed or the stack can't be had. */
export const demoCommand = () =>
  new Command('demo')
    .description('Five days of a small shop, from raw objects to published tables, in a local stack of its own')
    .option('--keep', 'leave the stack up when the demo has ended')
    .option('--dir <folder>', "folder of the stack's data, logs and addresses", STACK_DIR)
    .addHelpText(
      'after',
      examples(
        ['daybook demo', 'the second time it finds nothing to do; delete .daybook/ to start over'],
        ['daybook demo --keep', 'then look around, and end it with `daybook local down`'],
      ),
    )
    .action(async ({ dir, keep }) => {
      const { DayFailed } = await import('./demo/days.js');
      const { Interrupted } = await import('./demo/interrupt.js');
      const { LocalStackError } = await import('../local/local-error.js');
      const { runDemo } = await import('./demo/demo.js');
      const { dirArgument } = await import('./demo/closing.js');
      // The demo is the repository's example in a stack of its own, whatever this shell is used for otherwise.
      forgetServices();
      const env = readEnv(processVariables());
      try {
        await runDemo({ dir, keep: keep ?? env.keepDemo, local: env, project: EXAMPLE });
      } catch (error) {
        // What was interrupted may still hold the process: a download, a connection.
        if (error instanceof Interrupted) process.exit(error.exitCode);
        if (!(error instanceof DayFailed) && !(error instanceof LocalStackError)) throw error;
        note(error.message);
        if (error instanceof DayFailed) note(`Its history is kept; to see it: npx daybook local up${dirArgument(dir)}`);
        process.exitCode = 1;
      }
    });
