import { Command, Option } from '@commander-js/extra-typings';
import { examples, outputOption, STACK_DIR } from '../common/options.js';

const load = () => import('./index.js');

const dirOption = () =>
  new Option('--dir <folder>', "folder of the stack's data, logs and addresses").default(STACK_DIR);

/** `daybook local up | down | status | env`. */
export function localCommand() {
  const local = new Command('local').description('The embedded stack: Temporal, ClickHouse and S3 on this machine');
  local.addCommand(upCommand()).addCommand(downCommand()).addCommand(statusCommand()).addCommand(envCommand());
  local.addHelpText(
    'after',
    examples(
      ['daybook local up', 'start it here; Ctrl-C ends it'],
      ['daybook local up --detach', 'start it and leave it running until `daybook local down`'],
      ['daybook local status', 'what runs, and where it answers'],
      ['eval "$(daybook local env)"', 'point this shell, and any other client, at it'],
    ),
  );
  return local;
}

function upCommand() {
  return new Command('up')
    .description('Start the stack. What is missing is downloaded or built once, which takes minutes')
    .option('--detach', 'leave it running until `daybook local down`')
    .addOption(dirOption())
    .addHelpText('after', examples(['daybook local up'], ['daybook local up --detach --dir ../daybook-stack']))
    .action(async (options) => {
      await (await load()).startLocal(options);
    });
}

function downCommand() {
  return new Command('down')
    .description('End the stack; its data stays')
    .addOption(dirOption())
    .addHelpText('after', examples(['daybook local down']))
    .action(async (options) => {
      await (await load()).endLocal(options);
    });
}

function statusCommand() {
  return new Command('status')
    .description('What runs and where it answers; exit code 1 if not all of it does')
    .addOption(dirOption())
    .addOption(outputOption())
    .addHelpText('after', examples(['daybook local status'], ['daybook local status --output json']))
    .action(async (options) => {
      await (await load()).showLocal(options);
    });
}

function envCommand() {
  return new Command('env')
    .description("The stack's addresses and credentials as lines for a shell")
    .addOption(dirOption())
    .addHelpText('after', examples(['eval "$(daybook local env)"']))
    .action(async (options) => {
      await (await load()).printVariables(options);
    });
}
