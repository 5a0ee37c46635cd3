import { Command } from '@commander-js/extra-typings';
import { DEMO_STACK, examples } from '../common/options.js';

/** Defines `daybook demo`. Exit code 0: every day is published; 1: a day failed, or the stack could not start. */
export const demoCommand = () =>
  new Command('demo')
    .description('Build five days of a small shop, from raw objects to published tables, in a separate local stack')
    .option('--keep', 'keep the stack running after the demo')
    .option('--dir <folder>', "folder of the stack's data, logs and addresses", DEMO_STACK)
    .addHelpText(
      'after',
      examples(
        ['daybook demo', 'a second run finds nothing to do; delete .daybook/ to start over'],
        ['daybook demo --keep', 'look around afterwards; the last line is the command that stops the stack'],
      ),
    )
    .action(async ({ dir, keep = false }) => {
      const { demo } = await import('./index.js');
      await demo(dir, keep);
    });
