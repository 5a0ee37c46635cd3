import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { request, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { brotliCompressSync, constants, deflateSync, gzipSync } from 'node:zlib';
import { createClient } from '@clickhouse/client';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { engineFolder, startEngine, type EngineProcess } from './engine-process.js';

/** A result of 257 MB as JSONEachRow. */
const LARGE = 'SELECT number, toString(number) AS s, number / 3 AS d FROM numbers(5000000)';
const MB = 1024 * 1024;

let folder: Awaited<ReturnType<typeof engineFolder>>;
let engine: EngineProcess;

beforeAll(async () => {
  folder = await engineFolder();
  engine = await startEngine(folder.path);
  // What the engine loads for its first large result is no part of the next one.
  await drained(await post(LARGE.replace('5000000', '1000000')));
});

afterAll(async () => {
  await engine.stop();
  await folder.remove();
});

const address = (search: Record<string, string> = {}) => `${engine.url}/?${new URLSearchParams(search).toString()}`;
const post = (body: string, search?: Record<string, string>, headers?: Record<string, string>): Promise<Response> =>
  fetch(address(search), { method: 'POST', body, headers: headers ?? {} });
const text = async (query: string): Promise<string> => (await post(query)).text();

async function drained(response: Response): Promise<number> {
  let bytes = 0;
  for await (const chunk of response.body ?? []) bytes += (chunk as Uint8Array).length;
  return bytes;
}

async function memory(): Promise<number> {
  const { stdout } = await execa('ps', ['-o', 'rss=', '-p', String(engine.pid)]);
  return Number(stdout) * 1024;
}

/** How many bytes the engine's process grows by at most while `work` runs. */
async function growth(work: () => Promise<unknown>): Promise<number> {
  const before = await memory();
  let most = before;
  const done = work().then(() => 'done');
  while ((await Promise.race([done, sleep(20)])) === undefined) most = Math.max(most, await memory());
  return most - before;
}

describe('a large result', () => {
  test.each([
    ['streams', {}],
    ['waits for its end in a file', { wait_end_of_query: '1' }],
  ])('of 257 MB %s, and memory stays bounded', async (_, search: Record<string, string>) => {
    const grown = await growth(async () => {
      expect(await drained(await post(`${LARGE} FORMAT JSONEachRow`, search))).toBe(256_775_313);
    });
    expect(grown).toBeLessThan(160 * MB);
    expect(await readdir(join(folder.path, 'spool'))).toEqual([]);
  });

  test('comes as fast as it is read, and ends when nobody reads it', async () => {
    const endless = await post('SELECT number FROM system.numbers FORMAT TSV');
    const reader = endless.body?.getReader();
    await reader?.read();
    const progress = () => text("SELECT read_rows FROM system.processes WHERE startsWith(query, 'SELECT number FROM')");
    // It stalls as soon as the buffers on the way are full.
    for (let last = ''; last !== (last = await progress());) await sleep(200);
    expect(await progress()).not.toBe('');
    await reader?.cancel();
    while ((await progress()) !== '') await sleep(20);
  });

  test('that fails late says so behind its rows', async () => {
    const query = 'SELECT number, throwIf(number = 3000000) FROM numbers(5000000)';
    const result = await engine.client.query({ query, format: 'JSONEachRow' });
    const read = async () => {
      for await (const rows of result.stream()) expect(rows.length).toBeGreaterThan(0);
    };
    await expect(read()).rejects.toMatchObject({ code: '395', type: 'FUNCTION_THROW_IF_VALUE_IS_NON_ZERO' });
    await expect(drained(await post(query))).rejects.toThrow('terminated');
    const waited = await post(query, { wait_end_of_query: '1' });
    expect([waited.status, waited.headers.get('x-clickhouse-exception-code')]).toEqual([500, '395']);
  });
});

test('a SELECT whose client goes away is ended, also before its first row', async () => {
  const controller = new AbortController();
  const body = 'SELECT sum(sleepEachRow(1)) FROM numbers(600) SETTINGS max_block_size = 1';
  const gone = fetch(engine.url, { method: 'POST', body, signal: controller.signal });
  const running = () => text("SELECT count() FROM system.processes WHERE query LIKE '%sum(sleepEachRow(1))%'");
  while ((await running()) !== '2\n') await sleep(20);
  controller.abort();
  await expect(gone).rejects.toThrow('aborted');
  while ((await running()) !== '1\n') await sleep(20);
});

describe('compression', () => {
  const query = 'SELECT number FROM numbers(500000) FORMAT TSV';
  const plain = Array.from({ length: 500_000 }, (_, number) => `${number}\n`).join('');

  test.each(['gzip', 'deflate', 'br'])('of an answer by %s, streamed, waited for and small', async (encoding) => {
    const headers = { 'Accept-Encoding': encoding };
    const search = { enable_http_compression: '1' };
    for (const asked of [search, { ...search, wait_end_of_query: '1' }]) {
      const large = await post(query, asked, headers);
      expect(large.headers.get('content-encoding')).toBe(encoding);
      expect(await large.text()).toBe(plain);
      expect(await (await post('SELECT 1', asked, headers)).text()).toBe('1\n');
      expect(await (await post('SELECT 1 WHERE 0', asked, headers)).text()).toBe('');
    }
  });

  test.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', (text: string) => brotliCompressSync(text, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } })],
  ])('of a request by %s, the statement among the rows', async (encoding, compress) => {
    await text('CREATE TABLE packed (n UInt32) ENGINE = MergeTree ORDER BY n');
    const body = new Uint8Array(compress(`INSERT INTO packed FORMAT TSV\n${plain}`));
    const answer = await fetch(engine.url, { method: 'POST', body, headers: { 'Content-Encoding': encoding } });
    expect(await answer.text()).toBe('');
    expect(await text('SELECT count(), sum(n) FROM packed')).toBe('500000\t124999750000\n');
    await text('DROP TABLE packed SYNC');
  });

  test('that nobody knows is refused', async () => {
    const answer = await post('SELECT 1', {}, { 'Content-Encoding': 'compress' });
    expect([answer.status, answer.headers.get('x-clickhouse-exception-code')]).toEqual([501, '48']);
    expect(await answer.text()).toContain("Found Content-Encoding 'compress'");
  });
});

