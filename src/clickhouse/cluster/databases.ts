import { final } from '../../errors.js';
import { CATALOG } from '../catalog-file.js';
import type { ClickHouse } from '../client.js';
import { createSharedDatabase } from './replicated.js';

/**
 * Creates a database for the ledger, readers or archives. On a cluster, on every node: a node that does not answer now would never get
 * it, because a database is the one thing that does not replicate.
 *
 * @throws a final NotApplied if a node of a cluster does not answer, or has a database of this name that does not replicate
 */
export async function createOnEachNode(clickhouse: ClickHouse, database: string): Promise<void> {
  const { cluster } = clickhouse;
  const create = createSharedDatabase(clickhouse, database);
  const what = { what: `create database ${database}` };
  if (!cluster) {
    await clickhouse.run(create, what);
    return;
  }
  const there = await cluster.answering();
  const absent = [...cluster.nodes].filter(([, node]) => !there.includes(node)).map(([name]) => name);
  if (absent.length > 0)
    throw final(
      'NotApplied',
      `The ClickHouse nodes ${absent.join(', ')} do not answer. Each node has to create the database ${database} itself. ` +
        'Start them, or remove them from CLICKHOUSE_URL, and run it again.',
    );
  for (const node of there) {
    await node.run(create, what);
    const [found] = await node.rows<{ engine: string }>({
      sql: CATALOG.databaseEngines,
      params: { databases: [database] },
    });
    if (found?.engine !== 'Replicated')
      throw final(
        'NotApplied',
        `The database ${database} on ${node.cluster?.node ?? ''} has the engine ${found?.engine ?? 'of no database'}, expected Replicated. ` +
          'Rename it, so that apply creates it again, and copy its rows; see docs/production.md.',
      );
  }
}
