import type { ClickHouse } from '../client.js';

/** How the gateway of one node belongs to those of the others: replicas of one shard, whose tables replicate each other. */
export interface Cluster {
  /** Name of this node: host and port of its address, stable across restarts. */
  node: string;
  /** The gateways of all nodes by name, in the order of `CLICKHOUSE_URL`. */
  nodes: ReadonlyMap<string, ClickHouse>;
  /** The ENGINE of replicated databases. */
  databaseEngine: string;
  /** Lists the nodes that answer now, this one first if it does. */
  answering: () => Promise<ClickHouse[]>;
}

/** Returns the gateways of all nodes that answer, the given one first; of a single server that one alone, without a request. */
export const everyNode = async (clickhouse: ClickHouse): Promise<ClickHouse[]> =>
  clickhouse.cluster ? await clickhouse.cluster.answering() : [clickhouse];

/** Returns the gateways of the other nodes that answer; of a single server none, without a request. */
export const otherNodes = async (clickhouse: ClickHouse): Promise<ClickHouse[]> =>
  (await everyNode(clickhouse)).filter((node) => node !== clickhouse);

/** Returns ` on <node>` for a message about one of several nodes; '' for a single server. */
export const onNode = ({ cluster }: Pick<ClickHouse, 'cluster'>): string => (cluster ? ` on ${cluster.node}` : '');

/** Returns the node of a gateway, as a plan and a reference to its build name it; nothing for a single server. */
export const pinOf = ({ cluster }: Pick<ClickHouse, 'cluster'>): { node?: string } =>
  cluster ? { node: cluster.node } : {};
