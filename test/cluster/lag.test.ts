import { readFile, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { ClickHouse } from '../../src/clickhouse/client.js';
import { plain } from '../../src/shared/sentence.js';
import { verify } from '../../src/stage/verify.js';
import { localStep } from '../../src/step/step.js';
import { EARLIER, objectsOf, putAll } from '../faults/project.js';
import type { DayProject } from '../support/day.js';
import { startCluster, type Cluster } from './cluster.js';
import { clusterStack, openClusterDays } from './days.js';

const services = inject('services');

/** Node 2 is an active replica that does not get what node 1 writes. Days are built on node 1, the first address. */
describe.skipIf(services === undefined)('a replica lags', () => {
  let cluster: Cluster;
  let project: DayProject;
  let one: ClickHouse;
  let two: ClickHouse;

  beforeAll(async () => {
    if (!services) return;
    cluster = await startCluster(2);
    [one, two] = [cluster.admin(0), cluster.admin(1)];
    project = await openClusterDays(clusterStack(services, cluster));
  });
  afterAll(async () => {
    await project.close();
    await cluster.stop();
  });

  const rowsOn = async (node: ClickHouse, of: DayProject, day: string) =>
    Number(
      (
        await node.rows<{ rows: string }>({
          sql: `SELECT count() AS rows FROM \`${of.database}\`.events WHERE day = {day:Date}`,
          params: { day },
        })
      )[0]?.rows,
    );
  const eventsOn = async (node: ClickHouse, of: DayProject, day: string) =>
    (
      await node.rows<{ event: string }>({
        sql: 'SELECT DISTINCT toString(event) AS event FROM daybook.publishes WHERE project = {name:String} AND day = {day:Date} ORDER BY event',
        params: { name: of.name, day },
      })
    ).map(({ event }) => event);
  const until = async (holds: () => Promise<boolean>) => {
    while (!(await holds())) await sleep(100);
  };

  test('a day is not recorded as published before each node shows its rows', async () => {
    await putAll(project, objectsOf(EARLIER));
    await two.run({ sql: `SYSTEM STOP REPLICATION QUEUES \`${project.database}\`.events` });
    const running = project.run(EARLIER);
    await until(async () => (await rowsOn(one, project, EARLIER)) > 0);
    // The trap: readers of the other node see nothing of a day that is swapped.
    expect(await rowsOn(two, project, EARLIER)).toBe(0);
    expect(await eventsOn(one, project, EARLIER)).toEqual(['intent']);
    await two.run({ sql: `SYSTEM START REPLICATION QUEUES \`${project.database}\`.events` });
    expect((await running).outcome).toBe('published');
    expect(await rowsOn(two, project, EARLIER)).toBe(await rowsOn(one, project, EARLIER));
    expect(await eventsOn(two, project, EARLIER)).toEqual(['done', 'intent']);
  });

  test('without the other address, the same day is published while the other node shows no rows', async () => {
    if (!services) return;
    const [first] = cluster.nodes;
    const alone = await openClusterDays(clusterStack(services, cluster, first ? [first.url] : []));
    try {
      // The database of a project that knows one node is created there alone.
      await two.run({
        sql: `CREATE DATABASE \`${alone.database}\` ENGINE = Replicated('/clickhouse/databases/${alone.database}', '{shard}', '{replica}')`,
      });
      await two.run({ sql: `SYSTEM SYNC DATABASE REPLICA \`${alone.database}\`` });
      await two.run({ sql: `SYSTEM STOP REPLICATION QUEUES \`${alone.database}\`.events` });
      await putAll(alone, objectsOf(EARLIER));
      expect((await alone.run(EARLIER)).outcome).toBe('published');
      expect(await rowsOn(one, alone, EARLIER)).toBeGreaterThan(0);
      expect(await rowsOn(two, alone, EARLIER)).toBe(0);
    } finally {
      await two.run({ sql: `DROP DATABASE \`${alone.database}\` SYNC` });
      await alone.close();
    }
  });

  test('nothing is swapped before each node has the intents', async () => {
    const day = '2026-11-10';
    await putAll(project, objectsOf(day));
    await two.run({ sql: 'SYSTEM STOP FETCHES daybook.publishes' });
    const running = project.run(day);
    await until(async () => (await eventsOn(one, project, day)).includes('intent'));
    expect(await eventsOn(two, project, day)).toEqual([]);
    expect(await rowsOn(one, project, day)).toBe(0);
    await two.run({ sql: 'SYSTEM START FETCHES daybook.publishes' });
    expect((await running).outcome).toBe('published');
    expect(await rowsOn(two, project, day)).toBe(await rowsOn(one, project, day));
  });

  test('verify names the node that differs, and one that does not answer', async () => {
    const [, node] = cluster.nodes;
    if (!node) throw new Error('the cluster has one node');
    const { dependencies } = project.app;
    const compare = () => verify(dependencies, { first: EARLIER, last: EARLIER }, localStep(dependencies));
    expect(await compare()).toMatchObject({ found: 0 });

    await node.kill();
    const { host } = new URL(node.url);
    expect(await compare()).toMatchObject({ found: 0, unreachable: [host] });

    // A row policy by hand, on this node alone.
    const policy = `<databases><${project.database}><events><filter>amount &lt; 5</filter></events></${project.database}></databases>`;
    const users = await readFile(node.users, 'utf8');
    await writeFile(node.users, users.replace(/(<daybook>[^]*?)(<quota>)/, `$1${policy}$2`));
    await node.start();
    const { found, differences } = await compare();
    expect(found).toBe(1);
    expect(differences.map(({ what }) => plain(what))).toEqual([
      expect.stringMatching(
        new RegExp(`^${project.database}.events of ${EARLIER} on ${host}: found \\d+ rows, expected \\d+ as published`),
      ),
    ]);
  });
});
