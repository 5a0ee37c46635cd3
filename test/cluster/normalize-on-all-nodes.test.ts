import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { ClickHouse } from '../../src/clickhouse/client.js';
import { EARLIER, objectsOf } from '../faults/project.js';
import type { DayProject } from '../support/day.js';
import { openProxy, type FaultProxy } from '../support/fault-proxy.js';
import { lines, payment } from '../support/payments.js';
import { sqlOf } from '../support/sql-of.js';
import { startCluster, type Cluster } from './cluster.js';
import { clusterStack, openClusterDays, readersSee } from './days.js';

const services = inject('services');

const OBJECTS = 8;
const LINES = 5_000;

/** Lines of an object, of which some are rejected. */
const objectOf = (number: number) =>
  gzipSync(
    lines(
      ...Array.from({ length: LINES }, (_, line) =>
        payment(EARLIER, `${number}-${line}`, { amount: line % 97 === 0 ? 'much' : line % 100 }),
      ),
    ),
  );

describe.skipIf(services === undefined)('a day whose chunks are normalized on all nodes', () => {
  let cluster: Cluster;
  let proxies: FaultProxy[];
  let nodes: ClickHouse[];
  const projects: DayProject[] = [];

  beforeAll(async () => {
    if (!services) return;
    cluster = await startCluster(2);
    nodes = [cluster.admin(0), cluster.admin(1)];
    proxies = await Promise.all(cluster.nodes.map(({ url }) => openProxy(url)));
  });
  afterAll(async () => {
    for (const project of projects) await project.close();
    for (const proxy of proxies) await proxy.close();
    await cluster.stop();
  });

  /** A project with a day of objects, each of which is a chunk. */
  async function open(clickhouse: object): Promise<DayProject> {
    if (!services) throw new Error('this machine has no cluster');
    const urls = proxies.map(({ url }) => url);
    const project = await openClusterDays(clusterStack(services, cluster, urls), { clickhouse });
    projects.push(project);
    for (let number = 0; number < OBJECTS; number++)
      await project.put(`raw/${EARLIER}/${number}.json.gz`, objectOf(number));
    for (const [key, text] of Object.entries(objectsOf(EARLIER)))
      if (key.startsWith('visits/')) await project.put(key, text);
    return project;
  }

  /** The events that each node normalized for a project: statements, and lines that they read. */
  const workOf = (project: DayProject) =>
    Promise.all(
      nodes.map(async (node) => {
        await node.run({ sql: 'SYSTEM FLUSH LOGS query_log' });
        const [row] = await node.rows<{ chunks: string; lines: string }>({
          sql: `SELECT count() AS chunks, sum(read_rows) AS lines FROM system.query_log
                WHERE type = 'QueryFinish' AND startsWith(trimLeft(query), 'INSERT INTO FUNCTION') AND position(query, {place:String}) > 0`,
          params: { place: `/${project.bucket}/daybook/${project.name}/events/` },
        });
        return { chunks: Number(row?.chunks), lines: Number(row?.lines) };
      }),
    );

  /** What was made of each object, without what names the project or the attempt. */
  async function digestsOf(project: DayProject) {
    const { endpoint, accessKeyId, secretAccessKey } = project.app.env.s3.credentials
      ? { endpoint: project.app.env.s3.endpoint ?? '', ...project.app.env.s3.credentials }
      : { endpoint: '', accessKeyId: '', secretAccessKey: '' };
    const made = [...(await project.manifests(EARLIER)).values()].map(
      async ({ parquet, chunk, accounts, rowsByDay }) => {
        const [rows] = await project.rows<{ rows: string; hash: string }>(
          'SELECT count() AS rows, groupBitXor(cityHash64(tuple(*))) AS hash FROM s3({url:String}, {key:String}, {secret:String}, Parquet)',
          { url: `${endpoint}/${project.bucket}/${parquet}`, key: accessKeyId, secret: secretAccessKey },
        );
        return { chunk, accounts, rowsByDay, rows };
      },
    );
    return (await Promise.all(made)).sort((a, b) => a.chunk.localeCompare(b.chunk));
  }

  const seen = async (project: DayProject) => {
    const [one, two] = await Promise.all(nodes.map((node) => readersSee(node, project.database, EARLIER)));
    expect(two).toEqual(one);
    return one;
  };

  let usual: DayProject;

  test('each node reads half of the lines, and every chunk is the same as on one node', async () => {
    usual = await open({});
    const spread = await open({ normalizeOn: 'all-nodes' });
    for (const project of [usual, spread]) expect((await project.run(EARLIER)).outcome).toBe('published');

    expect(await workOf(usual)).toEqual([
      { chunks: OBJECTS, lines: OBJECTS * LINES },
      { chunks: 0, lines: 0 },
    ]);
    const half = { chunks: OBJECTS / 2, lines: (OBJECTS / 2) * LINES };
    expect(await workOf(spread)).toEqual([half, half]);

    const digests = await digestsOf(spread);
    expect(digests).toHaveLength(OBJECTS);
    expect(digests).toEqual(await digestsOf(usual));
    expect(await seen(spread)).toEqual(await seen(usual));
    const rejects = (project: DayProject) =>
      project.rows(
        'SELECT object, line, reason, text FROM daybook.rejected_rows WHERE project = {name:String} ORDER BY object, line',
        { name: project.name },
      );
    expect(await rejects(spread)).toEqual(await rejects(usual));
  });

  test('a node that dies while it normalizes costs the day nothing: its chunks are made by the other one', async () => {
    const project = await open({ normalizeOn: 'all-nodes' });
    let killed = 0;
    proxies[1]?.intercept(({ asked, stop }) => {
      if (killed > 0 || !/INSERT INTO FUNCTION[^]*raw_events/.test(sqlOf(asked))) return undefined;
      killed++;
      return (async () => {
        await cluster.nodes[1]?.kill();
        await stop();
      })();
    });
    expect((await project.run(EARLIER)).outcome).toBe('published');
    proxies[1]?.intercept(undefined);
    expect(killed).toBe(1);
    await cluster.nodes[1]?.start();
    expect(await digestsOf(project)).toEqual(await digestsOf(usual));
    expect(await seen(project)).toEqual(await seen(usual));
  });

  test('a node with another version normalizes nothing, because it might make other rows', async () => {
    const project = await open({ normalizeOn: 'all-nodes' });
    // Both nodes run one build of the engine: a proxy changes the answer in which the second one gives its version.
    proxies[1]?.intercept(({ asked, forward, answer }) =>
      sqlOf(asked).includes('groupBitXorIf')
        ? forward().then((given) => {
            const body = Buffer.from(given.body.toString('utf8').replace(/"version":"[^"]*"/, '"version":"26.6.9.1"'));
            answer({ ...given, headers: { ...given.headers, 'content-length': String(body.length) }, body });
          })
        : undefined,
    );
    expect((await project.run(EARLIER)).outcome).toBe('published');
    proxies[1]?.intercept(undefined);
    expect((await workOf(project)).map(({ chunks }) => chunks)).toEqual([OBJECTS, 0]);
  });
});
