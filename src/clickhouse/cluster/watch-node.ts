import { final } from '../../errors.js';

/** Sent by ClickHouse with every answer; by default the name of its host. */
const NAME_HEADER = 'x-clickhouse-server-display-name';
/** How long a name counts as one that answered lately, in milliseconds: nodes are replaced, too. */
const REMEMBERED = 60 * 60 * 1000;

/**
 * Returns a function that is called with the headers of each answer of one address, and notices that several nodes answer there.
 * A swap publishes what the node that runs it holds, so that behind a balancer a day could be published without the rows that
 * another node has. One change of the name is a replaced node; a name that comes back is a balancer.
 *
 * @param origin the address, for the message
 * @param now returns the time in milliseconds
 * @returns throws a final SeveralNodes from the answer on that shows it
 */
export function watchNode(
  origin: string,
  now: () => number = Date.now,
): (headers: Readonly<Record<string, unknown>>) => void {
  const last = new Map<string, number>();
  let current: string | undefined;
  let several: readonly string[] | undefined;
  return (headers) => {
    const name = headers[NAME_HEADER];
    if (typeof name !== 'string') return;
    const before = last.get(name);
    const returned = name !== current && before !== undefined && now() - before < REMEMBERED;
    if (returned && current !== undefined) several ??= [name, current].sort();
    current = name;
    last.set(name, now());
    if (several !== undefined) throw final('SeveralNodes', severalNodes(origin, several));
  };
}

const severalNodes = (origin: string, names: readonly string[]): string =>
  `At ${origin} several ClickHouse nodes answer in turn: ${names.join(' and ')}. Daybook builds each day on one node, because a swap ` +
  `publishes the rows that this node has. ${NAME_THE_NODES}`;

/** What to do about a balancer in front of nodes. */
export const NAME_THE_NODES =
  'Set CLICKHOUSE_URL to the address of one node, or to those of all replicas, and restart the workers; for ClickHouse Cloud, set clickhouse.cloud in the config.';
