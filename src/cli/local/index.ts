import { resolve } from 'node:path';
import Table from 'cli-table3';
import { processVariables, readEnv } from '../../env.js';
import type { Stack } from '../../local/stack-file.js';
import { STACK_DIR, type Output } from '../common/options.js';
import { note, print, printJson } from '../common/output.js';

/*
 * `daybook local`: the embedded stack. Its modules are imported when they are needed, since they need packages that a
 * production install leaves out. A failure that the user can mend is printed and sets exit code 1.
 */

interface StackOptions {
  /** Folder of the stack. */
  dir: string;
}

/** Starts the stack; without `detach` it ends with this process. */
export const startLocal = ({ dir, detach }: StackOptions & { detach?: boolean | undefined }): Promise<void> =>
  handled(() => up(dir, detach ?? false));

/** Ends the stack; its data stays. */
export const endLocal = ({ dir }: StackOptions): Promise<void> =>
  handled(async () => {
    const { stopStack } = await import('../../local/stack.js');
    const ended = await stopStack(dir);
    print(
      ended.length === 0
        ? `No local stack runs in ${dir}.`
        : `Ended the local stack in ${dir} (${ended.length} processes).`,
    );
  });

/** Prints what runs and where it answers; exit code 1 where not all of it does. */
export const showLocal = ({ dir, output }: StackOptions & { output: Output }): Promise<void> =>
  handled(async () => {
    const { stackStatus } = await import('../../local/live-stack.js');
    const status = await stackStatus(dir);
    if (output === 'json') printJson(status);
    else if (status.running) print(statusTable(status.services));
    else print(`No local stack runs in ${dir}. Start it with: daybook local up`);
    if (!status.running || status.services.some(({ answers }) => !answers)) process.exitCode = 1;
  });

/** Prints the stack's addresses and credentials as lines for a shell. */
export const printVariables = ({ dir }: StackOptions): Promise<void> =>
  handled(async () => {
    const { liveStack } = await import('../../local/live-stack.js');
    const { LocalStackError } = await import('../../local/local-error.js');
    const { stackVariables } = await import('../../local/stack-file.js');
    const stack = await liveStack(dir);
    if (!stack) throw new LocalStackError(`No local stack runs in ${dir}. Start it with: daybook local up --detach`);
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
  if (!started) print(`It was running already, in ${stack.dir}.`);
  if (!started || detach) {
    print(`End it with: daybook local down${dir === STACK_DIR ? '' : ` --dir ${dir}`}`);
    return;
  }
  print('Ctrl-C ends it.');
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => void handled(stop));
  const code = await ended;
  if (code === 0) return;
  note(`The local stack ended by itself; ${resolve(dir, 'logs', 'supervisor.log')} says why.`);
  process.exitCode = 1;
}

/** How people, dashboards and drivers reach ClickHouse, as comments: none of it is Daybook's own environment. */
function otherLogins({ clickhouse: { nativeAddress, reader, admin } }: Stack): string {
  return [
    `# ClickHouse's native protocol, for clickhouse client and drivers: ${nativeAddress}`,
    `# May read what projects publish: user ${reader.user}, password ${reader.password}`,
    `# May do everything, not used by Daybook: user ${admin.user}, password ${admin.password}`,
  ].join('\n');
}

function addresses({ temporal, clickhouse, s3 }: Stack): string {
  return [
    `Temporal    ${temporal.address}`,
    `Web UI      ${temporal.uiUrl}`,
    `ClickHouse  ${clickhouse.url}`,
    `  native    ${clickhouse.nativeAddress}`,
    `S3          ${s3.endpoint}${s3.kind === 'fauxqs' ? ' (in memory: its objects end with the stack)' : ''}`,
  ].join('\n');
}

function statusTable(services: readonly { name: string; address: string; pid: number; answers: boolean }[]): string {
  const table = new Table({ head: ['service', 'address', 'pid', 'answers'], style: { head: [], border: [] } });
  table.push(...services.map(({ name, address, pid, answers }) => [name, address, pid, answers ? 'yes' : 'no']));
  return table.toString();
}

/** Prints a failure that the user can mend, without its stack; anything else is a bug and goes up. */
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
