import { CATALOG } from '../clickhouse/catalog-file.js';
import type { ClickHouse } from '../clickhouse/client.js';
import { messageOf } from '../errors.js';
import { archiveDatabase } from '../shared/names.js';
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
      lookAt(name, node, databases).catch((thrown: unknown) => ({ name, failure: messageOf(thrown) })),
    ),
  );
  const answered = found.flatMap((one) => ('failure' in one ? [] : [one]));
  return [
    ...found.flatMap((one) =>
      'failure' in one
        ? [error(placeOfNode(one.name), one.failure, 'Start the node, or remove it from CLICKHOUSE_URL.')]
        : one.problems,
    ),
    ...betweenNodes(answered),
  ];
}

const placeOfNode = (node: string) => `ClickHouse ${node}`;

async function lookAt(name: string, node: ClickHouse, databases: readonly string[]): Promise<Node> {
  const where = placeOfNode(name);
  const what = { what: 'check the node' };
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
      ...(missing.length > 0
        ? [
            error(
              where,
              `has no macro ${missing.join(' and no macro ')}`,
              'Define it in <macros> of its configuration.',
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
        warning(where, `has version ${node.version}, but ${first.name} has ${first.version}`, 'Upgrade the older one.'),
      );
    // Each node read its clock at some moment of its request: only what no such moment explains is a difference.
    const skew = Math.max(node.ahead[0] - first.ahead[1], first.ahead[0] - node.ahead[1]);
    if (skew > NODES_SKEW)
      problems.push(
        error(
          where,
          `its clock and that of ${first.name} differ by ${(skew / 1000).toFixed(1)} seconds`,
          'Synchronize the clocks (NTP): of two records in the ledger, the one with the later time counts.',
        ),
      );
    const [shard, expected] = [node.macros.get('shard'), first.macros.get('shard')];
    if (shard !== expected)
      problems.push(
        error(
          where,
          `is of shard '${shard ?? ''}', but ${first.name} is of shard '${expected ?? ''}'`,
          'Name only the replicas of one shard in CLICKHOUSE_URL.',
        ),
      );
    else if (node.macros.get('replica') === first.macros.get('replica'))
      problems.push(
        error(
          where,
          `has the same macro replica as ${first.name}: '${node.macros.get('replica') ?? ''}'`,
          'Give each replica a name of its own; two names of one node count as two nodes.',
        ),
      );
    return problems;
  });
}
