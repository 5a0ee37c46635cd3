import { dirname, join } from 'node:path';
import { SEARCH_ATTRIBUTES } from '../../shared/names.js';
import { serverArguments } from '../clickhouse/config.js';
import type { Stack } from '../stack-file.js';
import type { ChildSpec } from './launch-order.js';
import { nodeArguments, sibling } from './node-command.js';

export type ServiceName = 'temporal' | 'clickhouse' | 's3';

interface ServicePlan {
  stack: Omit<Stack, 'supervisor' | 'processes'>;
  ports: { temporal: number; temporalUi: number; clickhouse: number; s3: number };
  /** Paths of the executables; undefined means fauxqs instead of `versitygw`, and the library instead of `clickhouse`. */
  executables: { temporal: string | undefined; versitygw: string | undefined; clickhouse: string | undefined };
  /** Folder for the objects' metadata, if the file system has no extended attributes. */
  metadata: string | undefined;
}

/**
 * With SQLite's defaults each write waits for the disk twice, one after another for all workflows: 20 of them at a time, of ten
 * activities each, took 0.9 s a workflow instead of 0.15 s. In this mode a killed server still loses nothing; a power cut may take
 * the last moments, and leaves a sound file.
 */
const SQLITE_PRAGMAS = ['journal_mode=wal', 'synchronous=normal'];

/**
 * Builds the environment of every process of the stack from scratch: without TEMPORAL_*, CLICKHOUSE_*, AWS_* or DAYBOOK_* of the
 * user's shell, and with a home folder that has no profile files.
 * @param tmp the system's folder for temporary files
 */
export const childEnvironment = (dir: string, tmp: string): Record<string, string> => ({
  PATH: [dirname(process.execPath), '/usr/local/bin', '/usr/bin', '/bin'].join(':'),
  HOME: join(dir, 'home'),
  LANG: 'C.UTF-8',
  TMPDIR: tmp,
  TZ: 'UTC',
});

/** Describes how to start each service of the stack. Each command line contains the folder, by which `down` recognizes its own. */
export function childSpecs(plan: ServicePlan, tmp: string): Record<ServiceName, ChildSpec> {
  const { stack, ports, executables } = plan;
  const { dir } = stack;
  const env = childEnvironment(dir, tmp);
  return {
    temporal: {
      name: 'temporal',
      command: executables.temporal ?? '',
      args: [
        ...[
          'server',
          'start-dev',
          '--ip',
          '127.0.0.1',
          '--namespace',
          stack.temporal.namespace,
          '--log-level',
          'error',
        ],
        ...['--port', String(ports.temporal), '--ui-port', String(ports.temporalUi)],
        ...['--db-filename', join(dir, 'temporal.db')],
        ...SQLITE_PRAGMAS.flatMap((pragma) => ['--sqlite-pragma', pragma]),
        ...SEARCH_ATTRIBUTES.flatMap((name) => ['--search-attribute', `${name}=Keyword`]),
      ],
      env,
      port: ports.temporal,
    },
    clickhouse: { name: 'clickhouse', ...engine(executables.clickhouse, dir), env, port: ports.clickhouse },
    s3: executables.versitygw === undefined ? fauxqs(dir, ports.s3, env) : gateway(executables.versitygw, plan, env),
  };
}

/** Describes ClickHouse, as an executable or as a library. Both shut down when their standard input closes. */
function engine(executable: string | undefined, dir: string): Pick<ChildSpec, 'command' | 'args'> {
  if (executable !== undefined) return { command: executable, args: ['local', ...serverArguments(dir, 'stdin')] };
  const main = sibling(import.meta.url, '../clickhouse/main');
  return { command: process.execPath, args: nodeArguments(main, '--dir', dir) };
}

function gateway(command: string, { stack, ports, metadata }: ServicePlan, env: Record<string, string>): ChildSpec {
  const { dir, s3 } = stack;
  const sidecar = metadata === undefined ? [] : ['--sidecar', metadata];
  return {
    name: 's3',
    command,
    args: ['--quiet', '--port', `127.0.0.1:${ports.s3}`, '--region', s3.region, 'posix', ...sidecar, join(dir, 's3')],
    env: { ...env, ROOT_ACCESS_KEY: s3.accessKeyId, ROOT_SECRET_KEY: s3.secretAccessKey },
    port: ports.s3,
  };
}

function fauxqs(dir: string, port: number, env: Record<string, string>): ChildSpec {
  const args = nodeArguments(sibling(import.meta.url, '../fauxqs'), '--port', String(port), '--dir', dir);
  return { name: 's3', command: process.execPath, args, env, port };
}
