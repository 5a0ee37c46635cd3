import { resolve } from 'node:path';
import Table from 'cli-table3';
import { processVariables, readEnv } from '../../env.js';
import type { Stack } from '../../local/stack-file.js';
import { STACK_DIR, type Output } from '../common/options.js';
import { note, print, printJson } from '../common/output.js';

/*
 * `daybook local`: the embedded stack. Its modules are imported on demand, because they need packages that a production
 * install omits. A failure that the user can fix is printed and sets exit code 1.
 */

interface StackOptions {
  /** Folder of the stack. */
  dir: string;
}

/** Starts the stack; without `detach` it stops with this process. */
export const startLocal = ({ dir, detach }: StackOptions & { detach?: boolean | undefined }): Promise<void> =>
  handled(() => up(dir, detach ?? false));

/** Stops the stack; its data is kept. */
export const endLocal = ({ dir }: StackOptions): Promise<void> =>
  handled(async () => {
    const { stopStack } = await import('../../local/stack.js');
    const ended = await stopStack(dir);
    print(
      ended.length === 0
        ? `No local stack is running in ${dir}.`
        : `Stopped the local stack in ${dir} (${ended.length} processes).`,
    );
  });

/** Prints the services and their addresses; exit code 1 if one does not respond. */
export const showLocal = ({ dir, output }: StackOptions & { output: Output }): Promise<void> =>
  handled(async () => {
    const { stackStatus } = await import('../../local/live-stack.js');
    const status = await stackStatus(dir);
    if (output === 'json') printJson(status);
    else if (status.running) print(statusTable(status.services));
    else print(`No local stack is running in ${dir}. Start one: daybook local up`);
    if (!status.running || status.services.some(({ answers }) => !answers)) process.exitCode = 1;
  });

/** Prints the stack's addresses and credentials as shell exports. */
export const printVariables = ({ dir }: StackOptions): Promise<void> =>
  handled(async () => {
    const { liveStack } = await import('../../local/live-stack.js');
    const { LocalStackError } = await import('../../local/local-error.js');
    const { stackVariables } = await import('../../local/stack-file.js');
    const stack = await liveStack(dir);
    if (!stack) throw new LocalStackError(`No local stack is running in ${dir}. Start one: daybook local up --detach`);
    for (const [name, value] of Object.entries(stackVariables(stack))) {
      print(`export ${name}='${value.replaceAll("'", "'\\''")}'`);
    }
    print(otherLogins(stack));
  });

async function up(dir: string, detach: boolean): Promise<void> {
  const { startStack } = await import('../../local/stack.js');
  const { progressOn } = await import('../../local/progress.js');
  const { onProgress, done } = progressOn(process.stderr);
  const { stack, started, ended, stop } = await startStack({
    dir,
    detach,
    env: readEnv(processVariables()),
    onProgress,
  }).finally(done);
  print(addresses(stack));
  if (!started) print(`It was already running, in ${stack.dir}.`);
  if (!started || detach) {
    print(`Stop it with: daybook local down${dir === STACK_DIR ? '' : ` --dir ${dir}`}`);
    return;
  }
  print('Press Ctrl-C to stop it.');
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => void handled(stop));
  const code = await ended;
  if (code === 0) return;
  note(`The local stack stopped on its own. For the reason, see ${resolve(dir, 'logs', 'supervisor.log')}`);
  process.exitCode = 1;
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

function statusTable(services: readonly { name: string; address: string; pid: number; answers: boolean }[]): string {
  const table = new Table({ head: ['service', 'address', 'pid', 'answers'], style: { head: [], border: [] } });
  table.push(...services.map(({ name, address, pid, answers }) => [name, address, pid, answers ? 'yes' : 'no']));
  return table.toString();
}

/** Prints a failure that the user can fix without a stack trace; rethrows anything else as a bug. */
async function handled(action: () => Promise<unknown>): Promise<void> {
  try {
    await action();
  } catch (error) {
    const { LocalStackError } = await import('../../local/local-error.js');
    if (!(error instanceof LocalStackError)) throw error;
    note(error.message);
    process.exitCode = 1;
  }
}
