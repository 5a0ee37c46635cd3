import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { processVariables } from '../../src/env.js';
import { processArguments, isAlive, signal, waitUntilGone } from '../../src/local/processes/processes.js';
import { readStack, writeStack, type Stack } from '../../src/local/stack-file.js';
import { stopStack } from '../../src/local/stack.js';
import { temporaryFolder } from '../support/stack.js';

const DAYBOOK = fileURLToPath(new URL('../../bin/daybook.js', import.meta.url));
/** What a careless shell may hold: services and credentials that are none of the stack's business. */
const HOSTILE = {
  TEMPORAL_ADDRESS: 'production.example.com:7233',
  TEMPORAL_NAMESPACE: 'production',
  CLICKHOUSE_URL: 'https://production.example.com:8443',
  CLICKHOUSE_PASSWORD: 'production-password',
  AWS_PROFILE: 'production',
  AWS_ENDPOINT_URL_S3: 'https://production.example.com',
  AWS_ACCESS_KEY_ID: 'production-key',
  AWS_SECRET_ACCESS_KEY: 'production-secret',
  AWS_CONFIG_FILE: '/home/someone/.aws/config',
  DAYBOOK_PROJECT: '/production',
  ROOT_ACCESS_KEY: 'production-key',
};

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let dir: string;

beforeEach(async () => {
  folder = await temporaryFolder('command');
  dir = join(folder.path, 'stack');
});

afterEach(async () => {
  await stopStack(dir);
  await folder.remove();
});

const daybook = (...args: string[]) =>
  execa(process.execPath, [DAYBOOK, 'local', ...args, '--dir', dir], { env: HOSTILE, reject: false });

