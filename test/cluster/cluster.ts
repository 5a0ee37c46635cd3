import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { connectClickHouse, type ClickHouse } from '../../src/clickhouse/client.js';
import { servicePort } from '../../src/local/ports.js';
import { temporaryFolder } from '../support/stack.js';
import { createNode, type ClusterNode } from './node.js';
import { killChild, startZooKeeper, zookeeperLibraries } from './zookeeper.js';

/** What the nodes of these tests are, and what they are not. */
export const WHAT_IT_IS =
  "These nodes are ClickHouse 26.7's own replication code in `clickhouse local`, with ZooKeeper; they are not clickhouse-server with Keeper.";

const USERS = {
  daybook: { user: 'daybook', password: 'daybook-of-the-cluster' },
  reader: { user: 'reader', password: 'reader-of-the-cluster' },
  admin: { user: 'admin', password: 'admin-of-the-cluster' },
};

/** Replicas of one shard. */
export interface Cluster {
  nodes: readonly ClusterNode[];
  users: typeof USERS;
  /** Connects to one node with every right. */
  admin(node: number): ClickHouse;
  /** Takes ZooKeeper away: tables become read-only until it is back, on its data. */
  loseKeeper(): Promise<void>;
  restoreKeeper(): Promise<void>;
  /** Ends every process and removes all data. */
  stop(): Promise<void>;
}

/** Says in one sentence what this machine lacks for a cluster; undefined if it has everything. */
export async function missingForCluster(): Promise<string | undefined> {
  if (process.platform !== 'linux' || process.arch !== 'x64') return 'A cluster of the tests needs Linux on x64.';
  for (const [command, argument] of [
    ['java', '-version'],
    ['mvn', '-version'],
    ['python3', '--version'],
  ] as const)
    if ((await execa(command, [argument], { reject: false })).failed)
      return `A cluster of the tests needs Java, Maven and Python 3, and this machine has no ${command}.`;
  return undefined;
}

/** Starts ZooKeeper and some nodes on free ports; all of them end with `stop`, the nodes also with this process. */
export async function startCluster(count: number): Promise<Cluster> {
  const libraries = await zookeeperLibraries();
  const folder = await temporaryFolder('cluster');
  const zookeeperPort = await servicePort();
  let zookeeper = await startZooKeeper(libraries, folder.path, zookeeperPort);
  // Vitest ends its processes by a signal, after which a child without a pipe would live on.
  const onExit = () => zookeeper.kill('SIGKILL');
  process.once('exit', onExit);
  const clients: ClickHouse[] = [];
  const nodes: ClusterNode[] = [];
  const stop = async () => {
    for (const client of clients) await client.close();
    for (const node of nodes) await node.kill();
    await killChild(zookeeper);
    process.off('exit', onExit);
    await folder.remove();
  };
  try {
    for (let number = 1; number <= count; number++) {
      const dir = join(folder.path, `node-${number}`);
      await mkdir(dir);
      const ports = { http: await servicePort(), native: await servicePort() };
      nodes.push(await createNode({ name: `node-${number}`, dir, ports, users: USERS, zookeeperPort }));
    }
    // One after another: the first one creates the paths in ZooKeeper.
    for (const node of nodes) await node.start();
  } catch (error) {
    await stop();
    throw error;
  }
  const admin = (node: number) => {
    const { url } = nodeOf(nodes, node);
    const client = connectClickHouse({ url, ...USERS.admin });
    clients.push(client);
    return client;
  };
  return {
    nodes,
    users: USERS,
    admin,
    loseKeeper: () => killChild(zookeeper),
    restoreKeeper: async () => {
      zookeeper = await startZooKeeper(libraries, folder.path, zookeeperPort);
    },
    stop,
  };
}

function nodeOf(nodes: readonly ClusterNode[], index: number): ClusterNode {
  const node = nodes[index];
  if (!node) throw new RangeError(`the cluster has ${nodes.length} nodes, not ${index + 1}`);
  return node;
}
