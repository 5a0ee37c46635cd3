import type { ClickHouseSettings } from '@clickhouse/client';
import type { Env } from '../../env.js';
import { final, isFinal } from '../../errors.js';
import { connectClickHouse, type ClickHouse } from '../client.js';
import { spread } from './catch-up.js';
import type { Cluster } from './cluster.js';

/** How long a node may take to say that it is there, in milliseconds. */
const ANSWERS_WITHIN = 2_000;

/**
 * Statements on definitions wait for the nodes that are active, and return no rows. A partition's statement returns when its own node
 * is done: no value of `alter_sync` is a guarantee for the others, so each of them is waited for with `catchUp`.
 */
const SETTINGS = { distributed_ddl_output_mode: 'none_only_active' } as unknown as ClickHouseSettings;

/**
 * ClickHouse Cloud sends each statement to some replica of the service. Each waits for what others have written before it reads, which
 * also holds for the rows that REPLACE PARTITION copies. No `session_id` is sent to stay on one replica: the statements of a session
 * exclude each other (373), but a build runs several at once. A server that reads objects in parallel would insert their rows once for
 * each replica (ClickHouse #120488).
 */
const OF_CLOUD: ClickHouseSettings = { select_sequential_consistency: '1', enable_parallel_replicas: 0 };

/** What the config says about ClickHouse. */
export interface ClickHouseConfig {
  /** The ENGINE of the databases of a cluster; absent for a single server. */
  databaseEngine?: string | undefined;
  /** True for ClickHouse Cloud. */
  cloud?: boolean;
}

/** Returns the addresses in `CLICKHOUSE_URL`, which are separated by commas. */
export function addressesOf({ url }: Pick<Env['clickhouse'], 'url'>): [string, ...string[]] {
  const [first = url, ...more] = url
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');
  return [first, ...more];
}

/**
 * Creates the gateways of the nodes that `CLICKHOUSE_URL` names: one for a single server, and for a cluster one for each node. Sends no
 * request yet.
 *
 * @throws a final BadConfig if several addresses are named, but no engine for their databases, or for one service of ClickHouse Cloud
 */
export function connectNodes(
  env: Env['clickhouse'],
  { databaseEngine, cloud = false }: ClickHouseConfig = {},
): readonly [ClickHouse, ...ClickHouse[]] {
  const [url, ...more] = addressesOf(env);
  if (cloud) {
    if (more.length > 0) throw final('BadConfig', oneService(more.length + 1));
    return [connectClickHouse({ ...env, url }, OF_CLOUD, cloud)];
  }
  if (databaseEngine === undefined) {
    if (more.length > 0) throw final('BadConfig', noEngine(more.length + 1));
    return [connectClickHouse({ ...env, url })];
  }
  const nodes = new Map<string, ClickHouse>();
  const plain = new Map<string, ClickHouse>();
  const connect = (address: string) => {
    const { host } = new URL(address);
    plain.set(host, connectClickHouse({ ...env, url: address }, SETTINGS));
    const node = clusterNode(plain, { node: host, nodes, databaseEngine });
    nodes.set(host, node);
    return node;
  };
  return [connect(url), ...more.map(connect)];
}

const noEngine = (addresses: number): string =>
  `CLICKHOUSE_URL names ${addresses} addresses, but the config names no engine for replicated databases. Set ` +
  `clickhouse: { databaseEngine: "Replicated('/clickhouse/databases/{database}', '{shard}', '{replica}')" }, ` +
  'or name the address of one server.';

const oneService = (addresses: number): string =>
  `CLICKHOUSE_URL names ${addresses} addresses, but clickhouse.cloud is true in the config, and a service of ClickHouse Cloud has one. ` +
  'Name that one, or remove clickhouse.cloud.';

/** Adds to the gateway of a node what concerns the others: records reach all of them, and statements are killed on all of them. */
function clusterNode(plain: ReadonlyMap<string, ClickHouse>, of: Omit<Cluster, 'answering'>): ClickHouse {
  const gatewayOf = (name: string) => {
    const found = plain.get(name);
    if (!found) throw new RangeError(`no node ${name}`);
    return found;
  };
  const own = gatewayOf(of.node);
  const answering = async () => {
    const ordered = [node, ...[...of.nodes.values()].filter((one) => one !== node)];
    const there = await Promise.all(ordered.map(answers));
    return ordered.filter((_, index) => there[index]);
  };
  const node: ClickHouse = {
    ...own,
    insert: async (table, rows) => {
      await own.insert(table, rows);
      const [database = '', name = ''] = table.split('.');
      if (rows.length > 0) await spread(node, { database, table: name });
    },
    endQueries: async (prefix, options) => {
      const names = (await answering()).map(({ cluster }) => cluster?.node ?? of.node);
      const counts = await Promise.all(names.map((name) => gatewayOf(name).endQueries(prefix, options)));
      return counts.reduce((sum, count) => sum + count, 0);
    },
    cluster: { ...of, answering },
  };
  return node;
}

/**
 * Returns true if a node answers within two seconds.
 *
 * @throws what is wrong with a node that answers and refuses, such as its password
 */
export async function answers(clickhouse: ClickHouse): Promise<boolean> {
  try {
    await clickhouse.rows({ sql: 'SELECT 1 AS up' }, { what: 'ping', signal: AbortSignal.timeout(ANSWERS_WITHIN) });
    return true;
  } catch (error) {
    if (isFinal(error)) throw error;
    return false;
  }
}

/** Returns the first of the nodes that answers; the first of all if none does, so that its error is the caller's. */
export async function firstAnswering(nodes: readonly [ClickHouse, ...ClickHouse[]]): Promise<ClickHouse> {
  for (const node of nodes) if (await answers(node)) return node;
  return nodes[0];
}
