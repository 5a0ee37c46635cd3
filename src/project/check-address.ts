import { CATALOG } from '../clickhouse/catalog-file.js';
import { oneRow, type ClickHouse } from '../clickhouse/client.js';
import { NAME_THE_NODES } from '../clickhouse/cluster/watch-node.js';
import { isFinal, messageOf } from '../errors.js';
import { error } from './problems.js';
import type { Problem } from './project.js';

/** Questions that are sent at once, each over a connection of its own: some balancers choose a node for each connection. */
const AT_ONCE = 6;

/** What a server says about itself. */
interface Server {
  id: string;
  name: string;
  cloud: boolean;
}

/**
 * Checks what answers at one address: one server, or a service of ClickHouse Cloud if the config says so.
 *
 * @param where the place that problems name
 */
export async function checkAddress(where: string, clickhouse: ClickHouse): Promise<Problem[]> {
  const ask = () => oneRow<Server>(clickhouse, { sql: CATALOG.server }, { what: 'ask which server answers' });
  const [first, ...others] = await Promise.all([ask(), ...Array.from({ length: AT_ONCE - 1 }, ask)]);
  if (clickhouse.cloud === true)
    return first.cloud
      ? []
      : [
          error(
            'clickhouse.cloud',
            'found true, but the server that answers is not ClickHouse Cloud: its setting cloud_mode is 0',
            'Remove clickhouse.cloud from the config, or set CLICKHOUSE_URL to the service.',
          ),
        ];
  if (first.cloud)
    return [
      error(
        'clickhouse.cloud',
        'found false, but ClickHouse Cloud answers, where each statement may run on another replica',
        'Set clickhouse: { cloud: true } in the config.',
      ),
    ];
  if (others.every(({ id }) => id === first.id)) return [];
  const names = [...new Set([first, ...others].map(({ name }) => name))].sort();
  return [error(where, `several nodes answer at one address: ${names.join(' and ')}`, NAME_THE_NODES)];
}

/** Makes a problem of the failure of a statement that noticed several nodes at one address; undefined for any other failure. */
export function problemOfSeveral(where: string, thrown: unknown): Problem | undefined {
  if (!isFinal(thrown) || thrown.type !== 'SeveralNodes') return undefined;
  return error(where, messageOf(thrown).replace(` ${NAME_THE_NODES}`, '').replace(/\.$/, ''), NAME_THE_NODES);
}
