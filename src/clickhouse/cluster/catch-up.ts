import { final, messageOf } from '../../errors.js';
import { command } from '../../shared/commands.js';
import { sentence } from '../../shared/sentence.js';
import { CATALOG } from '../catalog-file.js';
import type { ClickHouse } from '../client.js';
import { isMissingTable, unlessMissing } from '../errors.js';
import type { Place } from '../tables.js';
import { name, table } from '../text.js';
import { otherNodes } from './cluster.js';

/** How long a node may need for what others have written, in seconds; after that the step fails, and is retried. */
const WITHIN = 20;
const PATIENCE = { receive_timeout: WITHIN };

/**
 * Waits until this node has what other nodes wrote to the replicated tables of some databases before this call. Does nothing on a
 * single server. A statement that reads a lagging node gets the rows that this node has, without an error, and a swap publishes them.
 *
 * @param only the tables; by default all of the databases
 * @throws an error that is retried and names table and node, if it takes longer than 20 seconds
 */
export async function catchUp(
  clickhouse: ClickHouse,
  databases: readonly string[],
  only?: readonly string[],
): Promise<void> {
  if (!clickhouse.cluster) return;
  const params = { databases };
  const replicated = await clickhouse.rows<{ name: string }>({ sql: CATALOG.replicatedDatabases, params });
  // First the definitions: a table that another node has just created does not exist here before.
  await Promise.all(
    replicated.map(({ name: database }) =>
      caughtUp(clickhouse, `SYSTEM SYNC DATABASE REPLICA ${name(database)}`, database),
    ),
  );
  const tables = await clickhouse.rows<Place>({ sql: CATALOG.replicatedTables, params });
  await Promise.all(
    tables
      .filter(({ table: one }) => only?.includes(one) ?? true)
      .map((place) => unlessMissing(catchUpTable(clickhouse, place), undefined)),
  );
}

/**
 * Waits until every node that answers has what was written to a table of the ledger, so that a record outlives this node.
 *
 * @throws a final NotApplied if a node has no such table, as one that was added to `CLICKHOUSE_URL` since `apply` ran
 */
export async function spread(clickhouse: ClickHouse, place: Place): Promise<void> {
  if (!clickhouse.cluster) return;
  await Promise.all(
    (await otherNodes(clickhouse)).map(async (node) => {
      try {
        await catchUpTable(node, place);
      } catch (error) {
        throw isMissingTable(error) ? notOn(node, place) : error;
      }
    }),
  );
}

const notOn = ({ cluster }: ClickHouse, place: Place) =>
  final(
    'NotApplied',
    sentence(
      `The ClickHouse node ${cluster?.node ?? ''} has no table ${place.database}.${place.table}. Each node needs it. Run: `,
      command.apply(),
    ),
  );

const catchUpTable = (clickhouse: ClickHouse, place: Place) =>
  caughtUp(
    clickhouse,
    `SYSTEM SYNC REPLICA ${table(place.database, place.table)} LIGHTWEIGHT`,
    `${place.database}.${place.table}`,
  );

async function caughtUp(clickhouse: ClickHouse, sql: string, what: string): Promise<void> {
  try {
    await clickhouse.run({ sql, settings: PATIENCE }, { what: `catch up with ${what}` });
  } catch (error) {
    const node = clickhouse.cluster?.node ?? '';
    if (error instanceof Error) error.message = `${node}: ${messageOf(error)}`;
    throw error;
  }
}
