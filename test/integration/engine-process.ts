import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ClickHouseLogLevel, createClient, type ClickHouseClient } from '@clickhouse/client';
import { execa } from 'execa';
import { writeServerConfig } from '../../src/local/clickhouse/config.js';
import { servicePort } from '../../src/local/ports.js';
import { nodeArguments } from '../../src/local/processes/node-command.js';

const PASSWORD = 'of-a-test';
const USERS = {
  // A name of its own, so that a test may define a user `daybook`.
  daybook: { user: 'stack_daybook', password: PASSWORD },
  reader: { user: 'reader', password: PASSWORD },
  admin: { user: 'admin', password: PASSWORD },
};

export interface EngineProcess {
  url: string;
  nativePort: number;
  pid: number;
  /** Of the administrator. */
  client: ClickHouseClient;
  /** A client of one of the users. The caller closes it. */
  as: (user: keyof typeof USERS) => ClickHouseClient;
  /** The administrator, in the variables that the Python clients take. */
  variables: Record<string, string>;
  /** Ends with the process. */
  exit: Promise<{ exitCode: number | undefined; signal: string | undefined; stderr: string }>;
  /** Closes the pipe that holds the process alive. */
  closeStdin(): void;
  signal(name: 'SIGTERM' | 'SIGKILL'): void;
  /** Ends the process and waits for it. */
  stop(): Promise<void>;
}

/** A folder for an engine's data and logs; `remove` deletes it. */
export async function engineFolder(): Promise<{ path: string; remove: () => Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'daybook-engine-'));
  return { path, remove: () => rm(path, { recursive: true, force: true, maxRetries: 5 }) };
}

/**
 * Starts an engine over a folder, as the supervisor does, and waits until it answers.
 * @param more configuration files by their path beside `config.xml`, which may name the native port, and variables that they read
 * @throws Error with what it said last, if it ends before that
 */
export async function startEngine(
  dir: string,
  more: { files?: (native: number) => Record<string, string>; env?: Record<string, string> } = {},
): Promise<EngineProcess> {
  const [http, native] = [await servicePort(), await servicePort()];
  await mkdir(join(dir, 'logs'), { recursive: true });
  await writeServerConfig({ dir, ports: { http, native }, users: USERS });
  for (const [name, text] of Object.entries(more.files?.(native) ?? {})) {
    const path = join(dir, 'clickhouse', name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }
  const main = new URL('../../src/local/clickhouse/main.ts', import.meta.url).href;
  const process = execa(globalThis.process.execPath, nodeArguments(main, '--dir', dir), {
    env: { PATH: dirname(globalThis.process.execPath), TZ: 'UTC', ...more.env },
    extendEnv: false,
    reject: false,
    stdin: 'pipe',
  });
  const url = `http://127.0.0.1:${http}`;
  const exit = process.then(({ exitCode, signal, stderr }) => ({ exitCode, signal, stderr }));
  const as = (user: keyof typeof USERS) =>
    createClient({
      url,
      username: USERS[user].user,
      password: PASSWORD,
      request_timeout: 120_000,
      max_open_connections: 50,
      // It is asked before it listens, and killed: the client would print each refusal.
      log: { level: ClickHouseLogLevel.OFF },
    });
  const client = as('admin');
  const ended = new AbortController();
  void exit.finally(() => {
    ended.abort();
  });
  while (!(await client.ping()).success) {
    if (ended.signal.aborted) throw new Error(`The engine ended before it answered: ${(await exit).stderr}`);
    await sleep(20);
  }
  return {
    url,
    nativePort: native,
    pid: process.pid ?? 0,
    client,
    as,
    variables: {
      ENGINE_PORT: String(http),
      ENGINE_NATIVE_PORT: String(native),
      ENGINE_USER: 'admin',
      ENGINE_PASSWORD: PASSWORD,
    },
    exit,
    closeStdin: () => process.stdin.end(),
    signal: (name) => process.kill(name),
    async stop() {
      await client.close();
      process.kill('SIGTERM');
      await exit;
    },
  };
}
