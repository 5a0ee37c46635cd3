import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { ClickHouse } from '../../src/clickhouse/client.js';
import { DAY, EARLIER, objectsOf, putAll } from '../faults/project.js';
import type { DayProject } from '../support/day.js';
import { startCluster, type Cluster } from './cluster.js';
import { clusterStack, openClusterDays, readersSee } from './days.js';

const services = inject('services');

describe.skipIf(services === undefined)('a project on two replicas', () => {
  let cluster: Cluster;
  let project: DayProject;
  let nodes: [ClickHouse, ClickHouse];

  beforeAll(async () => {
    if (!services) return;
    cluster = await startCluster(2);
    nodes = [cluster.admin(0), cluster.admin(1)];
    project = await openClusterDays(clusterStack(services, cluster));
    for (const day of [EARLIER, DAY]) await putAll(project, objectsOf(day));
  });
  afterAll(async () => {
    await project.close();
    await cluster.stop();
  });

  test('a day has the same rows on both nodes when it is published', async () => {
    await project.run(EARLIER);
    const result = await project.run(DAY);
    expect(result.outcome).toBe('published');
    const [one, two] = await Promise.all(nodes.map((node) => readersSee(node, project.database, DAY)));
    expect(two).toEqual(one);
    expect(one).toMatchObject({ events: expect.stringMatching(/^8\d rows/) as string });
    expect((await project.run(DAY)).outcome).toBe('unchanged');
  });

  test('tables of files that say MergeTree are replicated, and apply finds nothing to change', async () => {
    const engines = await nodes[1].rows<{ engine: string }>({
      sql: "SELECT DISTINCT engine FROM system.tables WHERE database IN ('daybook', {database:String})",
      params: { database: project.database },
    });
    expect(engines).toEqual([{ engine: 'ReplicatedMergeTree' }]);
  });
});
