import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createClient, type ClickHouseClient } from '@clickhouse/client';
import { execa } from 'execa';
import getPort from 'get-port';
import { nodeArguments } from '../../src/local/node-command.js';

export interface EngineProcess {
  url: string;
  pid: number;
  client: ClickHouseClient;
  /** Ends with the process. */
  exit: Promise<{ exitCode: number | undefined; signal: string | undefined }>;
  /** Closes the pipe that holds the process alive. */
  closeStdin(): void;
  signal(name: 'SIGTERM' | 'SIGKILL'): void;
  /** Ends the process and waits for it. */
  stop(): Promise<void>;
}

/** A data folder of its own; `remove` deletes it. */
export async function engineFolder(): Promise<{ path: string; remove: () => Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'daybook-engine-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/** Starts an engine over a folder, as the supervisor does, and waits for its ready line. */
export async function startEngine(path: string, ...args: string[]): Promise<EngineProcess> {
  const port = await getPort();
  const main = new URL('../../src/local/engine/main.ts', import.meta.url).href;
  const own = ['--port', String(port), '--path', path, '--exit-with-stdin', ...args];
  const process = execa(globalThis.process.execPath, nodeArguments(main, ...own), {
    env: { PATH: dirname(globalThis.process.execPath), TZ: 'UTC', UV_THREADPOOL_SIZE: '64' },
    extendEnv: false,
    reject: false,
    stdin: 'pipe',
  });
  const lines = process[Symbol.asyncIterator]();
  const first = await lines.next();
  if (first.done) throw new Error(`The engine ended before it was ready: ${(await process).stderr}`);
  const url = `http://127.0.0.1:${port}`;
  const client = createClient({ url, request_timeout: 120_000, max_open_connections: 50 });
  const exit = process.then(({ exitCode, signal }) => ({ exitCode, signal }));
  return {
    url,
    pid: process.pid ?? 0,
    client,
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
