import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { countDuplicates, loadStatement } from '../../activities/load/statements.js';
import example from '../../daybook.config.js';
import { filledColumns } from '../../src/conversions/chunk-columns.js';
import { demoDays, demoObjects, demoTotals } from '../../src/local/demo/generate.js';
import type { Manifest } from '../../src/plan/manifest.js';
import { readPlan } from '../../src/plan/stored.js';
import { grouped } from '../../src/shared/grouped.js';
import { createTwin } from '../../src/stage/statements.js';
import { engineBucket } from '../../src/step/engine-bucket.js';
import { openDays, type DayProject } from '../support/day.js';
import { lines, payment, PAYMENTS, PAYMENTS_CONFIG } from '../support/payments.js';
import { sqlFilesOf } from '../support/project.js';
import { openStrictProxy, type StrictProxy } from '../support/strict-proxy.js';

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
const DAY = '2026-06-01';

let proxy: StrictProxy;
let payments: DayProject;

beforeAll(async () => {
  proxy = await openStrictProxy(inject('stack'));
  const { events } = PAYMENTS_CONFIG.sources;
  const config = { ...PAYMENTS_CONFIG, sources: { events: { ...events, chunk: {} } } };
  payments = await openDays(proxy.stack, PAYMENTS, config, { worker: false });
});
afterAll(async () => {
  await payments.close();
  await proxy.close();
});

const AT_ONCE = 50;

async function putAll(keys: readonly string[], body: (index: number) => string): Promise<void> {
  const objects = keys.map((key, index) => ({ key, body: body(index) }));
  for (const group of grouped(objects, AT_ONCE))
    await Promise.all(group.map(({ key, body: text }) => payments.put(key, text)));
}

