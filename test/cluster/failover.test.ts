import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { ClickHouse } from '../../src/clickhouse/client.js';
import { addDays } from '../../src/shared/day.js';
import { stageDatabase, stagesPrefix } from '../../src/shared/names.js';
import { verify } from '../../src/stage/verify.js';
import { localStep } from '../../src/step/step.js';
import type { StatementName } from '../faults/plan.js';
import { isStatement } from '../faults/points.js';
import { EARLIER, lateOf, objectsOf, putAll } from '../faults/project.js';
import type { DayProject } from '../support/day.js';
import { openProxy, type FaultProxy } from '../support/fault-proxy.js';
import { startCluster, type Cluster } from './cluster.js';
import { clusterStack, openClusterDays, readersSee } from './days.js';
import { POINTS } from './fault-plan.js';

const services = inject('services');

describe.skipIf(services === undefined)('the node on which a day is built is killed', () => {
  let cluster: Cluster;
  let proxies: FaultProxy[];
  let project: DayProject;
  let nodes: ClickHouse[];
  let day = EARLIER;

  beforeAll(async () => {
    if (!services) return;
    cluster = await startCluster(2);
    nodes = [cluster.admin(0), cluster.admin(1)];
    proxies = await Promise.all(cluster.nodes.map(({ url }) => openProxy(url)));
    project = await openClusterDays(
      clusterStack(
        services,
        cluster,
        proxies.map(({ url }) => url),
      ),
    );
    await putAll(project, objectsOf(EARLIER));
    await project.run(EARLIER);
  });
  afterAll(async () => {
    await project.close();
    for (const proxy of proxies) await proxy.close();
    await cluster.stop();
  });

  /** Kills the node that is sent the statement, before it gets it. Returns the number of the node that was killed. */
  function killAt(name: StatementName): () => number {
    let killed = -1;
    for (const [index, proxy] of proxies.entries())
      proxy.intercept(({ asked, stop }) => {
        if (killed >= 0 || !isStatement(name, asked)) return undefined;
        killed = index;
        return (async () => {
          await cluster.nodes[index]?.kill();
          await stop();
        })();
      });
    return () => killed;
  }

  test.each(POINTS)(
    'before its %s: the day is published from the other node, and the killed one catches up',
    async (point) => {
      // The day after the last one that was built, because a model looks back on it.
      day = addDays(day, 1);
      await putAll(project, objectsOf(day));
      // A day that is published for the first time has nothing to archive.
      if (point === 'archive') {
        await project.run(day);
        await putAll(project, lateOf(day));
      }
      const killed = killAt(point);
      const { outcome } = await project.run(day);
      expect(outcome).toBe('published');
      expect(killed()).toBeGreaterThanOrEqual(0);
      await cluster.nodes[killed()]?.start();
      const [one, two] = await Promise.all(nodes.map((node) => readersSee(node, project.database, day)));
      expect(two).toEqual(one);
      const { dependencies } = project.app;
      expect(await verify(dependencies, { first: EARLIER, last: day }, localStep(dependencies))).toMatchObject({
        found: 0,
      });
      expect((await project.run(day, false, { compare: true })).outcome).toBe('unchanged');
    },
  );

  test('the nightly cleanup drops stages of published days from a node that was down, and keeps young ones of failed days', async () => {
    const [, node] = nodes;
    if (!node) throw new Error('the cluster has one node');
    const [left, failed] = [1, 99].map((generation) => stageDatabase(project.name, EARLIER, generation));
    for (const stage of [left, failed]) {
      await node.run({ sql: `CREATE DATABASE ${stage}` });
      await node.run({ sql: `CREATE TABLE ${stage}.events (day Date) ENGINE = MergeTree ORDER BY day` });
    }
    await project.attempt().sweep({ day: null });
    expect(
      await node.rows({
        sql: 'SELECT name FROM system.databases WHERE startsWith(name, {prefix:String})',
        params: { prefix: stagesPrefix(project.name) },
      }),
    ).toEqual(expect.arrayContaining([{ name: failed }]));
    expect(
      await node.rows({ sql: 'SELECT name FROM system.databases WHERE name = {left:String}', params: { left } }),
    ).toEqual([]);
  });
});
