import { CATALOG } from '../clickhouse/catalog-file.js';
import type { ClickHouse } from '../clickhouse/client.js';
import { messageOf } from '../errors.js';
import { archiveDatabase } from '../shared/names.js';
import { checkAddress, problemOfSeveral } from './check-address.js';
import { engineTime } from './clocks.js';
import { error, warning } from './problems.js';
import type { Problem, Project } from './project.js';

/** Milliseconds by which the clocks of two nodes may differ: the newest record of the ledger counts, whichever node wrote it. */
const NODES_SKEW = 1_000;

/** The macros that the engine of the databases uses; they are part of every replica's name. */
const MACROS = ['shard', 'replica'];

/** What one node says about itself. */
interface Node {
  name: string;
  version: string;
  /** Milliseconds by which its clock is ahead of this machine's: at least, and at most. */
  ahead: readonly [number, number];
  macros: ReadonlyMap<string, string>;
  problems: Problem[];
}

/**
 * Checks the nodes of a cluster against each other: that all answer, with one version, one time and macros that make them replicas of
 * one shard; that the databases replicate, and that no table is read-only, as without Keeper. Nothing for a single server.
 */
export async function checkCluster({ config }: Project, clickhouse: ClickHouse): Promise<Problem[]> {
  if (!clickhouse.cluster) return [];
  const databases = ['daybook', config.database, archiveDatabase(config.project)];
  const { nodes } = clickhouse.cluster;
  const found = await Promise.all(
    [...nodes].map(([name, node]) =>
      lookAt(name, node, databases).catch((thrown: unknown) => ({ name, failure: problemOfNode(name, thrown) })),
    ),
  );
  const answered = found.flatMap((one) => ('failure' in one ? [] : [one]));
  return [...found.flatMap((one) => ('failure' in one ? [one.failure] : one.problems)), ...betweenNodes(answered)];
}

const problemOfNode = (node: string, thrown: unknown): Problem =>
  problemOfSeveral(placeOfNode(node), thrown) ??
  error(placeOfNode(node), messageOf(thrown), 'Start the node, or remove it from CLICKHOUSE_URL.');

const placeOfNode = (node: string) => `ClickHouse ${node}`;

async function lookAt(name: string, node: ClickHouse, databases: readonly string[]): Promise<Node> {
  const where = placeOfNode(name);
  const what = { what: 'check the node' };
  const several = await checkAddress(where, node);
  const version = await node.version();
  const before = Date.now();
  const time = await engineTime(node);
  const after = Date.now();
  const macros = new Map(
    (await node.rows<{ macro: string; substitution: string }>({ sql: CATALOG.macros }, what)).map(
      ({ macro, substitution }) => [macro, substitution],
    ),
  );
  const missing = MACROS.filter((macro) => !macros.has(macro));
  const engines = await node.rows<{ name: string; engine: string }>(
    { sql: CATALOG.databaseEngines, params: { databases } },
    what,
  );
  const readOnly = await node.rows<{ name: string }>({ sql: CATALOG.readOnlyReplicas, params: { databases } }, what);
  return {
    name,
    version,
    ahead: [time - after, time - before],
    macros,
    problems: [
      ...several,
      ...(missing.length > 0
        ? [
            error(
              where,
              `found no macro ${missing.join(' and no macro ')}, which the engine of the databases uses`,
              'Define shard and replica in <macros> of its configuration, before apply: later the node does not start without them.',
            ),
          ]
        : []),
      ...engines
        .filter(({ engine }) => engine !== 'Replicated')
        .map(({ name: database, engine }) =>
          error(
            where,
            `the database ${database} has the engine ${engine}, expected Replicated`,
            'Rename it, so that apply creates it again, and copy its rows; see docs/production.md.',
          ),
        ),
      ...(readOnly.length > 0
        ? [
            error(
              where,
              `these tables are read-only: ${readOnly.map(({ name: table }) => table).join(', ')}`,
              'Check that the node reaches Keeper; system.replicas and the log of ClickHouse have the reason.',
            ),
          ]
        : []),
    ],
  };
}

/** Compares the nodes with the first one. */
function betweenNodes([first, ...others]: readonly Node[]): Problem[] {
  if (!first) return [];
  return others.flatMap((node) => {
    const where = placeOfNode(node.name);
    const problems: Problem[] = [];
    if (node.version !== first.version)
      problems.push(
        warning(
          where,
          `found version ${node.version}, expected ${first.version} as on ${first.name}`,
          'Upgrade the older one: the two may read the same object differently.',
        ),
      );
    // Each node read its clock at some moment of its request: only what no such moment explains is a difference.
    const [ahead, behind] = [node.ahead[0] - first.ahead[1], first.ahead[0] - node.ahead[1]];
    const skew = Math.max(ahead, behind);
    if (skew > NODES_SKEW)
      problems.push(
        error(
          where,
          `its clock is ${(skew / 1000).toFixed(1)} seconds ${ahead > behind ? 'ahead of' : 'behind'} that of ${first.name}, expected at most ${NODES_SKEW / 1000}`,
          'Synchronize the clocks (NTP): of two records in the ledger, the one with the later time counts.',
        ),
      );
    const [shard, expected] = [node.macros.get('shard'), first.macros.get('shard')];
    const replica = node.macros.get('replica');
    // A missing macro is a problem of its own.
    if (shard !== undefined && expected !== undefined && shard !== expected)
      problems.push(
        error(
          where,
          `found the shard '${shard}', expected '${expected}' as on ${first.name}`,
          'Name only the replicas of one shard in CLICKHOUSE_URL.',
        ),
      );
    else if (replica !== undefined && replica === first.macros.get('replica'))
      problems.push(
        error(
          where,
          `found the macro replica '${replica}', the same as on ${first.name}`,
          'Give each replica a name of its own; two names of one node count as two nodes.',
        ),
      );
    return problems;
  });
}