describe('through a proxy with the limits of nginx', () => {
  test('a whole day of the demo is published, and no address holds a parameter or a secret', async () => {
    const [day = ''] = demoDays();
    const shop = await openDays(proxy.stack, await sqlFilesOf(REPOSITORY), { ...example, database: 'unused' });
    try {
      for (const { key, body } of (await demoObjects()).filter(({ act }) => act === 1)) await shop.put(key, body);
      expect(await shop.run(day)).toMatchObject({ outcome: 'published' });
      const [summary] = await shop.rows<{ orders: string }>('SELECT orders FROM daily_summary WHERE day = {day:Date}', {
        day,
      });
      expect(Number(summary?.orders)).toBe(demoTotals(1).days[day]?.orders);
      expect(await shop.run(day)).toMatchObject({ outcome: 'unchanged' });
    } finally {
      await shop.close();
    }
    expect(proxy.refused).toEqual([]);
    expect(proxy.addresses.length).toBeGreaterThan(100);
    expect(proxy.addresses.filter((address) => /[?&]param_/.test(address))).toEqual([]);
    expect(proxy.addresses.filter((address) => address.includes(inject('stack').s3.secretAccessKey))).toEqual([]);
    expect(Math.max(...proxy.addresses.map(({ length }) => length))).toBeLessThan(2_048);
  });

  test('a day of 500 objects with keys of 1,000 bytes beyond ASCII is published and accounted for, object by object', async () => {
    const keys = Array.from({ length: 500 }, (_, index) => longKey(index));
    expect(new Set(keys.map((key) => Buffer.byteLength(key)))).toEqual(new Set([1_000]));
    await putAll(keys, (index) => lines(payment(DAY, `payment ${index}`), ...(index === 7 ? ['no json'] : [])));
    await payments.configure({}, { chunk: {}, maxRejects: 1 });
    await payments.attempt().publish(await payments.build(DAY));
    expect(await payments.rows('SELECT count() AS rows, uniqExact(_object) AS objects FROM events')).toEqual([
      { rows: '500', objects: '500' },
    ]);
    const manifests = [...(await payments.manifests(DAY)).values()];
    expect(manifests.flatMap(({ objects }) => objects.map(({ key }) => key)).sort()).toEqual([...keys].sort());
    const { ledger } = payments.app;
    const chunks = manifests.map(({ chunk, normalizer }) => ({ id: chunk, normalizer }));
    const accounts = await ledger.folderAccounts('events', DAY, DAY, chunks);
    expect(accounts.map(({ object }) => object).sort()).toEqual([...keys].sort());
    expect(await ledger.rejectsOf('events', DAY, chunks, 10)).toMatchObject([{ object: keys[7], text: 'no json' }]);
    expect(await payments.attempt().list({ day: DAY, force: false })).toMatchObject({ outcome: 'unchanged' });
    expect(proxy.refused).toEqual([]);
  });

  test('970 chunks are de-duplicated by one statement', async () => {
    const day = '2026-06-02';
    await payments.put(`raw/${day}/a.json`, lines(payment(day, 'a'), payment(day, 'b')));
    const { build } = await payments.build(day);
    const [manifest] = (await payments.manifests(day)).values();
    const parquetKeys = await copiesOf(manifest, 970);
    const { clickhouse } = payments.app;
    const plan = await readPlan(payments.app, build);
    const columns = plan.tables.find(({ name }) => name === 'events')?.columns ?? [];
    const target = { database: payments.database, table: 'many_chunks' };
    await payments.admin.run(createTwin(target, { ...target, table: 'events' }, 'keep'));
    const options = {
      ...{
        columns,
        filled: filledColumns(columns, plan.sources[0]?.selected ?? []),
        parquetKeys,
        day,
        dedupeBy: ['id'],
      },
      bucket: await engineBucket(payments.app, payments.bucket),
      ...{ bucket_number: 0, buckets: 1 },
    };
    await clickhouse.run(loadStatement({ ...options, target }));
    expect(await clickhouse.rows(countDuplicates(options))).toEqual([{ duplicates: String(2 * 969) }]);
    expect(await payments.rows('SELECT id, count() AS rows FROM many_chunks GROUP BY id ORDER BY id')).toEqual([
      { id: 'a', rows: '1' },
      { id: 'b', rows: '1' },
    ]);
    expect(proxy.refused).toEqual([]);
  });

  test('the ledger stores a chunk of 8,000 objects, and answers for a day of 12,000 chunks', async () => {
    const [source, folder] = ['events', '2026-06-03'];
    const { ledger } = payments.app;
    const objects = Array.from({ length: 8_000 }, (_, index) => ({
      key: `raw/${folder}/${'object'.repeat(10)}-${index}.json`,
      etag: String(index).padStart(32, '0'),
      size: index,
    }));
    const counts = { lines: 2, rows: 1, rejected: 1, skipped: 0, blank: 0 };
    const [first = { key: '' }] = objects;
    await ledger.recordChunk({
      ...{ source, folder, chunk: 'big', normalizer: 'n', manifest: 'm', objects, rowsByDay: { [folder]: 8_000 } },
      accounts: objects.map(({ key }) => ({ object: key, ...counts })),
      quarantined: [{ object: first.key, reason: 'torn' }],
    });
    expect((await ledger.chunksOf(source, folder, folder)).map((chunk) => chunk.objects)).toEqual([objects]);
    const chunks = Array.from({ length: 12_000 }, (_, index) => ({
      id: String(index).padStart(32, 'c'),
      normalizer: 'n',
    }));
    chunks.splice(7_000, 0, { id: 'big', normalizer: 'n' });
    expect(await ledger.folderAccounts(source, folder, folder, chunks)).toHaveLength(8_000);
    expect(
      await ledger.quarantinedObjects(
        source,
        chunks.map((chunk) => ({ ...chunk, folder })),
      ),
    ).toEqual([{ folder, object: first.key, reason: 'torn' }]);
    expect(await ledger.rejectsOf(source, folder, chunks, 10)).toEqual([]);
    expect(proxy.refused).toEqual([]);
  });

  test('a statement that is too large for it fails with what the proxy says and what to change there', async () => {
    await expect(
      payments.app.clickhouse.rows(
        { sql: 'SELECT length({text:String})', params: { text: 'x'.repeat(2_000_000) } },
        { what: 'measure a text' },
      ),
    ).rejects.toThrow(
      'measure a text: a proxy in front of ClickHouse refuses the request as too large (413 Request Entity Too Large). ' +
        'Allow bodies of 16 MB in the proxy; for nginx: client_max_body_size 16m.',
    );
    expect(proxy.refused).toHaveLength(1);
  });
});

