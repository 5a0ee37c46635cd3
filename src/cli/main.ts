import { readFileSync } from 'node:fs';
import { Command, CommanderError, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { quietenSdk } from '../env.js';
import { applyCommand } from './apply/command.js';
import { backfillCommand } from './backfill/command.js';
import { checkCommand } from './check/command.js';
import { YESTERDAY } from './common/options.js';
import { endProcess, note, printJson, survivesReaders } from './common/output.js';
import { completionCommand } from './completion/command.js';
import { demoCommand } from './demo/command.js';
import { eraseCommand } from './erase/command.js';
import { healthCommand } from './health/command.js';
import { holdCommand, unholdCommand } from './hold/command.js';
import { initCommand } from './init/command.js';
import { localCommand } from './local/command.js';
import { planCommand } from './plan/command.js';
import { rejectsCommand } from './rejects/command.js';
import { rollbackCommand } from './rollback/command.js';
import { runCommand } from './run/command.js';
import { scheduleCommand } from './schedule/command.js';
import { statusCommand } from './status/command.js';
import { traceCommand } from './trace/command.js';
import { verifyCommand } from './verify/command.js';
import { workerCommand } from './worker/command.js';

/** Exit codes. 0: success. 1: a handled failure, such as a failed day. 2: wrong usage, or a crash. */
const EXIT = { handled: 1, crash: 2 } as const;

const { version, peerDependencies } = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
) as {
  version: string;
  /** Of a packed program: what the local stack needs. */
  peerDependencies?: Record<string, string>;
};

const program = new Command('daybook')
  .description('Daily batch analytics: loads raw events from S3 into ClickHouse every night, on Temporal')
  .version(version)
  .showHelpAfterError('(--help shows all options)')
  // A subcommand may have options of the same name as its parent's.
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
  eraseCommand(),
  holdCommand(),
  unholdCommand(),
  scheduleCommand(),
  workerCommand(),
  healthCommand(),
  localCommand(),
  demoCommand(),
  completionCommand(),
])
  program.addCommand(inherit(command));

/** Copies the settings of the program to a command: commander does that only for commands that it creates itself. */
function inherit(child: CommandUnknownOpts): CommandUnknownOpts {
  child.copyInheritedSettings(program);
  for (const grandchild of child.commands) grandchild.copyInheritedSettings(child);
  return child;
}

/** With `--output json`, a command that fails prints a JSON document, too. */
const asked = { json: false };
program.hook('preAction', async (_, action) => {
  asked.json = action.getOptionValue('output') === 'json';
  if (Object.values(action.opts()).includes(YESTERDAY)) {
    const { nameDays } = await import('./common/named-days.js');
    await nameDays(action);
  }
});

/** Prints why a command failed, and returns its exit code. */
async function reportFailure(error: unknown): Promise<number> {
  const { explainedAs, messageOf, textOf } = await import('../errors.js');
  const message = missingPackage(messageOf(error)) ?? textOf(error);
  note(message);
  const type = explainedAs(error);
  if (asked.json) printJson({ error: { type: type ?? 'Crash', message } });
  return type === undefined ? EXIT.crash : EXIT.handled;
}

/** Explains a missing package: a production install omits what only the local stack needs. */
function missingPackage(message: string): string | undefined {
  const [, name] = /^Cannot find package '([^']+)'/.exec(message) ?? [];
  if (name === undefined) return undefined;
  const packages = Object.entries(peerDependencies ?? {}).map(([one, wanted]) => `${one}@${wanted}`);
  return packages.length > 0
    ? `The package ${name} is not installed. The local stack needs: npm install --save-dev ${packages.join(' ')}`
    : `The package ${name} is not installed. The local stack and the demo need the development packages: npm ci --include=dev`;
}

survivesReaders();
quietenSdk();
try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : EXIT.crash;
  else process.exitCode = await reportFailure(error);
}
// A command is done when its action is.
await endProcess();
