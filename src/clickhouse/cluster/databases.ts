import { final, messageOf } from '../../errors.js';
import { CATALOG } from '../catalog-file.js';
import type { ClickHouse } from '../client.js';
import { onNode } from './cluster.js';
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
  const what = (node: ClickHouse) => ({ what: `create database ${database}${onNode(node)}` });
  if (!cluster) {
    await clickhouse.run(create, what(clickhouse));
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
    try {
      await node.run(create, what(node));
    } catch (error) {
      throw NO_MACRO.test(messageOf(error)) ? macroMissing(node, error) : error;
    }
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

const NO_MACRO = /No macro '([^']*)'/;

const macroMissing = (node: ClickHouse, error: unknown) =>
  final(
    'NotApplied',
    `The ClickHouse node ${node.cluster?.node ?? ''} has no macro ${NO_MACRO.exec(messageOf(error))?.[1] ?? ''}, which databaseEngine in the config uses. ` +
      'Define it in <macros> of its configuration, restart it, and run it again.',
    { cause: error },
  );
