import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { ClickHouse } from '../../src/clickhouse/client.js';
import type { Stack } from '../../src/local/stack-file.js';
import { addDays } from '../../src/shared/day.js';
import { DAY, EARLIER, lateOf, objectsOf, putAll } from '../faults/project.js';
import { daybook, environment } from '../support/command.js';
import type { DayProject } from '../support/day.js';
import { startCluster, type Cluster } from './cluster.js';
import { clusterStack, openClusterDays, readersSee } from './days.js';

const services = inject('services');

describe.skipIf(services === undefined)('the commands and workflows beside a day, on two replicas', () => {
  let cluster: Cluster;
  let stack: Stack;
  let project: DayProject;
  let nodes: ClickHouse[];

  beforeAll(async () => {
    if (!services) return;
    cluster = await startCluster(2);
    nodes = [cluster.admin(0), cluster.admin(1)];
    stack = clusterStack(services, cluster);
    project = await openClusterDays(stack);
    for (const day of [EARLIER, DAY]) await putAll(project, objectsOf(day));
  });
  afterAll(async () => {
    await project.close();
    await cluster.stop();
  });

  const command = (...args: string[]) => daybook([...args, '--project', project.app.project.dir], environment(stack));

  /** What readers of both nodes see, which must be the same. */
  const seen = async (day: string) => {
    const [one, two] = await Promise.all(nodes.map((node) => readersSee(node, project.database, day)));
    expect(two).toEqual(one);
    return one;
  };

  test('a backfill publishes its days on both nodes', async () => {
    const { outcome, counts } = await project.backfill({ start: EARLIER, end: DAY });
    expect({ outcome, published: counts.published }).toEqual({ outcome: 'published', published: 2 });
    for (const day of [EARLIER, DAY])
      expect(await seen(day)).toMatchObject({ visits: expect.stringMatching(/^30 rows/) as string });
  });

  test('a rollback gives readers of both nodes what they had before', async () => {
    const before = await seen(DAY);
    await putAll(project, lateOf(DAY));
    expect((await project.run(DAY)).outcome).toBe('published');
    expect(await seen(DAY)).not.toEqual(before);
    expect((await project.run(DAY, false, { rollback: true })).outcome).toBe('rolled-back');
    expect(await seen(DAY)).toEqual(before);
  });

  test('a night runs, and status, plan, verify and check say that all is well', async () => {
    const day = addDays(DAY, 1);
    await putAll(project, objectsOf(day));
    const night = await project.night(day);
    expect(night.differences).toEqual([]);
    expect(night.days.at(-1)).toMatchObject({ day, outcome: 'published' });
    await seen(day);
    for (const args of [
      ['status'],
      ['plan', '--start', EARLIER, '--end', day],
      ['verify', '--start', EARLIER, '--end', day],
      ['check'],
    ]) {
      const { code, stdout, stderr } = await command(...args);
      expect({ args, code, output: code === 0 ? '' : stdout + stderr }).toEqual({ args, code: 0, output: '' });
    }
    expect((await command('verify', '--start', EARLIER, '--end', day)).stdout).toContain('all as published');
  });

  test('rows that are erased are gone from both nodes', async () => {
    const day = addDays(DAY, 1);
    const left = async (node: ClickHouse) =>
      await node.rows({ sql: `SELECT count() AS rows FROM \`${project.database}\`.events WHERE id = 'a-7'` });
    for (const node of nodes) expect(await left(node)).toEqual([{ rows: '3' }]);
    const { code, stderr } = await command('erase', '--table', 'events', '--where', "id = 'a-7'");
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
    for (const node of nodes) expect(await left(node)).toEqual([{ rows: '0' }]);
    await seen(day);
  });

  test('commands work while the first node is down, and say so where it matters', async () => {
    await cluster.nodes[0]?.kill();
    const { code, stdout, stderr } = await command('verify', '--start', EARLIER, '--end', EARLIER);
    expect({ code, stdout: stdout.split('\n').at(-1) }).toEqual({
      code: 0,
      stdout: expect.stringContaining('all as published') as string,
    });
    expect(stderr).toContain(
      `The ClickHouse node ${new URL(cluster.nodes[0]?.url ?? '').host} does not answer and was not compared.`,
    );
    const { code: applied, stderr: refused } = await command('apply');
    expect({ applied, refused }).toEqual({ applied: 1, refused: expect.stringContaining('do not answer') as string });
    await cluster.nodes[0]?.start();
    expect((await command('apply')).code).toBe(0);
  });
});
