import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { connectNodes } from '../../src/clickhouse/cluster/nodes.js';
import { cloudGrants, localGrants, productionGrants } from '../../src/local/clickhouse/grants.js';
import type { Stack } from '../../src/local/stack-file.js';
import { daybook, environment } from '../support/command.js';
import { openDays, type DayProject } from '../support/day.js';
import { openProxy } from '../support/fault-proxy.js';
import { keyOf, lines, payment, PAYMENTS, PAYMENTS_CONFIG } from '../support/payments.js';
import { sqlOf } from '../support/sql-of.js';
import { engineFolder, startEngine } from './engine-process.js';

/*
 * One server as two replicas behind one address: a proxy gives each second answer the name of another node. It can also let the server
 * say that it is ClickHouse Cloud, by a setting of that service. Nothing here runs against the service.
 */

const DAY = '2026-05-08';

interface Replicas {
  stack: Stack;
  /** What answers from now on. */
  become(what: { names: readonly string[]; cloud?: boolean }): void;
  /** Parameters of the URL, and text, of each request so far. */
  asked: { parameters: URLSearchParams; sql: string }[];
  close(): Promise<void>;
}

const ONE = { names: ['node-1'] };
const TWO = { names: ['node-1', 'node-2'] };
const SERVICE = { ...TWO, cloud: true };

async function openReplicas(clickhouse: Stack['clickhouse']): Promise<Replicas> {
  const proxy = await openProxy(clickhouse.url);
  const asked: Replicas['asked'] = [];
  let is: Parameters<Replicas['become']>[0] = ONE;
  let answers = 0;
  proxy.intercept(({ asked: request, forward, answer }) => {
    asked.push({ parameters: request.url.searchParams, sql: sqlOf(request) });
    const { names, cloud } = is;
    return forward(cloud ? { cloud_mode: '1' } : {}).then((given) => {
      const name = names[answers++ % names.length];
      answer({ ...given, headers: { ...given.headers, 'x-clickhouse-server-display-name': name } });
    });
  });
  return {
    stack: { ...inject('stack'), clickhouse: { ...clickhouse, url: proxy.url } },
    become: (next) => {
      is = next;
    },
    asked,
    close: () => proxy.close(),
  };
}

const checked = async (project: DayProject, stack: Stack) => {
  const { code, stdout } = await daybook(['check', '--project', project.app.project.dir], environment(stack));
  return { code, stdout };
};

describe('a project of one server', () => {
  let replicas: Replicas;
  let project: DayProject;

  beforeAll(async () => {
    replicas = await openReplicas(inject('stack').clickhouse);
    project = await openDays(replicas.stack, PAYMENTS, PAYMENTS_CONFIG);
    await project.put(keyOf(DAY, 'a'), lines(payment(DAY, 'a')));
  });
  afterAll(async () => {
    replicas.become(ONE);
    await project.close();
    await replicas.close();
  });

  test('check reports ClickHouse Cloud behind its address, and the line that the config needs', async () => {
    replicas.become({ ...ONE, cloud: true });
    const { code, stdout } = await checked(project, replicas.stack);
    expect({ code, stdout }).toEqual({ code: 1, stdout: expect.stringContaining('{ cloud: true }') as string });
  });

  test('a balancer in front of its address is refused by check and by a run, with the reason', async () => {
    replicas.become(TWO);
    const { code, stdout } = await checked(project, replicas.stack);
    expect({ code, stdout }).toEqual({
      code: 1,
      stdout: expect.stringMatching(
        /^error: ClickHouse\n {2}At .* several ClickHouse nodes answer in turn: node-1 and node-2\. .*publishes the rows that this node has\n {2}-> Set CLICKHOUSE_URL to the address of one node, /m,
      ) as string,
    });
    const { cause, message } = await project.fail(DAY);
    expect({ cause, message }).toEqual({
      cause: 'SeveralNodes',
      message: expect.stringContaining('several ClickHouse nodes answer in turn: node-1 and node-2.') as string,
    });
    expect(await project.rows(`SELECT id FROM events`)).toEqual([]);
  });
});

