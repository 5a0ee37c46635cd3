import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { diesBefore } from '../support/crash.js';
import { openDays, type DayProject } from '../support/day.js';
import { openProxy, type FaultProxy } from '../support/fault-proxy.js';
import { keyOf, lines, payment, PAYMENTS, PAYMENTS_CONFIG } from '../support/payments.js';

/** Parameters of a request that are no settings. */
const OF_THE_INTERFACE = new Set(['query', 'query_id', 'database', 'default_format', 'wait_end_of_query']);

let guide: string;
let proxy: FaultProxy;
let project: DayProject;
const seen = new Set<string>();

beforeAll(async () => {
  guide = await readFile(new URL('../../docs/production.md', import.meta.url), 'utf8');
  const stack = inject('stack');
  proxy = await openProxy(stack.clickhouse.url);
  proxy.intercept(({ asked: { url } }) => {
    for (const name of url.searchParams.keys())
      if (!OF_THE_INTERFACE.has(name) && !name.startsWith('param_')) seen.add(name);
    return undefined;
  });
  const config = { ...PAYMENTS_CONFIG, limits: { threads: 1 } };
  project = await openDays({ ...stack, clickhouse: { ...stack.clickhouse, url: proxy.url } }, PAYMENTS, config);
});
afterAll(async () => {
  await project.close();
  await proxy.close();
});

/** Publishes a day with a payment more than before. */
async function publish(day: string, id: string) {
  await project.put(keyOf(day, id), lines(payment(day, id)));
  const input = await project.build(day);
  await project.attempt().publish(input);
  return input;
}

test('every setting that a day of JSON lines or Parquet sends is in the guide for profiles', async () => {
  const [first, second] = ['2026-05-01', '2026-05-02'];
  await project.put(keyOf(first, 'a'), lines(payment(first, 'a')));
  expect(await project.run(first)).toMatchObject({ outcome: 'published' });
  await project.put(`raw/${second}/a.parquet`, await parquetOf(second));
  await project.configure({}, { format: 'parquet' });
  expect(await project.run(second)).toMatchObject({ outcome: 'published' });
  await project.configure({});
  expect(seen.size).toBeGreaterThan(20);

  const named = new Set([...guide.matchAll(/`([a-z][a-z0-9_]+)`/g)].map(([, name]) => name));
  expect([...seen].filter((name) => !named.has(name))).toEqual([]);
});

test('the documented alert queries count what readers have, and unfinished publishes and rollbacks', async () => {
  const [behind = '', open = '', rejects = ''] = queries('What to alert on');
  const ask = <Row>(sql: string) => project.rows<Row>(sql.replace("'shop'", `'${project.name}'`));
  // As if an hour had gone by.
  const openNow = async () => {
    const rows = await ask<{ day: string; table: string }>(open.replace('- INTERVAL 1', '+ INTERVAL 1'));
    return new Set(rows.map(({ day }) => day));
  };
  const daysBehind = async () => (await ask<{ days_behind: string }>(behind))[0]?.days_behind;
  const [older, newest] = ['2026-05-03', '2026-05-04'];
  await publish(older, 'a');
  const before = await daysBehind();
  await publish(newest, 'a');
  expect(Number(before) - Number(await daysBehind())).toBe(1);
  expect(await openNow()).toEqual(new Set());

  const { build, undoes } = await project.attempt().planRollback({ day: newest, toEmpty: true });
  const dying = project.attempt({ world: diesBefore(project, 'roll back events') });
  await expect(dying.rollback({ build, undoes, reason: '' })).rejects.toThrow('the worker died');
  expect(await openNow()).toEqual(new Set([newest]));
  await project.attempt().recover({ day: newest });
  expect(await openNow()).toEqual(new Set());
  expect(await daysBehind()).toBe(before);

  // A zombie attempt wrote its intent after the publish was done.
  const [record] = await project.app.ledger.currentPublishes(older, older);
  await project.app.ledger.recordPublishes('intent', record ? [record] : []);
  expect(await openNow()).toEqual(new Set());
  expect(await ask(rejects)).toEqual([]);
});

/** The statements of the first SQL block of a section. */
function queries(section: string): string[] {
  const [, block = ''] = /```sql\n(.*?)```/s.exec(guide.slice(guide.indexOf(`## ${section}`))) ?? [];
  return block.split(/;\n/).filter((sql) => sql.trim() !== '');
}

/** One payment as Parquet, as the engine writes it. */
async function parquetOf(day: string): Promise<Uint8Array> {
  const { url, user, password } = inject('stack').clickhouse;
  const query = `SELECT 'a' AS id, toDateTime64('${day} 12:00:00', 3, 'UTC') AS ts, toDecimal64(1, 2) AS amount, NULL::Nullable(String) AS note FORMAT Parquet`;
  const headers = { 'X-ClickHouse-User': user, 'X-ClickHouse-Key': password };
  return new Uint8Array(await (await fetch(url, { method: 'POST', body: query, headers })).arrayBuffer());
}
