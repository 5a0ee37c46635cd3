import { readFileSync } from 'node:fs';
import { Command, CommanderError, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { quietenSdk } from '../env.js';
import { applyCommand } from './commands/apply.js';
import { backfillCommand } from './commands/backfill.js';
import { checkCommand } from './commands/check.js';
import { demoCommand } from './commands/demo.js';
import { healthCommand } from './commands/health.js';
import { holdCommand, unholdCommand } from './commands/hold.js';
import { initCommand } from './commands/init.js';
import { localCommand } from './commands/local.js';
import { planCommand } from './commands/plan.js';
import { rejectsCommand } from './commands/rejects.js';
import { rollbackCommand } from './commands/rollback.js';
import { runCommand } from './commands/run.js';
import { scheduleCommand } from './commands/schedule.js';
import { statusCommand } from './commands/status.js';
import { traceCommand } from './commands/trace.js';
import { verifyCommand } from './commands/verify.js';
import { workerCommand } from './commands/worker.js';
import { endProcess, note, printJson, survivesReaders } from './output.js';

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
  checkCommand(),
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

/** Prints why a command ended, and answers the exit code for it. */
async function fail(error: unknown): Promise<number> {
  const { isFinal, messageOf } = await import('../errors.js');
  const message = missingPackage(messageOf(error)) ?? messageOf(error);
  note(message);
  if (asked.json) printJson({ error: { type: isFinal(error) ? error.type : 'Crash', message } });
  return isFinal(error) ? EXIT.handled : EXIT.crash;
}

/** A production install leaves out what only the local stack needs. */
function missingPackage(message: string): string | undefined {
  const [, name] = /^Cannot find package '([^']+)'/.exec(message) ?? [];
  return name === undefined
    ? undefined
    : `The package ${name} is not installed here. The local stack and the demo need the development packages: npm ci --include=dev`;
}

survivesReaders();
quietenSdk();
try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : EXIT.crash;
  else process.exitCode = await fail(error);
}
// Every command has ended when its action has.
await endProcess();
