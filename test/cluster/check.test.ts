import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { connectNodes } from '../../src/clickhouse/cluster/nodes.js';
import { plainEngine, replicatedCreate } from '../../src/clickhouse/cluster/replicated.js';
import { checkCluster } from '../../src/project/check-cluster.js';
import { EARLIER, objectsOf, putAll } from '../faults/project.js';
import type { DayProject } from '../support/day.js';
import { startCluster, type Cluster } from './cluster.js';
import { clusterStack, DATABASE_ENGINE, openClusterDays } from './days.js';

const services = inject('services');

test('several addresses without an engine for replicated databases are refused', () => {
  const env = { url: 'http://127.0.0.1:1,http://127.0.0.1:2', user: 'daybook', password: '' };
  expect(() => connectNodes(env)).toThrow(/^CLICKHOUSE_URL names 2 addresses, but the config names no engine/);
  expect(connectNodes(env, { databaseEngine: DATABASE_ENGINE }).map(({ cluster }) => cluster?.node)).toEqual([
    '127.0.0.1:1',
    '127.0.0.1:2',
  ]);
});

test('a definition becomes a replicated one, and is compared as a plain one', () => {
  const create =
    "CREATE TABLE t (day Date COMMENT 'ENGINE = MergeTree') -- ENGINE = MergeTree\nENGINE = MergeTree PARTITION BY day";
  expect(replicatedCreate(create)).toBe(
    "CREATE TABLE t (day Date COMMENT 'ENGINE = MergeTree') -- ENGINE = MergeTree\nENGINE = ReplicatedMergeTree PARTITION BY day",
  );
  expect(replicatedCreate(replicatedCreate(create))).toBe(replicatedCreate(create));
  expect(plainEngine("ENGINE = ReplicatedMergeTree('/clickhouse/tables/{uuid}/{shard}', '{replica}') ORDER BY x")).toBe(
    'ENGINE = MergeTree ORDER BY x',
  );
  expect(plainEngine("ENGINE = ReplicatedReplacingMergeTree('/a/{uuid}/{shard}', '{replica}', v) ORDER BY x")).toBe(
    'ENGINE = ReplacingMergeTree(v) ORDER BY x',
  );
  expect(plainEngine("ENGINE = SharedMergeTree('/clickhouse/tables/{uuid}/{shard}', '{replica}') ORDER BY x")).toBe(
    'ENGINE = MergeTree ORDER BY x',
  );
  const byHand = "ENGINE = ReplicatedMergeTree('/mine/t', '{replica}') ORDER BY x";
  expect(plainEngine(byHand)).toBe(byHand);
});

describe.skipIf(services === undefined)('check of a cluster', () => {
  let cluster: Cluster;
  let project: DayProject;

  beforeAll(async () => {
    if (!services) return;
    cluster = await startCluster(2);
    project = await openClusterDays(clusterStack(services, cluster));
  });
  afterAll(async () => {
    await project.close();
    await cluster.stop();
  });

  const check = () => checkCluster(project.app.project, project.app.clickhouse);

  test('two replicas of one shard are fine, with the documented grants', async () => {
    expect(await check()).toEqual([]);
  });

  test('without Keeper, check names the tables that are read-only, and a day waits until it is back', async () => {
    await cluster.loseKeeper();
    while ((await check()).length === 0) await sleep(200);
    expect(await check()).toContainEqual(
      expect.objectContaining({
        severity: 'error',
        what: expect.stringMatching(/^these tables are read-only: daybook\.accounts, /) as string,
      }),
    );
    await putAll(project, objectsOf(EARLIER));
    const running = project.run(EARLIER);
    const early = await Promise.race([running.then(() => 'ended'), sleep(3_000).then(() => 'waiting')]);
    expect(early).toBe('waiting');
    await cluster.restoreKeeper();
    expect((await running).outcome).toBe('published');
    expect(await check()).toEqual([]);
  });

  test('a database that does not replicate, and a node that does not answer, are errors', async () => {
    const { project: name } = project.app.project.config;
    const two = cluster.admin(1);
    await two.run({ sql: `DROP DATABASE daybook_${name}_archive SYNC` });
    await two.run({ sql: `CREATE DATABASE daybook_${name}_archive` });
    const host = new URL(cluster.nodes[1]?.url ?? '').host;
    expect(await check()).toMatchObject([
      {
        severity: 'error',
        where: `ClickHouse ${host}`,
        what: `the database daybook_${name}_archive has the engine Atomic, expected Replicated`,
      },
    ]);
    await cluster.nodes[1]?.kill();
    expect(await check()).toMatchObject([
      {
        severity: 'error',
        where: `ClickHouse ${host}`,
        what: expect.stringContaining('no ClickHouse answers') as string,
      },
    ]);
  });
});
