import { readdir } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { createClient } from '@clickhouse/client';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { engineFolder, startEngine, type EngineProcess } from './engine-process.js';

let folder: Awaited<ReturnType<typeof engineFolder>>;
let engine: EngineProcess;

beforeAll(async () => {
  folder = await engineFolder();
  engine = await startEngine(folder.path);
});

afterAll(async () => {
  await engine.stop();
  await folder.remove();
});

beforeEach(() => engine.client.command({ query: 'CREATE TABLE t (n UInt32, s String) ENGINE = MergeTree ORDER BY n' }));

afterEach(async () => {
  await engine.client.command({ query: 'DROP TABLE t SYNC' });
  expect(await readdir(join(folder.path, 'spool'))).toEqual([]);
});

async function text(query: string): Promise<string> {
  return (await engine.client.query({ query, format: 'TabSeparated' })).text();
}

const parts = () => text("SELECT rows FROM system.parts WHERE table = 't' AND active ORDER BY name");

function post(
  query: string,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(`${engine.url}/?${new URLSearchParams({ query }).toString()}`, { method: 'POST', body, headers });
}

test('rows of one insert land as one part, and the summary counts them', async () => {
  const values = Array.from({ length: 300 }, (_, n) => ({ n, s: `it's "${n}"; \\ \n` }));
  const { summary } = await engine.client.insert({ table: 't', values, format: 'JSONEachRow' });
  expect(summary?.written_rows).toBe('300');
  expect(await parts()).toBe('300\n');
  expect(await text('SELECT hex(s) FROM t WHERE n = 7')).toBe(
    `${Buffer.from('it\'s "7"; \\ \n').toString('hex').toUpperCase()}\n`,
  );
});

test('columns, their order and the ones left out are respected', async () => {
  await engine.client.insert({ table: 't', values: [['x', 1]], format: 'JSONCompactEachRow', columns: ['s', 'n'] });
  await engine.client.insert({ table: 't', values: [{ n: 2 }], format: 'JSONEachRow', columns: { except: ['s'] } });
  expect(await text('SELECT * FROM t ORDER BY n')).toBe('1\tx\n2\t\n');
});

test('a stream of 100,000 rows lands as one part', async () => {
  const values = Readable.from(
    (function* () {
      for (let n = 0; n < 100_000; n += 1) yield { n, s: String(n) };
    })(),
  );
  await engine.client.insert({ table: 't', values, format: 'JSONEachRow' });
  expect(await parts()).toBe('100000\n');
  expect(await text('SELECT count(), sum(n), countIf(s = toString(n)) FROM t')).toBe('100000\t4999950000\t100000\n');
});

test('a compressed request arrives', async () => {
  const client = createClient({ url: engine.url, compression: { request: true } });
  await client.insert({ table: 't', values: [{ n: 1, s: 'zip' }], format: 'JSONEachRow' });
  await client.close();
  const ok = await post('INSERT INTO t FORMAT TSV', new Uint8Array(gzipSync('2\tzap\n')), {
    'Content-Encoding': 'gzip',
  });
  expect(ok.status).toBe(200);
  expect(await text('SELECT s FROM t ORDER BY n')).toBe('zip\nzap\n');
});

test.each(['Parquet', 'Native', 'RowBinary'])('%s passes through unharmed', async (format) => {
  const query = `SELECT toUInt32(number) AS n, concat(char(10, 32, number), 'x') AS s FROM numbers(10) FORMAT ${format}`;
  const made = await fetch(engine.url, { method: 'POST', body: query });
  const bytes = new Uint8Array(await made.arrayBuffer());
  expect((await post(`INSERT INTO t FORMAT ${format}`, bytes)).status).toBe(200);
  const whole = Buffer.concat([Buffer.from(`INSERT INTO t (n, s) FORMAT ${format}\n`), bytes]);
  expect((await fetch(engine.url, { method: 'POST', body: new Uint8Array(whole) })).status).toBe(200);
  expect(await text("SELECT count(), countIf(s = concat(char(10, 32, n), 'x')) FROM t")).toBe('20\t20\n');
});

test('the spellings of an INSERT that a client may send all work', async () => {
  const answers = [
    await post('INSERT INTO t VALUES', "(1, 'body'), (2, upper('expression'))"),
    await post("INSERT INTO t VALUES (3, 'inline; with semicolon')", ''),
    await post('INSERT INTO t (s, n) SETTINGS async_insert = 0 FORMAT CSV', '"set",4\n'),
    await post('', 'INSERT INTO t FORMAT JSONEachRow {"n":5,"s":"same line"}'),
    await post("INSERT INTO t SELECT number + 6, 'select' FROM numbers(2)", ''),
    await post("INSERT INTO TABLE FUNCTION null('n UInt8') FORMAT TSV", '1\n'),
    await post('INSERT INTO t FORMAT JSONEachRow', ''),
  ];
  expect(await Promise.all(answers.map(async (answer) => [answer.status, await answer.text()]))).toEqual(
    answers.map(() => [200, '']),
  );
  expect(
    await text(
      "SELECT arrayStringConcat(groupArray(concat(toString(n), ' ', s)), ',') FROM (SELECT * FROM t ORDER BY n, s)",
    ),
  ).toBe('1 body,2 EXPRESSION,3 inline; with semicolon,4 set,5 same line,6 select,7 select\n');
});

test('a parameter may name the table, and stand among the values', async () => {
  await engine.client.command({
    query: 'INSERT INTO {t:Identifier} VALUES (1, {s:String})',
    query_params: { t: 't', s: "o'clock" },
  });
  expect(await text('SELECT s FROM t')).toBe("o\\'clock\n");
});

test('input(), which the engine would read as empty, is refused', async () => {
  const answer = await post("INSERT INTO t SELECT n, s FROM input('n UInt32, s String') FORMAT CSV", '7,"input"\n');
  expect([answer.status, answer.headers.get('x-clickhouse-exception-code')]).toEqual([501, '48']);
});

test('a wrong row fails the whole insert and says where', async () => {
  const values = [{ n: 1, s: 'good' }, { n: 'bad' }];
  await expect(engine.client.insert({ table: 't', values, format: 'JSONEachRow' })).rejects.toMatchObject({
    code: '27',
  });
  expect(await text('SELECT count() FROM t')).toBe('0\n');
});

test('an upload that breaks off inserts nothing', async () => {
  const address = `${engine.url}/?${new URLSearchParams({ query: 'INSERT INTO t FORMAT TSV' }).toString()}`;
  const upload = request(address, { method: 'POST' });
  const ended = new Promise((resolve) => upload.on('error', resolve));
  upload.write('1\tfirst\n2\tsecond\n');
  while ((await readdir(join(folder.path, 'spool'))).length === 0) await sleep(10);
  upload.destroy();
  await ended;
  while ((await readdir(join(folder.path, 'spool'))).length > 0) await sleep(10);
  expect(await text('SELECT count() FROM t')).toBe('0\n');
});
