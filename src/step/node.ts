import { engineState } from '../clickhouse/catalog.js';
import type { ClickHouse } from '../clickhouse/client.js';
import { catchUp } from '../clickhouse/cluster/catch-up.js';
import { answers } from '../clickhouse/cluster/nodes.js';
import { ask } from '../clickhouse/question.js';
import { final, passing } from '../errors.js';
import { LEDGER } from '../ledger/ledger.js';
import type { Dependencies } from './dependencies.js';

/** Attempts that wait for the node of a build to come back, before the build is given up there. */
const PATIENT_ATTEMPTS = 3;

/** Returns the node of the build that an activity's input names; undefined if it names none. */
export function nodeOf(input: unknown): string | undefined {
  const { build } = (input ?? {}) as { build?: { node?: unknown } | null };
  return typeof build?.node === 'string' ? build.node : undefined;
}

/**
 * Returns the dependencies on the node that a step has to use: that of its build, whose stage is there, or the first one that answers.
 * The node has caught up with what others wrote to the ledger and to the live tables. On a single server these are the given ones,
 * without a request.
 *
 * @param node of the build; undefined if the step works on any node
 * @param part number of the step among equal ones that need no stage; if the project spreads these over all nodes, each gets one of
 * those that answer, and a later attempt another one
 * @throws an error that is retried while the build's node does not answer; a final NodeLost if it still does not, and another one does
 */
export async function onItsNode(
  deps: Dependencies,
  node: string | undefined,
  attempt: number,
  part?: number,
): Promise<Dependencies> {
  const { cluster } = deps.clickhouse;
  if (!cluster || !deps.on) return deps;
  const { database, clickhouse } = (await deps.loadProject()).config;
  const pinned = await nodeToUse(cluster, node, attempt);
  const spread = part !== undefined && clickhouse.normalizeOn === 'all-nodes';
  const own = deps.on(spread ? await nodeOfPart(pinned, part, attempt) : pinned);
  await catchUp(own.clickhouse, [LEDGER, database]);
  return own;
}

/** Returns the node of a part; that of the build where another one would make other rows of the same SQL. */
async function nodeOfPart(pinned: ClickHouse, part: number, attempt: number): Promise<ClickHouse> {
  const there = (await pinned.cluster?.answering()) ?? [];
  const other = there[(part + attempt - 1) % there.length];
  if (other === undefined || other === pinned) return pinned;
  const [found, expected] = await Promise.all([other, pinned].map((one) => ask(one, engineState())));
  return found?.version === expected?.version && found?.functions === expected?.functions ? other : pinned;
}

type Cluster = NonNullable<Dependencies['clickhouse']['cluster']>;

async function nodeToUse({ nodes }: Cluster, node: string | undefined, attempt: number) {
  const all = [...nodes.values()];
  const pinned = node === undefined ? undefined : nodes.get(node);
  if (pinned && (await answers(pinned))) return pinned;
  for (const one of all) {
    if (one === pinned || !(await answers(one))) continue;
    if (node === undefined) return one;
    if (pinned && attempt <= PATIENT_ATTEMPTS)
      throw passing(
        `The ClickHouse node ${node}, on which this day is being built, does not answer. The step waits for it.`,
      );
    throw final(
      'NodeLost',
      pinned
        ? `The ClickHouse node ${node}, on which this day was being built, does not answer, but ${one.cluster?.node ?? 'another one'} does.`
        : `This day was being built on the ClickHouse node ${node}, which CLICKHOUSE_URL no longer names.`,
    );
  }
  throw passing(`No ClickHouse node answers: ${[...nodes.keys()].join(', ')}. The step waits for one.`);
}
