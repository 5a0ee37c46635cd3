import { readFileSync } from 'node:fs';
import { Command, CommanderError, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { quietenSdk } from '../env.js';
import { isFinal, messageOf } from '../errors.js';
import { applyCommand } from './apply.js';
import { backfillCommand } from './backfill.js';
import { checkCommand, openCheck } from './check.js';
import { demoCommand } from './demo.js';
import { healthCommand } from './health.js';
import { holdCommand, unholdCommand } from './hold.js';
import { initCommand } from './init.js';
import { localCommand } from './local.js';
import { note, printJson } from './output.js';
import { planCommand } from './plan.js';
import { rejectsCommand } from './rejects.js';
import { rollbackCommand } from './rollback.js';
import { runCommand } from './run.js';
import { scheduleCommand } from './schedule.js';
import { statusCommand } from './status.js';
import { traceCommand } from './trace.js';
import { verifyCommand } from './verify.js';
import { workerCommand } from './worker.js';

/** 0: all is well. 1: a handled failure, such as a failed day. 2: wrong usage, or a crash. */
const EXIT = { handled: 1, crash: 2 } as const;

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

const program = new Command('daybook')
  .description("Daily analytics for people who don't need a stream: S3 to ClickHouse once a night, on Temporal")
  .version(version)
  .showHelpAfterError('(--help shows all options)')
  // A subcommand's options are its own, also where its parent has some of the same name.
  .enablePositionalOptions()
  .exitOverride();

for (const command of [
  initCommand(),
  checkCommand(openCheck),
  applyCommand(),
  planCommand(),
  runCommand(),
  backfillCommand(),
  statusCommand(),
  rejectsCommand(),
  traceCommand(),
  verifyCommand(),
  rollbackCommand(),
  holdCommand(),
  unholdCommand(),
  scheduleCommand(),
  workerCommand(),
  healthCommand(),
  localCommand(),
  demoCommand(),
])
  program.addCommand(inherit(command));

/** Commands made elsewhere must end as this one does: commander copies that only to commands that it makes itself. */
function inherit(child: CommandUnknownOpts): CommandUnknownOpts {
  child.copyInheritedSettings(program);
  for (const grandchild of child.commands) grandchild.copyInheritedSettings(child);
  return child;
}

/** Whoever asked for JSON gets a document also where a command could not do what it was asked. */
const asked = { json: false };
program.hook('preAction', (_, action) => {
  asked.json = action.getOptionValue('output') === 'json';
});

/** A production install leaves out what only the local stack needs. */
function missingPackage(error: unknown): string | undefined {
  const [, name] = /^Cannot find package '([^']+)'/.exec(messageOf(error)) ?? [];
  return name === undefined
    ? undefined
    : `The package ${name} is not installed here. The local stack and the demo need the development packages: npm ci --include=dev`;
}

quietenSdk();
try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : EXIT.crash;
  else {
    const message = missingPackage(error) ?? messageOf(error);
    note(message);
    if (asked.json) printJson({ error: { type: isFinal(error) ? error.type : 'Crash', message } });
    process.exitCode = isFinal(error) ? EXIT.handled : EXIT.crash;
  }
}
// Every command has ended when its action has: what a library left open, such as a call that it repeats, must not hold the process.
process.exit();
