import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { addDays } from '../../src/shared/day.js';
import { verify } from '../../src/stage/verify.js';
import { localStep } from '../../src/step/step.js';
import { DAY, EARLIER, objectsOf, putAll } from '../faults/project.js';
import type { DayProject } from '../support/day.js';
import { startCluster, type Cluster } from './cluster.js';
import { clusterStack, openClusterDays, readersSee } from './days.js';

const services = inject('services');
const NODES = 3;
const NEXT = addDays(DAY, 1);

describe.skipIf(services === undefined)('a project on three replicas', () => {
  let cluster: Cluster;
  let project: DayProject;

  beforeAll(async () => {
    if (!services) return;
    cluster = await startCluster(NODES);
    project = await openClusterDays(clusterStack(services, cluster));
    for (const day of [EARLIER, DAY, NEXT]) await putAll(project, objectsOf(day));
    await project.run(EARLIER);
  });
  afterAll(async () => {
    await project.close();
    await cluster.stop();
  });

  /** What readers of each node see of a day. */
  const seen = (day: string) =>
    Promise.all(cluster.nodes.map((_, node) => readersSee(cluster.admin(node), project.database, day)));

  const differences = async () => {
    const { dependencies } = project.app;
    return await verify(dependencies, { first: EARLIER, last: NEXT }, localStep(dependencies));
  };

  test('a day is published while one of them is dead, and that one has it when it is back', async () => {
    await cluster.nodes[2]?.kill();
    expect((await project.run(DAY)).outcome).toBe('published');
    const dead = new URL(cluster.nodes[2]?.url ?? '').host;
    expect(await differences()).toMatchObject({ found: 0, unreachable: [dead] });
    await cluster.nodes[2]?.start();
    const [one, ...others] = await seen(DAY);
    expect(others).toEqual([one, one]);
    expect(one).toMatchObject({ events: expect.stringMatching(/^8\d rows/) as string });
  });

  test('the next day is published by the one that is back and another one, while the first is dead', async () => {
    await cluster.nodes[0]?.kill();
    expect((await project.run(NEXT)).outcome).toBe('published');
    await cluster.nodes[0]?.start();
    for (const day of [EARLIER, DAY, NEXT]) {
      const [one, ...others] = await seen(day);
      expect(others, day).toEqual([one, one]);
    }
    expect(await differences()).toMatchObject({ found: 0, differences: [] });
    expect((await project.run(NEXT, false, { compare: true })).outcome).toBe('unchanged');
  });
});
