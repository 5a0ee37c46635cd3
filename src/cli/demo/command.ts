import { Command } from '@commander-js/extra-typings';
import { examples, STACK_DIR } from '../common/options.js';

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
    .action(async ({ dir, keep = false }) => {
      const { playDemo } = await import('./index.js');
      await playDemo(dir, keep);
    });
