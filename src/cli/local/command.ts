import { Command, Option } from '@commander-js/extra-typings';
import { examples, outputOption } from '../common/options.js';

const load = () => import('./index.js');

const dirOption = () =>
  new Option(
    '--dir <folder>',
    "folder of the stack's data, logs and addresses (default: DAYBOOK_STACK, or ~/.local/state/daybook/stack)",
  );

/** Defines `daybook local up | down | put | status | env`. */
export function localCommand() {
  const local = new Command('local').description('Run the local stack: Temporal, ClickHouse and S3 on this machine');
  local
    .addCommand(upCommand())
    .addCommand(downCommand())
    .addCommand(putCommand())
    .addCommand(stackStatusCommand())
    .addCommand(envCommand());
  local.addHelpText(
    'after',
    examples(
      ['daybook local up', 'start it in this terminal; Ctrl-C stops it'],
      ['daybook local up --detach', 'start it and leave it running until `daybook local down`'],
      ['daybook local put samples/dt=* --to s3://clicks-data/raw/events/', 'upload files into its S3 store'],
      ['daybook local status', 'show the services and their addresses'],
      ['eval "$(daybook local env)"', 'point this shell at the stack'],
    ),
  );
  return local;
}

function upCommand() {
  return new Command('up')
    .description('Start the stack. Missing programs are downloaded or built once, which takes minutes')
    .option('--detach', 'leave it running until `daybook local down`')
    .addOption(dirOption())
    .addOption(outputOption())
    .addHelpText('after', examples(['daybook local up'], ['daybook local up --detach --dir ../daybook-stack']))
    .action(async (options) => {
      await (await load()).startLocal(options);
    });
}

function downCommand() {
  return new Command('down')
    .description('Stop the stack; its data is kept')
    .addOption(dirOption())
    .addOption(outputOption())
    .addHelpText('after', examples(['daybook local down']))
    .action(async (options) => {
      await (await load()).endLocal(options);
    });
}

function putCommand() {
  return new Command('put')
    .description("Upload files into the local stack's S3 store, never into another store")
    .argument('<file...>', 'files, folders with everything in them, or patterns with *, ? and ** (not [ ] or { })')
    .requiredOption(
      '--to <url>',
      'bucket and prefix, such as s3://clicks-data/raw/events/; a missing bucket is created',
    )
    .addOption(dirOption())
    .addOption(outputOption())
    .addHelpText(
      'after',
      examples(
        ['daybook local put events.json.gz --to s3://clicks-data/raw/events/dt=2026-11-05/'],
        ['daybook local put samples/dt=* --to s3://clicks-data/raw/events/', 'folders keep their names'],
      ),
    )
    .action(async (files, options) => {
      await (await load()).putIntoLocal(files, options);
    });
}

function stackStatusCommand() {
  return new Command('status')
    .description('Show the services and their addresses; exit code 1 if one does not respond')
    .addOption(dirOption())
    .addOption(outputOption())
    .addHelpText('after', examples(['daybook local status'], ['daybook local status --output json']))
    .action(async (options) => {
      await (await load()).showLocal(options);
    });
}

function envCommand() {
  return new Command('env')
    .description("Print the stack's addresses and credentials as shell exports")
    .addOption(dirOption())
    .addOption(outputOption())
    .addHelpText('after', examples(['eval "$(daybook local env)"']))
    .action(async (options) => {
      await (await load()).printVariables(options);
    });
}
