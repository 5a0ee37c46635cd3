import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { connectNodes } from '../../src/clickhouse/cluster/nodes.js';
import { checkCluster } from '../../src/project/check-cluster.js';
import { loadProject } from '../../src/project/load.js';
import { EARLIER, objectsOf, putAll } from '../faults/project.js';
import { openBalancer } from '../support/balancer.js';
import { daybook, environment } from '../support/command.js';
import { openProxy, type Answer } from '../support/fault-proxy.js';
import { sqlOf } from '../support/sql-of.js';
import { startCluster, type Cluster } from './cluster.js';
import { clusterProject, clusterStack, DATABASE_ENGINE, openClusterDays } from './days.js';

const services = inject('services');

/** What `check` must find in nodes that were configured differently, or are not what their addresses seem to be. */
describe.skipIf(services === undefined)('check of nodes that are no replicas of each other', () => {
  let cluster: Cluster;
  let hosts: string[];

  beforeAll(async () => {
    if (!services) return;
    cluster = await startCluster(2);
    hosts = cluster.nodes.map(({ url }) => new URL(url).host);
  });
  afterAll(async () => {
    await cluster.stop();
  });

  /** Problems of a project that was not applied yet, on nodes at these addresses. */
  async function problemsAt(...urls: string[]) {
    const { dir, remove } = await clusterProject();
    const nodes = connectNodes({ url: urls.join(','), ...cluster.users.daybook }, { databaseEngine: DATABASE_ENGINE });
    try {
      return await checkCluster(await loadProject(dir), nodes[0]);
    } finally {
      for (const node of nodes) await node.close();
      await remove();
    }
  }
  const urls = () => cluster.nodes.map(({ url }) => url);

  /** Starts the second node again with other macros. */
  async function restart(macros: string) {
    const [, node] = cluster.nodes;
    if (!node) throw new Error('the cluster has one node');
    await node.kill();
    const file = join(dirname(node.users), 'config.d', 'cluster.xml');
    const config = await readFile(file, 'utf8');
    await writeFile(file, config.replace(/<macros>.*<\/macros>/, `<macros>${macros}</macros>`));
    await node.start();
  }

  test('a node without macros is an error, and apply names the node that lacks them', async () => {
    expect(await problemsAt(...urls())).toEqual([]);
    await restart('');
    expect(await problemsAt(...urls())).toEqual([
      {
        severity: 'error',
        where: `ClickHouse ${hosts[1] ?? ''}`,
        what: 'found no macro shard and no macro replica, which the engine of the databases uses',
        fix: expect.stringContaining('<macros>') as string,
      },
    ]);
    if (!services) return;
    const { dir, remove } = await clusterProject();
    const { code, stderr } = await daybook(['apply', '--project', dir], environment(clusterStack(services, cluster)));
    await remove();
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringMatching(
        `^The ClickHouse node ${hosts[1] ?? ''} has no macro shard, which databaseEngine in the config uses\\. Define it `,
      ) as string,
    });
    await restart('<shard>s1</shard>');
    expect(await problemsAt(...urls())).toMatchObject([
      { what: expect.stringContaining('no macro replica,') as string },
    ]);
  });

  test('a node of another shard, and one node at two addresses, are errors', async () => {
    await restart('<shard>s2</shard><replica>node-2</replica>');
    expect(await problemsAt(...urls())).toMatchObject([
      { severity: 'error', what: `found the shard 's2', expected 's1' as on ${hosts[0] ?? ''}` },
    ]);
    await restart('<shard>s1</shard><replica>node-2</replica>');
    const [one = ''] = urls();
    expect(await problemsAt(one, one.replace('127.0.0.1', 'localhost'))).toMatchObject([
      { severity: 'error', what: `found the macro replica 'node-1', the same as on ${hosts[0] ?? ''}` },
    ]);
  });

  /**
   * The nodes of these tests run one build of the engine, and its clock is that of the machine. So a proxy changes the one answer in
   * which the second node gives its version or its time; all other answers are the node's own.
   */
  async function problemsWith(asks: string, change: (row: Record<string, unknown>) => Record<string, unknown>) {
    const [one = '', two = ''] = urls();
    const proxy = await openProxy(two);
    proxy.intercept(({ asked, forward, answer }) =>
      sqlOf(asked).includes(asks)
        ? forward().then((given) => {
            answer(rewritten(given, change));
          })
        : undefined,
    );
    try {
      return { problems: await problemsAt(one, proxy.url), second: new URL(proxy.url).host };
    } finally {
      await proxy.close();
    }
  }

  test('nodes of different versions are a warning that names both', async () => {
    const { problems, second } = await problemsWith('SELECT version()', () => ({ version: '26.6.9.1' }));
    expect(problems).toEqual([
      {
        severity: 'warning',
        where: `ClickHouse ${second}`,
        what: expect.stringMatching(
          `^found version 26\\.6\\.9\\.1, expected 26\\.7[.\\d]+ as on ${hosts[0] ?? ''}$`,
        ) as string,
        fix: expect.stringContaining('Upgrade the older one') as string,
      },
    ]);
  });

  test.each([
    ['ahead of', 3_000],
    ['behind', -3_000],
  ])('a clock that is %s the other one by more than a second is an error', async (side, by) => {
    const { problems, second } = await problemsWith('now64', ({ now }) => ({ now: String(Number(now) + by) }));
    expect(problems).toEqual([
      {
        severity: 'error',
        where: `ClickHouse ${second}`,
        what: expect.stringMatching(
          `^its clock is [23]\\.\\d seconds ${side} that of ${hosts[0] ?? ''}, expected at most 1$`,
        ) as string,
        fix: expect.stringContaining('Synchronize the clocks') as string,
      },
    ]);
  });

  test('clocks that differ by less than a second are none', async () => {
    expect((await problemsWith('now64', ({ now }) => ({ now: String(Number(now) + 900) }))).problems).toEqual([]);
  });

  test('a balancer in place of one of the nodes is refused by check and by a run', async () => {
    if (!services) return;
    const [one = '', two = ''] = urls();
    const balancer = await openBalancer([one, two]);
    balancer.spread(false);
    const stack = clusterStack(services, cluster, [balancer.url, two]);
    const project = await openClusterDays(stack);
    try {
      await putAll(project, objectsOf(EARLIER));
      balancer.spread(true);
      const { code, stdout } = await daybook(['check', '--project', project.app.project.dir], environment(stack));
      expect({ code, stdout }).toEqual({
        code: 1,
        stdout: expect.stringMatching(
          /^error: ClickHouse.*\n {2}.*several (ClickHouse )?nodes answer .*node-1 and node-2.*\n {2}-> Set CLICKHOUSE_URL to /m,
        ) as string,
      });
      expect(await project.fail(EARLIER)).toMatchObject({
        cause: 'SeveralNodes',
        message: expect.stringContaining('several ClickHouse nodes answer in turn: node-1 and node-2.') as string,
      });
      for (const node of [0, 1])
        expect(
          await cluster.admin(node).rows({ sql: `SELECT DISTINCT day FROM \`${project.database}\`.events` }),
        ).toEqual([]);
    } finally {
      balancer.spread(false);
      await project.close();
      await balancer.close();
    }
  });
});

/** Replaces the one row of an answer in JSON lines. */
function rewritten(given: Answer, change: (row: Record<string, unknown>) => Record<string, unknown>): Answer {
  const row = JSON.parse(given.body.toString('utf8')) as Record<string, unknown>;
  const body = Buffer.from(`${JSON.stringify(change(row))}\n`);
  return { ...given, headers: { ...given.headers, 'content-length': String(body.length) }, body };
}
