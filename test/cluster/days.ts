import type { ClickHouse } from '../../src/clickhouse/client.js';
import type { Stack } from '../../src/local/stack-file.js';
import { CONFIG, FILES } from '../faults/project.js';
import { openDays, type DayProject } from '../support/day.js';
import { projectFolder } from '../support/project.js';
import type { Cluster } from './cluster.js';

/** Where the nodes of these tests keep the state of their databases. */
export const DATABASE_ENGINE = "Replicated('/clickhouse/databases/{database}', '{shard}', '{replica}')";

/** The stack of a project on a cluster. `urls` are proxies in front of the nodes, if there are any. */
export const clusterStack = (
  services: Stack,
  { users, nodes }: Cluster,
  urls = nodes.map(({ url }) => url),
): Stack => ({
  ...services,
  clickhouse: {
    ...services.clickhouse,
    ...users.daybook,
    url: urls.join(','),
    reader: users.reader,
    admin: users.admin,
  },
});

/** Opens the project of the fault ring on a cluster, with its worker in this process. */
export const openClusterDays = (stack: Stack, more: Record<string, unknown> = {}): Promise<DayProject> =>
  openDays(stack, FILES, {
    ...CONFIG,
    ...more,
    clickhouse: { databaseEngine: DATABASE_ENGINE, ...(more['clickhouse'] as object | undefined) },
  });

/** A folder with the project of the fault ring, for nothing but looks at a cluster. */
export const clusterProject = () =>
  projectFolder({
    ...FILES,
    'daybook.config.json': JSON.stringify({
      ...CONFIG,
      project: 'unapplied',
      database: 'unapplied_live',
      store: { bucket: 'unapplied-data' },
      clickhouse: { databaseEngine: DATABASE_ENGINE },
    }),
  });

/** What readers of one node have of a day: equal on two nodes if both have the same rows. */
export async function readersSee(node: ClickHouse, database: string, day: string): Promise<Record<string, string>> {
  const tables = await node.rows<{ name: string }>({
    sql: `SELECT name FROM system.tables WHERE database = {database:String} AND NOT startsWith(name, 'raw_') ORDER BY name`,
    params: { database },
  });
  const seen: Record<string, string> = {};
  for (const { name } of tables) {
    await node.run({ sql: `SYSTEM SYNC REPLICA \`${database}\`.\`${name}\` LIGHTWEIGHT` });
    const [found] = await node.rows<{ rows: string; hash: string }>({
      sql: `SELECT count() AS rows, sum(cityHash64(tuple(*))) AS hash FROM \`${database}\`.\`${name}\` WHERE day = {day:Date}`,
      params: { day },
    });
    seen[name] = `${found?.rows ?? ''} rows, hash ${found?.hash ?? ''}`;
  }
  return seen;
}