describe('a project of ClickHouse Cloud', () => {
  /** What the set-up made, ended in reverse. */
  const ends: (() => Promise<unknown>)[] = [];
  let replicas: Replicas;
  let project: DayProject;

  beforeAll(async () => {
    const folder = await engineFolder();
    ends.unshift(folder.remove);
    const engine = await startEngine(folder.path, { files: serviceFiles });
    ends.unshift(() => engine.stop());
    const own = { url: engine.url, user: 'cloud_daybook', password: 'of-a-test' };
    replicas = await openReplicas({
      ...inject('stack').clickhouse,
      ...own,
      admin: { user: 'admin', password: 'of-a-test' },
    });
    ends.unshift(() => replicas.close());
    replicas.become(SERVICE);
    project = await openDays(replicas.stack, PAYMENTS, { ...PAYMENTS_CONFIG, clickhouse: { cloud: true } });
    ends.unshift(() => {
      replicas.become(ONE);
      return project.close();
    });
  });
  afterAll(async () => {
    for (const end of ends) await end();
  });

  test('each statement of a day waits for what others wrote, none belongs to a session, and no database names an engine', async () => {
    const from = replicas.asked.length;
    for (const name of ['a', 'b', 'c']) await project.put(keyOf(DAY, name), lines(payment(DAY, name)));
    expect((await project.run(DAY)).outcome).toBe('published');
    await project.put(keyOf(DAY, 'd'), lines(payment(DAY, 'd')));
    expect((await project.run(DAY)).outcome).toBe('published');
    expect((await project.run(DAY)).outcome).toBe('unchanged');
    expect((await project.run(DAY, false, { rollback: true })).outcome).toBe('rolled-back');

    const asked = replicas.asked.slice(from);
    expect(asked.length).toBeGreaterThan(100);
    expect(asked.filter(({ sql }) => sql.includes('REPLACE PARTITION')).length).toBeGreaterThan(5);
    expect(asked.filter(({ sql }) => sql.includes('CREATE DATABASE')).length).toBeGreaterThan(1);
    const setting = (name: string, value: string) =>
      asked.filter(({ parameters }) => parameters.get(name) !== value).map(({ sql }) => sql);
    expect(setting('select_sequential_consistency', '1')).toEqual([]);
    expect(setting('enable_parallel_replicas', '0')).toEqual([]);
    expect(asked.filter(({ parameters }) => parameters.has('session_id'))).toEqual([]);
    expect(asked.filter(({ sql }) => /CREATE DATABASE[^;]*ENGINE/.test(sql)).map(({ sql }) => sql)).toEqual([]);
  });

  test('check is content, and reports a server that is not the service', async () => {
    expect(await checked(project, replicas.stack)).toMatchObject({ code: 0 });
    replicas.become(ONE);
    const { code, stdout } = await checked(project, replicas.stack);
    replicas.become(SERVICE);
    expect({ code, stdout }).toEqual({
      code: 1,
      stdout: expect.stringContaining('the server that answers is not ClickHouse Cloud') as string,
    });
  });

  test('statements of an earlier attempt are found on all replicas of the service, and killed on all of them', async () => {
    const [cloud] = connectNodes(project.app.env.clickhouse, { cloud: true });
    ends.unshift(() => cloud.close());
    const handle = 'daybook/of-a-test/';
    const slow = cloud
      .run(
        { sql: 'SELECT sleepEachRow(1) FROM numbers(60)', settings: { max_block_size: 1 } },
        { handle: `${handle}1` },
      )
      .catch(() => undefined);
    const running = () =>
      project.admin.rows({
        sql: `SELECT 1 FROM system.processes WHERE startsWith(Settings['log_comment'], '${handle}')`,
      });
    await expect.poll(async () => (await running()).length).toBe(1);
    const from = replicas.asked.length;
    // `clickhouse local` runs no statement ON CLUSTER: the one that kills ends here.
    await expect(cloud.endQueries(handle)).rejects.toThrow('Replicated DDL queries are disabled');
    const asked = replicas.asked.slice(from).map(({ sql }) => sql.replaceAll(/\s+/g, ' '));
    expect(asked[0]).toContain("FROM clusterAllReplicas('default', system.processes)");
    expect(asked[1]).toContain("KILL QUERY ON CLUSTER 'default' WHERE");
    await project.admin.run({ sql: `KILL QUERY WHERE startsWith(Settings['log_comment'], '${handle}') SYNC` });
    await slow;
  });

  test('one session for a build would not do: of two statements of a session that run at once, one is refused', async () => {
    const { url, user, password } = inject('stack').clickhouse;
    const slow = async () => {
      const headers = { 'X-ClickHouse-User': user, 'X-ClickHouse-Key': password };
      const query = 'SELECT sleepEachRow(0.5) FROM numbers(2)';
      const response = await fetch(`${url}/?session_id=daybook-${process.pid}`, {
        method: 'POST',
        body: query,
        headers,
      });
      return response.headers.get('x-clickhouse-exception-code') ?? 'ran';
    };
    expect((await Promise.all([slow(), slow()])).sort()).toEqual(['373', 'ran']);
  });
});

test('several addresses are refused for ClickHouse Cloud', () => {
  const env = { url: 'https://one.example:8443,https://two.example:8443', user: 'daybook', password: '' };
  expect(() => connectNodes(env, { cloud: true })).toThrow(
    /^CLICKHOUSE_URL names 2 addresses, but clickhouse\.cloud is true/,
  );
});

/** A cluster named as that of a service, of this one server, and a user with the documented rights of ClickHouse Cloud. */
const serviceFiles = (native: number): Record<string, string> => ({
  'config.d/service.xml': `<clickhouse><remote_servers><default>
  <secret>of-a-test</secret>
  <shard><replica><host>127.0.0.1</host><port>${native}</port></replica></shard>
</default></remote_servers></clickhouse>`,
  'users.d/cloud.xml': `<clickhouse><users><cloud_daybook>
  <password>of-a-test</password><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota>
  <grants>${localGrants(productionGrants() + cloudGrants())
    .map((grant) => `<query>${grant}</query>`)
    .join('')}</grants>
</cloud_daybook></users></clickhouse>`,
});
