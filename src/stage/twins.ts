import type { ClickHouse, StatementOptions } from '../clickhouse/client.js';
import { createOnEachNode } from '../clickhouse/cluster/databases.js';
import { isMissingDatabase } from '../clickhouse/errors.js';
import { createDatabase, type Place } from '../clickhouse/tables.js';
import { createTwin, plainEngineOf } from './statements.js';

/**
 * Creates a twin in a stage or in the archive. The first one also creates the database. A stage is on its own node alone; the archive is
 * on all nodes of a cluster, and replicates like the live tables.
 */
export async function createStaged(
  clickhouse: ClickHouse,
  place: Place,
  live: Place,
  existing: 'keep' | 'replace',
  what: StatementOptions,
  where: 'stage' | 'archive' = 'stage',
): Promise<void> {
  const plain = clickhouse.cluster !== undefined && where === 'stage';
  const create = createTwin(place, live, existing, plain ? await plainEngineOf(clickhouse, live) : '');
  try {
    await clickhouse.run(create, what);
  } catch (error) {
    if (!isMissingDatabase(error)) throw error;
    if (where === 'archive') await createOnEachNode(clickhouse, place.database);
    else await clickhouse.run(createDatabase(place.database));
    await clickhouse.run(create, what);
  }
}