/** Starts `local up` in front and waits until it prints that it is up. */
async function up(): Promise<{ command: ChildProcess; stack: Stack; pids: number[] }> {
  const command = spawn(process.execPath, [DAYBOOK, 'local', 'up', '--dir', dir], {
    env: { ...processVariables(), ...HOSTILE },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [command.stdout, command.stderr])
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await expect
    .poll(() => (command.exitCode === null ? output : `ended: ${output}`), { timeout: 60_000 })
    .toMatch(/^ended|Ctrl-C/m);
  const stack = await readStack(dir);
  if (!stack) throw new Error(`no stack is up: ${output}`);
  return { command, stack, pids: await processesOf(stack) };
}

/** Every process of the stack; on Linux by what runs there, elsewhere by what is recorded. */
async function processesOf(stack: Stack): Promise<number[]> {
  const recorded = [stack.supervisor.pid, ...stack.processes.map(({ pid }) => pid)];
  if (process.platform !== 'linux') return recorded;
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const lines = await Promise.all(pids.map(processArguments));
  // Not the command in front, which carries the folder too.
  return pids.filter((_, index) => lines[index]?.includes(dir) && !lines[index].includes(DAYBOOK));
}

test('a SIGKILL of `up` leaves no process running', async () => {
  const { command, stack, pids } = await up();
  expect(pids.length).toBeGreaterThanOrEqual(1 + stack.processes.length);
  command.kill('SIGKILL');
  expect(await waitUntilGone(pids, 20_000)).toBe(true);
  expect(await readStack(dir)).toBeUndefined();
});

test('`up` names its folder first, and a second one says that it was already running', async () => {
  await up();
  const again = await daybook('up');
  expect(again).toMatchObject({ exitCode: 0 });
  expect(again.stdout.split('\n')[0]).toBe(`Local stack in ${dir}, already running`);
  expect(again.stdout).toContain(`Commands use it where this is set: export DAYBOOK_STACK='${dir}'`);
  const status = await daybook('status');
  expect(status.stdout.split('\n')[0]).toBe(`Local stack in ${dir}`);
});

test('a SIGKILL of the supervisor leaves no process running, and the next start works', async () => {
  const { command, stack, pids } = await up();
  const ended = once(command, 'exit');
  signal(stack.supervisor.pid, 'SIGKILL');
  expect(await waitUntilGone(pids, 20_000)).toBe(true);
  expect(await ended).toEqual([1, null]);
  const again = await daybook('up', '--detach');
  expect(again).toMatchObject({ exitCode: 0 });
});

test('Ctrl-C stops `up` in order, with exit code 0', async () => {
  const { command, pids } = await up();
  const ended = once(command, 'exit');
  command.kill('SIGINT');
  expect(await ended).toEqual([0, null]);
  expect(await waitUntilGone(pids, 1_000)).toBe(true);
});

test.runIf(process.platform === 'linux')("nothing of the user's shell reaches the stack's processes", async () => {
  const { pids } = await up();
  for (const pid of pids) {
    const environment = await readFile(`/proc/${pid}/environ`, 'utf8');
    expect(environment).not.toMatch(/production|AWS_|TEMPORAL_|CLICKHOUSE_|DAYBOOK_/);
    expect(environment).toContain(`HOME=${dir}/home`);
  }
});

test('`up --detach` runs until `down`, which stops the stack and nothing else', async () => {
  const started = await daybook('up', '--detach');
  expect(started).toMatchObject({ exitCode: 0 });
  const stack = await readStack(dir);
  if (!stack) throw new Error('no stack.json');
  const pids = await processesOf(stack);

  const status = await daybook('status', '--output', 'json');
  expect(JSON.parse(status.stdout)).toMatchObject({
    running: true,
    services: ['temporal', 'clickhouse', 's3'].map((name) => ({ name, answers: true })),
  });
  const { clickhouse } = stack;
  expect(status.stdout).toContain(`native ${clickhouse.nativeAddress}`);
  expect(started.stdout).toContain(clickhouse.nativeAddress);
  for (const secret of [
    stack.s3.secretAccessKey,
    clickhouse.password,
    clickhouse.reader.password,
    clickhouse.admin.password,
  ])
    expect(status.stdout).not.toContain(secret);
  const env = await daybook('env');
  expect(env.stdout.split('\n')).toContain(`export CLICKHOUSE_URL='${clickhouse.url}'`);
  // The others are comments: the shell that evaluates it works as Daybook's own user.
  for (const text of [clickhouse.nativeAddress, clickhouse.reader.password, clickhouse.admin.password])
    expect(env.stdout).toMatch(new RegExp(`^# .*${text.replaceAll('.', '[.]')}$`, 'm'));

  const again = await daybook('up', '--detach', '--output', 'json');
  expect(JSON.parse(again.stdout)).toMatchObject({ dir, started: false, clickhouse: { url: clickhouse.url } });
  const document = await daybook('env', '--output', 'json');
  expect(JSON.parse(document.stdout)).toMatchObject({
    variables: { CLICKHOUSE_URL: clickhouse.url },
    admin: { password: clickhouse.admin.password },
  });

  // A pid that the system has given to another program since it was recorded.
  const bystander = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
  const pid = bystander.pid ?? 0;
  await writeStack({ ...stack, processes: [...stack.processes, { name: 'former', pid, port: 1 }] });
  const down = await daybook('down');
  expect(down).toMatchObject({ exitCode: 0 });
  expect(await waitUntilGone(pids, 1_000)).toBe(true);
  expect(await isAlive(pid)).toBe(true);
  bystander.kill('SIGKILL');

  expect(await daybook('down')).toMatchObject({ exitCode: 0, stdout: `No local stack is running in ${dir}.` });
  expect(await daybook('status')).toMatchObject({ exitCode: 1 });
  expect(await daybook('env')).toMatchObject({ exitCode: 1, stdout: '' });
  const none = await daybook('down', '--output', 'json');
  expect(JSON.parse(none.stdout)).toEqual({ dir, stopped: false, processes: 0 });
  const failed = await daybook('env', '--output', 'json');
  expect([failed.exitCode, JSON.parse(failed.stdout)]).toMatchObject([1, { error: { type: 'LocalStack' } }]);
});
