import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { writeServerConfig, type ServerConfig } from '../../src/local/clickhouse/config.js';
import { findLibrary } from '../../src/local/clickhouse/library.js';
import { childEnvironment } from '../../src/local/processes/children.js';
import { killChild } from './zookeeper.js';

/** Where other nodes fetch parts: the second address on which a node listens, see `node.py`. */
const INTERSERVER_HOST = '127.0.0.2';
/** Milliseconds until a node answers, recovery of its tables included. */
const UP_WITHIN = 60_000;

/** How a node is configured. */
export interface NodeSpec {
  /** The replica's name, and that of its folder. */
  name: string;
  /** Folder of the node's data and logs. */
  dir: string;
  ports: { http: number; native: number };
  users: ServerConfig['users'];
  zookeeperPort: number;
}

/** One node of a cluster, which can be killed and started again. */
export interface ClusterNode {
  name: string;
  url: string;
  /** Path of the file with its users and their rights. */
  users: string;
  /** Ends the process with SIGKILL, as a machine does that loses its power. */
  kill(): Promise<void>;
  /** Starts the node on the data that it has; returns when it answers. */
  start(): Promise<void>;
}

/** Writes a node's configuration. Starts nothing. */
export async function createNode(spec: NodeSpec): Promise<ClusterNode> {
  await writeServerConfig({ dir: spec.dir, ports: spec.ports, users: spec.users, cluster: true });
  await mkdir(join(spec.dir, 'logs'), { recursive: true });
  await mkdir(join(spec.dir, 'clickhouse', 'config.d'), { recursive: true });
  await writeFile(join(spec.dir, 'clickhouse', 'config.d', 'cluster.xml'), clusterXml(spec));
  let running: ChildProcess | undefined;
  return {
    name: spec.name,
    url: `http://127.0.0.1:${spec.ports.http}`,
    users: join(spec.dir, 'clickhouse', 'users.xml'),
    kill: async () => {
      if (running) await killChild(running);
      running = undefined;
    },
    start: async () => {
      running ??= await startNode(spec);
    },
  };
}

/** What a node of a cluster has beside the configuration of a server of the local stack. */
const clusterXml = ({ name, ports, zookeeperPort }: NodeSpec): string => `<clickhouse>
  <listen_host>127.0.0.1</listen_host>
  <listen_host>${INTERSERVER_HOST}</listen_host>
  <display_name>${name}</display_name>
  <max_server_memory_usage>2000000000</max_server_memory_usage>
  <interserver_http_host>${INTERSERVER_HOST}</interserver_http_host>
  <interserver_http_port>${ports.http}</interserver_http_port>
  <macros><shard>s1</shard><replica>${name}</replica></macros>
  <zookeeper>
    <node><host>127.0.0.1</host><port>${zookeeperPort}</port></node>
    <session_timeout_ms>6000</session_timeout_ms>
    <sessions_path>/clickhouse/sessions/${name}</sessions_path>
  </zookeeper>
  <distributed_ddl><path>/clickhouse/task_queue/ddl</path></distributed_ddl>
</clickhouse>
`;

/** True if a node answers: on a busy machine, it accepts connections some time before. */
const pings = (port: number): Promise<boolean> =>
  fetch(`http://127.0.0.1:${port}/ping`).then(
    ({ ok }) => ok,
    () => false,
  );

async function startNode({ name, dir, ports }: NodeSpec): Promise<ChildProcess> {
  const script = fileURLToPath(new URL('node.py', import.meta.url));
  const output = join(dir, 'logs', 'node.log');
  const log = await open(output, 'a');
  const started = spawn(
    'python3',
    [script, '--library', findLibrary(), '--dir', dir, '--interserver', `${INTERSERVER_HOST}:${ports.http}`],
    { cwd: dir, env: childEnvironment(dir, tmpdir()), stdio: ['pipe', log.fd, log.fd] },
  );
  started.stdin?.on('error', () => undefined);
  void once(started, 'exit').then(() => log.close());
  const deadline = Date.now() + UP_WITHIN;
  while (!(await pings(ports.http))) {
    if (started.exitCode !== null || Date.now() > deadline) {
      await killChild(started);
      throw new Error(`${name} did not start: ${(await readFile(output, 'utf8')).slice(-1_000)}`);
    }
    await sleep(50);
  }
  return started;
}
