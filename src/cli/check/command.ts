import { Command } from '@commander-js/extra-typings';
import { examples, outputOption, projectOption } from '../common/options.js';

/** `daybook check`: exit code 0 where nothing stops a build (warnings are allowed), 1 where something does. */
export const checkCommand = () =>
  new Command('check')
    .description('Say what is wrong with the config, the SQL and the three connections, and how to mend it')
    .addOption(projectOption())
    .addOption(outputOption())
    .addHelpText(
      'after',
      examples(
        ['daybook check', 'nothing is changed; the SQL is tried on empty tables in a scratch database'],
        ['daybook check --project ../shop --output json', 'one JSON document: { ok, dir, problems }'],
      ),
    )
    .action(async (options) => {
      const { check } = await import('./index.js');
      await check(options);
    });