describe('without a proxy in between', () => {
  const text = `${'é'.repeat(2_500_000)}'\\\t\r\n{text:String}`;
  let direct: DayProject;

  beforeAll(async () => {
    direct = await openDays(inject('stack'), PAYMENTS, PAYMENTS_CONFIG, { worker: false });
    await direct.app.clickhouse.run(
      { sql: 'CREATE TABLE texts (text String) ENGINE = MergeTree ORDER BY tuple()' },
      here(),
    );
  });
  afterAll(() => direct.close());
  const here = () => ({ database: direct.database });

  test('a parameter of 5 MB reaches a query, a command and an insert as it is', async () => {
    const { clickhouse } = direct.app;
    const [asked] = await clickhouse.rows<{ text: string }>({ sql: 'SELECT {text:String} AS text', params: { text } });
    expect(asked?.text === text).toBe(true);
    await clickhouse.run({ sql: 'INSERT INTO texts SELECT {text:String}', params: { text } }, here());
    await clickhouse.insert(`${direct.database}.texts`, [{ text }]);
    const kept = await clickhouse.rows<{ text: string }>({ sql: 'SELECT text FROM texts' }, here());
    expect(kept.map((row) => row.text === text)).toEqual([true, true]);
  });

  test('a list of 5 MB reaches ClickHouse completely and in order', async () => {
    const list = Array.from({ length: 50_000 }, (_, index) => `${index} `.padEnd(100, "ü'"));
    const [found] = await direct.app.clickhouse.rows<{ list: string[] }>({
      sql: `SELECT {list:Array(String)} AS list WHERE '7 ${"ü'".repeat(49).replaceAll("'", "\\'")}' IN {list:Array(String)}`,
      params: { list },
    });
    expect(found?.list).toEqual(list);
  });

  test.each([
    ['a query', (long: string) => `SELECT length('${long}') AS size`],
    ['EXPLAIN', (long: string) => `EXPLAIN QUERY TREE run_passes = 1 SELECT '${long}'`],
    ['DESCRIBE', (long: string) => `DESCRIBE (SELECT '${long}' AS text)`],
  ])('%s of 5 MB is understood', async (_, sql) => {
    expect(await direct.app.clickhouse.rows({ sql: sql('x'.repeat(5_000_000)) })).not.toEqual([]);
  });
});

/** A key of 1,000 bytes in the folder of {@link DAY}: no part of it is longer than a file system's names. */
function longKey(index: number): string {
  const start = `raw/${DAY}/${String(index).padStart(3, '0')}`;
  const end = '.json';
  let key = start;
  while (Buffer.byteLength(key) + Buffer.byteLength(end) < 1_000) {
    const left = 1_000 - Buffer.byteLength(key) - Buffer.byteLength(end);
    key += left % 2 === 1 ? '-' : (key.length - start.length) % 60 === 50 && left > 2 ? '/-' : 'ж';
  }
  return key + end;
}

/** Copies of a chunk's Parquet object under names as Daybook gives them. */
async function copiesOf(manifest: Manifest | undefined, copies: number): Promise<string[]> {
  const { store } = payments.app;
  const { bucket } = payments;
  const key = manifest?.parquet ?? '';
  const keys = Array.from({ length: copies }, (_, index) =>
    key.replace(/\/[0-9a-f]{32}\//, `/${String(index).padStart(32, '0')}/`),
  );
  for (const group of grouped(keys, AT_ONCE))
    await Promise.all(group.map((copy) => store.copy({ bucket, key }, { bucket, key: copy })));
  return keys;
}