describe('headers', () => {
  const asked = { send_progress_in_http_headers: '1', http_headers_progress_interval_ms: '100' };

  async function raw(query: string): Promise<[IncomingMessage, string]> {
    const sent = request(address(asked), { method: 'POST' }).end(query);
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    let body = '';
    for await (const chunk of response) body += String(chunk);
    return [response, body];
  }

  test('tell the progress of a statement while it runs', async () => {
    const query = 'SELECT sum(sleepEachRow(0.2)) FROM numbers(5) SETTINGS max_block_size = 1';
    const [response, body] = await raw(query);
    const progress = response.headersDistinct['x-clickhouse-progress'] ?? [];
    const rows = progress.map((line) => Number((JSON.parse(line) as { read_rows: string }).read_rows));
    expect(rows.length).toBeGreaterThan(3);
    expect(rows).toEqual(rows.toSorted((a, b) => a - b));
    expect(rows.at(-1)).toBeGreaterThan(1);
    expect([response.statusCode, response.headers['x-clickhouse-format'], body]).toEqual([200, 'TabSeparated', '0\n']);
  });

  test('tell an error that comes after them', async () => {
    const [response, body] = await raw('SELECT sleep(0.5), throwIf(1)');
    expect([response.statusCode, response.headers['x-clickhouse-exception-code']]).toEqual([200, '395']);
    expect(body).toContain('FUNCTION_THROW_IF_VALUE_IS_NON_ZERO');
    const client = createClient({ url: engine.url, clickhouse_settings: { send_progress_in_http_headers: 1 } });
    await expect(client.query({ query: 'SELECT sleep(0.5), throwIf(1)' })).rejects.toMatchObject({ code: '395' });
    await client.close();
  });

  test('sum up what a statement gave, and say nothing of what it read, which the engine does not tell', async () => {
    const { response_headers } = await engine.client.query({
      query: 'SELECT number FROM numbers(10)',
      format: 'TabSeparated',
    });
    const { elapsed_ns, ...summary } = JSON.parse(String(response_headers['x-clickhouse-summary'])) as Record<
      string,
      string
    >;
    expect(Number(elapsed_ns)).toBeGreaterThan(0);
    expect(summary).toEqual({
      written_rows: '0',
      written_bytes: '0',
      total_rows_to_read: '0',
      result_rows: '10',
      result_bytes: '20',
    });
  });
});

test('a session is as its statements left it, whatever a request asked for itself', async () => {
  const ask = async (query: string, search: Record<string, string> = {}) =>
    (await post(query, { session_id: 'kept', ...search })).text();
  const state = "SELECT currentDatabase(), getSetting('max_threads'), getSetting('max_block_size')";
  await ask('CREATE DATABASE IF NOT EXISTS elsewhere');
  await ask('SET max_threads = 3');
  expect(await ask(state, { database: 'system', max_threads: '2', max_block_size: '99' })).toBe('system\t2\t99\n');
  expect(await ask(state)).toBe('default\t3\t65409\n');
  await ask('USE elsewhere', { max_threads: '2' });
  expect(await ask(state)).toBe('elsewhere\t3\t65409\n');

  for (const readonly of ['1', '2']) {
    expect(await ask('CREATE TABLE refused (n UInt8) ENGINE = Memory', { readonly })).toContain('164');
    expect(await ask(state, { readonly, max_block_size: '98' })).toBe('elsewhere\t3\t98\n');
    expect(await ask(state)).toBe('elsewhere\t3\t65409\n');
    expect(await ask(`CREATE TABLE allowed_${readonly} (n UInt8) ENGINE = Memory`)).toBe('');
  }
  await ask('SET readonly = 2');
  expect(await ask('SELECT 1', { readonly: '1' })).toContain('164');
  expect(await ask('CREATE TABLE refused (n UInt8) ENGINE = Memory')).toContain('164');
});

test('a parameter counts for its own request; one that a session does not have is named, not guessed', async () => {
  const ask = async (query: string, search: Record<string, string> = {}) =>
    (await post(query, { session_id: 'parameters', ...search })).text();
  expect(await ask('SELECT {day:Date}', { param_day: '2026-11-05' })).toBe('2026-11-05\n');
  expect(await ask('SELECT { day : Date }')).toContain('Code: 456. DB::Exception: Substitution `day` is not set.');
  expect(await ask("SELECT '{day:Date}'")).toBe('{day:Date}\n');
  expect(await ask('SELECT {day:Date}', { param_day: '2026-11-06' })).toBe('2026-11-06\n');
  await ask("SET param_day = '2026-11-07'");
  expect([await ask('SELECT {day:Date}'), await ask('SELECT {day:Date}')]).toEqual(['2026-11-07\n', '2026-11-07\n']);
});

test('a mistake is named by its place in the text of the client', async () => {
  expect(await text('SELECT 1 +')).not.toContain('OUTFILE');
  expect(await text("SELECT 1 INTO OUTFILE 'x'")).toContain('INTO_OUTFILE_NOT_ALLOWED');
});
