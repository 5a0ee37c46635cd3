import { Command } from '@commander-js/extra-typings';
import { examples, outputOption, projectOption } from '../common/options.js';

/** Defines `daybook check`. Exit code 0: no errors (warnings are allowed); 1: errors. */
export const checkCommand = () =>
  new Command('check')
    .description('Report problems of the config, the SQL and the connections, each with its fix')
    .addOption(projectOption())
    .addOption(outputOption())
    .addHelpText(
      'after',
      examples(
        ['daybook check', 'changes nothing; the SQL is tried on empty tables in a scratch database'],
        ['daybook check --project ../shop --output json', 'one JSON document: { ok, dir, problems }'],
      ),
    )
    .action(async (options) => {
      const { check } = await import('./index.js');
      await check(options);
    });
