import { mkdir, realpath } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import lockfile from 'proper-lockfile';
import type { Env } from '../env.js';
import { writeServerConfig } from './clickhouse/config.js';
import { findClickHouse } from './clickhouse/executable.js';
import { findLibrary } from './clickhouse/library.js';
import { liveStack } from './live-stack.js';
import { objectMetadata } from './object-metadata.js';
import { childSpecs, type ServiceName } from './processes/children.js';
import { launchSupervisor } from './processes/launch.js';
import { endProcesses, isOurs } from './processes/processes.js';
import { findTemporal, findVersitygw } from './programs/executables.js';
import { keepHistories } from './readiness.js';
import { readStack, removeStack, type Stack } from './stack-file.js';
import { loadSettings, type StackSettings } from './stack-settings.js';

/** Receives one line of progress at a time, for a terminal or a log. */
export type OnProgress = (text: string) => void;

export interface StartOptions {
  /** Folder of the stack's data, logs and `stack.json`; created if missing. */
  dir: string;
  /** Only `local` is used: the cache folder and executables named by the user. */
  env: Pick<Env, 'local'>;
  /** True: the stack outlives this process, until {@link stopStack}. */
  detach?: boolean;
  onProgress?: OnProgress;
  /** Starts only these services; the addresses of the others are unused. Default: all. */
  only?: readonly ServiceName[];
}

export interface StartedStack {
  stack: Stack;
  /** False if a stack was already running in the folder; `stop` then does nothing. */
  started: boolean;
  /** Resolves with the supervisor's exit code; undefined for a stack that was already running. */
  ended: Promise<number> | undefined;
  /** Stops every process of the stack and waits until they are gone. */
  stop: () => Promise<void>;
}

const ALL: readonly ServiceName[] = ['temporal', 'clickhouse', 's3'];
const UP_TO_MS = 20_000;

/**
 * Starts the local stack, or finds the one that is running in the folder; returns when every service is ready. Without
 * `detach` the stack stops with this process, however this process ends.
 * @throws LocalStackError if an executable is not available or a service does not start; nothing is left running then
 */
export async function startStack(options: StartOptions): Promise<StartedStack> {
  await mkdir(resolve(options.dir), { recursive: true });
  const dir = await realpath(options.dir);
  const release = await lockfile.lock(dir, {
    lockfilePath: join(dir, 'start.lock'),
    retries: { retries: 1_200, factor: 1, minTimeout: 1_000 },
  });
  try {
    const live = await liveStack(dir);
    if (live) return { stack: live, started: false, ended: undefined, stop: () => Promise.resolve() };
    await stopStack(dir); // leftovers of a killed start
    return await startIn(dir, options);
  } finally {
    await release();
  }
}

async function startIn(dir: string, options: StartOptions): Promise<StartedStack> {
  const { env, detach = false, onProgress = () => undefined, only = ALL } = options;
  // Concurrently, because each may have to be downloaded or built.
  const [temporal, versitygw, clickhouse] = await Promise.all([
    only.includes('temporal') ? findTemporal(env, onProgress) : undefined,
    only.includes('s3') ? findVersitygw(env, onProgress) : undefined,
    only.includes('clickhouse') ? findClickHouse(env, onProgress) : undefined,
  ]);
  if (only.includes('clickhouse') && clickhouse === undefined) findLibrary(); // throws if there is none, before anything starts
  for (const folder of ['home', 'logs']) await mkdir(join(dir, folder), { recursive: true });
  const settings = await loadSettings(dir);
  const described = stackOf(dir, settings, versitygw === undefined ? 'fauxqs' : 'versitygw');
  const metadata = versitygw === undefined ? undefined : await objectMetadata(versitygw, dir, settings.ports.s3);
  const plan = { stack: described, ports: settings.ports, executables: { temporal, versitygw, clickhouse }, metadata };
  const { clickhouse: http, clickhouseNative, clickhouseGuarded } = settings.ports;
  const { reader, admin } = described.clickhouse;
  await writeServerConfig({
    dir,
    ports: { http, native: clickhouseGuarded },
    users: { daybook: described.clickhouse, reader, admin },
  });
  const specs = childSpecs(plan, tmpdir());
  onProgress(`starting ${only.join(', ')}`);
  const supervisor = await launchSupervisor(
    {
      detach,
      stack: described,
      children: only.map((name) => specs[name]),
      ...(only.includes('clickhouse')
        ? { native: { port: clickhouseNative, server: clickhouseGuarded, url: described.clickhouse.url } }
        : {}),
    },
    only,
    onProgress,
  );
  const stop = async () => {
    supervisor.release();
    await stopStack(dir);
  };
  try {
    if (only.includes('temporal')) await keepHistories(supervisor.stack);
  } catch (error) {
    await stop();
    throw error;
  }
  return { stack: supervisor.stack, started: true, ended: supervisor.ended, stop };
}

function stackOf(dir: string, { ports, secretAccessKey, passwords }: StackSettings, kind: Stack['s3']['kind']) {
  const local = (port: number) => `http://127.0.0.1:${port}`;
  return {
    format: 1 as const,
    dir,
    temporal: { address: `127.0.0.1:${ports.temporal}`, uiUrl: local(ports.temporalUi), namespace: 'default' },
    clickhouse: {
      url: local(ports.clickhouse),
      nativeAddress: `127.0.0.1:${ports.clickhouseNative}`,
      user: 'daybook',
      password: passwords.daybook,
      reader: { user: 'reader', password: passwords.reader },
      admin: { user: 'admin', password: passwords.admin },
    },
    s3: { endpoint: local(ports.s3), region: 'us-east-1', accessKeyId: 'daybook', secretAccessKey, kind },
  };
}

/**
 * Stops exactly what was started in this folder: the recorded processes whose command line contains the folder.
 * @returns the pids that were stopped; empty if nothing was running
 */
export async function stopStack(dir: string): Promise<number[]> {
  const stack = await readStack(resolve(dir));
  if (!stack) return [];
  const ours = async (pids: number[]) => {
    const checked = await Promise.all(pids.map((pid) => isOurs(pid, stack.dir)));
    return pids.filter((_, index) => checked[index]);
  };
  const supervisor = await ours([stack.supervisor.pid]);
  const children = await ours(stack.processes.map(({ pid }) => pid));
  // The supervisor stops its children; they are stopped directly only if it is gone.
  await endProcesses(supervisor, UP_TO_MS);
  await endProcesses(await ours(children), UP_TO_MS);
  await removeStack(stack.dir);
  return [...supervisor, ...children];
}
