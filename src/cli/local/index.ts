import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import Table from 'cli-table3';
import { processVariables, readEnv } from '../../env.js';
import type { Stack } from '../../local/stack-file.js';
import { command, singleQuoted, type Command } from '../../shared/commands.js';
import { sentence, type Text } from '../../shared/sentence.js';
import { DEMO_STACK, type Output } from '../common/options.js';
import { note, print, printJson, worded } from '../common/output.js';

/*
 * `daybook local`: the local stack. Its modules are imported on demand, because they need packages that a production
 * install omits. A failure that the user can fix is printed and sets exit code 1.
 */

interface StackOptions {
  /** Folder of the stack; by default the user's. */
  dir?: string | undefined;
}

/** Returns the absolute folder of the stack that is meant, and whether it is the user's default one. */
function stackFolder({ dir }: StackOptions): { dir: string; isDefault: boolean } {
  const { stackDir } = readEnv(processVariables()).local;
  return { dir: resolve(dir ?? stackDir), isDefault: dir === undefined || resolve(dir) === resolve(stackDir) };
}

/** Writes a command about the stack of a folder. */
const about = ({ dir }: StackOptions, verb: 'up' | 'down', ...flags: string[]): Command =>
  command.local(verb, ...flags, ...(stackFolder({ dir }).isDefault || dir === undefined ? [] : ['--dir', dir]));

/** Starts the stack; without `detach` it stops with this process. */
export const startLocal = ({
  detach,
  output,
  ...options
}: StackOptions & { detach?: boolean | undefined; output: Output }): Promise<void> =>
  handled(output, () => up(options, detach ?? false, output));

/** Stops the stack; its data is kept. */
export const endLocal = ({ output, ...options }: StackOptions & { output: Output }): Promise<void> =>
  handled(output, async () => {
    const { dir } = stackFolder(options);
    const { stopStack } = await import('../../local/stack.js');
    const ended = await stopStack(dir);
    if (output === 'json') printJson({ dir, stopped: ended.length > 0, processes: ended.length });
    else
      print(
        ended.length === 0
          ? `No local stack is running in ${dir}.`
          : `Stopped the local stack in ${dir} (${ended.length} processes).`,
      );
  });

/** Uploads files into the store of the running stack. */
export const putIntoLocal = (
  files: readonly string[],
  { to, output, ...options }: StackOptions & { to: string; output: Output },
): Promise<void> =>
  handled(output, async () => {
    const { putFiles } = await import('./put.js');
    await putFiles(await requireStack(options), files, { to, output });
  });

/** Prints the services and their addresses; exit code 1 if one does not respond. */
export const showLocal = ({ output, ...options }: StackOptions & { output: Output }): Promise<void> =>
  handled(output, async () => {
    const { stackStatus } = await import('../../local/live-stack.js');
    const status = await stackStatus(stackFolder(options).dir);
    if (output === 'json') printJson(status);
    else if (status.running) print(`Local stack in ${status.dir}\n${statusTable(status.services)}`);
    else print(notRunning(options));
    if (!status.running || status.services.some(({ answers }) => !answers)) process.exitCode = 1;
  });

/** Prints the stack's addresses and credentials as shell exports. */
export const printVariables = ({ output, ...options }: StackOptions & { output: Output }): Promise<void> =>
  handled(output, async () => {
    const { stackVariables } = await import('../../local/stack-file.js');
    const stack = await requireStack(options);
    if (output === 'json') {
      const { nativeAddress, reader, admin } = stack.clickhouse;
      printJson({ dir: stack.dir, variables: stackVariables(stack), native: nativeAddress, reader, admin });
      return;
    }
    print(`# Local stack in ${stack.dir}`);
    for (const [name, value] of Object.entries(stackVariables(stack))) {
      print(`export ${name}=${singleQuoted(value)}`);
    }
    print(otherLogins(stack));
  });

/** Returns the running stack. Throws a LocalStackError if there is none. */
async function requireStack(options: StackOptions): Promise<Stack> {
  const { liveStack } = await import('../../local/live-stack.js');
  const stack = await liveStack(stackFolder(options).dir);
  if (stack) return stack;
  const { LocalStackError } = await import('../../local/local-error.js');
  throw new LocalStackError(worded(notRunning(options)));
}

const notRunning = (options: StackOptions): Text =>
  sentence(`No local stack is running in ${stackFolder(options).dir}. Start one: `, about(options, 'up', '--detach'));

