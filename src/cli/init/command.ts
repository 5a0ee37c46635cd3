import { Command } from '@commander-js/extra-typings';
import { examples, outputOption } from '../common/options.js';

/** Defines `daybook init`, which writes a starter project. */
export const initCommand = () =>
  new Command('init')
    .description('Write a small project into a new folder: one source, one model, one test, two days of sample objects')
    .argument('<folder>', 'a new or empty folder')
    .option('--project <name>', "the project's name (default: the folder's name, with a number if that is taken)")
    .addOption(outputOption())
    .addHelpText('after', examples(['daybook init clicks'], ['daybook init analytics/clicks --project web_clicks']))
    .action(async (folder, options) => {
      const { writeProject } = await import('./index.js');
      await writeProject(folder, options);
    });
