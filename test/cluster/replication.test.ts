import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { ClickHouse } from '../../src/clickhouse/client.js';
import { startCluster, type Cluster } from './cluster.js';

/** What the facts about replicas are that Daybook's guards rest on: shown on the nodes themselves, without Daybook. */
describe.skipIf(inject('services') === undefined)('two replicas', () => {
  let cluster: Cluster;
  let one: ClickHouse;
  let two: ClickHouse;

  beforeAll(async () => {
    cluster = await startCluster(2);
    [one, two] = [cluster.admin(0), cluster.admin(1)];
    for (const node of [one, two])
      await node.run({
        sql: "CREATE DATABASE live ENGINE = Replicated('/clickhouse/databases/live', '{shard}', '{replica}')",
      });
    for (const table of ['events', 'source'])
      await one.run({
        sql: `CREATE TABLE live.${table} (day Date, x UInt64) ENGINE = ReplicatedMergeTree PARTITION BY day ORDER BY x`,
        settings: { distributed_ddl_output_mode: 'none_only_active' },
      });
  });
  afterAll(() => cluster.stop());

  const count = async (node: ClickHouse, table = 'events') =>
    Number((await node.rows<{ rows: string }>({ sql: `SELECT count() AS rows FROM live.${table}` }))[0]?.rows);
  const fill = (node: ClickHouse, table: string, rows: number) =>
    node.run({ sql: `INSERT INTO live.${table} SELECT '2026-01-01', number FROM numbers(${rows})` });
  const sync = (node: ClickHouse, table: string) => node.run({ sql: `SYSTEM SYNC REPLICA live.${table} LIGHTWEIGHT` });

  test('what one node writes, the other one has after a barrier', async () => {
    await fill(one, 'events', 100);
    await sync(two, 'events');
    expect(await count(two)).toBe(100);
  });

  test('a swap publishes what the node that runs it holds: a lagging one loses rows without an error', async () => {
    await two.run({ sql: 'SYSTEM STOP FETCHES live.source' });
    await fill(one, 'source', 150);
    await two.run({
      sql: "ALTER TABLE live.events REPLACE PARTITION '2026-01-01' FROM live.source",
      settings: { alter_sync: 3, allow_replace_partition_from_empty_source: 1 },
    });
    // Not even 3 waits for the other node in every case.
    await sync(one, 'events');
    expect([await count(one), await count(two)]).toEqual([0, 0]);
    await two.run({ sql: 'SYSTEM START FETCHES live.source' });
    await sync(two, 'source');
    await two.run({
      sql: "ALTER TABLE live.events REPLACE PARTITION '2026-01-01' FROM live.source",
      settings: { alter_sync: 3 },
    });
    await sync(one, 'events');
    expect([await count(one), await count(two)]).toEqual([150, 150]);
  });

  test('a node that was killed and started again catches up', async () => {
    await cluster.nodes[1]?.kill();
    await one.run({
      sql: "ALTER TABLE live.events DROP PARTITION '2026-01-01'",
      settings: { alter_sync: 3 },
    });
    await fill(one, 'events', 7);
    await cluster.nodes[1]?.start();
    await sync(two, 'events');
    expect(await count(two)).toBe(7);
  });
});