async function up(options: StackOptions, detach: boolean, output: Output): Promise<void> {
  const { dir } = stackFolder(options);
  for (const other of await otherStacks(options)) note(other);
  const { startStack } = await import('../../local/stack.js');
  const { progressOn } = await import('../../local/progress.js');
  const { onProgress, done } = progressOn(process.stderr);
  const { stack, started, ended, stop } = await startStack({
    dir,
    detach,
    env: readEnv(processVariables()),
    onProgress,
  }).finally(done);
  const stays = !started || detach;
  if (output === 'json') printJson(upDocument(stack, started));
  else {
    print(`Local stack in ${stack.dir}, ${started ? 'started' : 'already running'}`);
    print(addresses(stack));
    if (!stackFolder(options).isDefault && dir !== resolve(DEMO_STACK))
      print(`Commands use it where this is set: export DAYBOOK_STACK=${singleQuoted(dir)}`);
    print(stays ? sentence('Stop it with: ', about(options, 'down')) : 'Press Ctrl-C to stop it.');
  }
  if (stays) return;
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => void handled('text', stop));
  const code = await ended;
  if (code === 0) return;
  note(`The local stack stopped on its own. For the reason, see ${resolve(dir, 'logs', 'supervisor.log')}`);
  process.exitCode = 1;
}

/** Says which other stacks are there: a second one is empty, and commands use only one of them. */
async function otherStacks(options: StackOptions): Promise<Text[]> {
  const { runningStack } = await import('../../local/running-stack.js');
  const { dir, isDefault } = stackFolder(options);
  const users = stackFolder({});
  if (!isDefault)
    return (await runningStack(users.dir)) && dir !== resolve(DEMO_STACK)
      ? [
          `Another local stack is running in ${users.dir}. Commands use that one unless DAYBOOK_STACK names this folder: ${dir}`,
        ]
      : [];
  const demo = resolve(DEMO_STACK);
  if (await runningStack(demo))
    return [`Another local stack is running in ${demo}. Commands on the project in this folder use that one.`];
  if (!existsSync(join(demo, 'settings.json'))) return [];
  return [
    sentence(
      `The data of another local stack is in ${demo}. To start that one: `,
      command.local('up', '--detach', '--dir', DEMO_STACK),
    ),
  ];
}

/** Lists other logins for ClickHouse as shell comments, because Daybook itself does not use them. */
function otherLogins({ clickhouse: { nativeAddress, reader, admin } }: Stack): string {
  return [
    `# ClickHouse's native protocol, for clickhouse client and drivers: ${nativeAddress}`,
    `# Reads published tables: user ${reader.user}, password ${reader.password}`,
    `# Has all rights, not used by Daybook: user ${admin.user}, password ${admin.password}`,
  ].join('\n');
}

function addresses({ temporal, clickhouse, s3 }: Stack): string {
  return [
    `Temporal    ${temporal.address}`,
    `Web UI      ${temporal.uiUrl}`,
    `ClickHouse  ${clickhouse.url}`,
    `  native    ${clickhouse.nativeAddress}`,
    `S3          ${s3.endpoint}${s3.kind === 'fauxqs' ? ' (in memory: its objects are lost when the stack stops)' : ''}`,
  ].join('\n');
}

const upDocument = ({ dir, temporal, clickhouse, s3 }: Stack, started: boolean) => ({
  ...{ dir, started },
  temporal: { address: temporal.address, ui: temporal.uiUrl },
  clickhouse: { url: clickhouse.url, native: clickhouse.nativeAddress },
  s3: { endpoint: s3.endpoint, inMemory: s3.kind === 'fauxqs' },
});

function statusTable(services: readonly { name: string; address: string; pid: number; answers: boolean }[]): string {
  const table = new Table({ head: ['service', 'address', 'pid', 'answers'], style: { head: [], border: [] } });
  table.push(...services.map(({ name, address, pid, answers }) => [name, address, pid, answers ? 'yes' : 'no']));
  return table.toString();
}

/** Prints a failure that the user can fix without a stack trace; rethrows anything else as a bug. */
async function handled(output: Output, action: () => Promise<unknown>): Promise<void> {
  try {
    await action();
  } catch (error) {
    const { LocalStackError } = await import('../../local/local-error.js');
    if (!(error instanceof LocalStackError)) throw error;
    note(error.message);
    if (output === 'json') printJson({ error: { type: 'LocalStack', message: error.message } });
    process.exitCode = 1;
  }
}
