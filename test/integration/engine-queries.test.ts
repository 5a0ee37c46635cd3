import { ClickHouseError, createClient, SettingsMap, TupleParam } from '@clickhouse/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { engineFolder, startEngine, type EngineProcess } from './engine-process.js';

let folder: Awaited<ReturnType<typeof engineFolder>>;
let engine: EngineProcess;

beforeAll(async () => {
  folder = await engineFolder();
  engine = await startEngine(folder.path);
  await engine.client.command({
    query: 'CREATE TABLE numbers_of_mine ENGINE = MergeTree ORDER BY n AS SELECT number AS n FROM numbers(10)',
  });
});

afterAll(async () => {
  await engine.stop();
  await folder.remove();
});

/** The rows of a query through the real client. */
async function rows(query: string, query_params: Record<string, unknown> = {}): Promise<unknown[]> {
  const result = await engine.client.query({ query, query_params, format: 'JSONCompactEachRow' });
  return result.json();
}

const get = (search: Record<string, string>, init?: RequestInit) =>
  fetch(`${engine.url}/?${new URLSearchParams(search).toString()}`, init);

describe('connecting', () => {
  test('the client pings, plainly and with a query', async () => {
    expect(await engine.client.ping()).toEqual({ success: true });
    expect(await engine.client.ping({ select: true })).toEqual({ success: true });
  });

  test('a bare GET answers as a server does', async () => {
    expect(await (await fetch(engine.url)).text()).toBe('Ok.\n');
    expect(await (await fetch(`${engine.url}/ping`)).text()).toBe('Ok.\n');
    expect((await fetch(`${engine.url}/nowhere`)).status).toBe(404);
  });

  test('an address that is none is answered too', async () => {
    expect((await fetch(`${engine.url}//?query=SELECT%201`)).status).toBe(404);
    expect(await engine.client.ping()).toEqual({ success: true });
  });

  test('a statement longer than the patience of the client ends well, with progress headers', async () => {
    const client = createClient({ url: engine.url, request_timeout: 1_000 });
    const clickhouse_settings = { send_progress_in_http_headers: 1, http_headers_progress_interval_ms: '300' } as const;
    const result = await client.query({ query: 'SELECT sleep(2.5)', format: 'TabSeparated', clickhouse_settings });
    expect(await result.text()).toBe('0\n');
    await expect(client.query({ query: 'SELECT sleep(2.5)' })).rejects.toThrow('Timeout');
    await client.close();
  });

  test('a login, when there is one, is asked for', async () => {
    const own = await engineFolder();
    const guarded = await startEngine(own.path, '--user', 'day', '--password', 'b:ook');
    try {
      const right = createClient({ url: guarded.url, username: 'day', password: 'b:ook' });
      expect(await (await right.query({ query: 'SELECT 1', format: 'TabSeparated' })).text()).toBe('1\n');
      await right.close();
      await expect(guarded.client.query({ query: 'SELECT 1' })).rejects.toMatchObject({ code: '516' });
    } finally {
      await guarded.stop();
      await own.remove();
    }
  });
});

describe('parameters', () => {
  test.each([
    ['String', 'it\'s a \\ back\\\\slash\n\ttab \\N \r `x` "q" ü {a:String}; --'],
    ['String', ''],
    ['UInt32', 4294967295],
    ['Date', '2026-02-28'],
    ['Array(String)', ["a'b", 'c\\d', 'e\nf', ',', ']']],
    ['Array(Nullable(String))', [null, 'NULL', '']],
    ['Nullable(String)', null],
    ['Bool', true],
    ['Map(String, String)', { "k'1": 'v\\1' }],
  ])('a %s arrives as it was: %j', async (type, value) => {
    expect(await rows(`SELECT {value:${type}}`, { value })).toEqual([[value]]);
  });

  test('a UInt64 keeps its last digit, a tuple and an identifier arrive', async () => {
    expect(await rows('SELECT toString({value:UInt64})', { value: 2n ** 64n - 1n })).toEqual([
      ['18446744073709551615'],
    ]);
    const value = new TupleParam([42, "o'clock"]);
    expect(await rows('SELECT {value:Tuple(UInt8, String)}', { value })).toEqual([[[42, "o'clock"]]]);
    expect(await rows('SELECT count() > 0 FROM {db:Identifier}.{t:Identifier}', { db: 'system', t: 'one' })).toEqual([
      [1],
    ]);
  });

  test('a megabyte of parameters arrives, also as a form', async () => {
    const value = Array.from({ length: 20_000 }, (_, i) => `some/key/of/an/object-${i}.json.gz`);
    const query = 'SELECT length({value:Array(String)}), {value:Array(String)}[-1]';
    const body = await engine.client.query({
      query,
      query_params: { value },
      format: 'JSONCompactEachRow',
      use_multipart_params: true,
    });
    expect(await body.json()).toEqual([[20_000, 'some/key/of/an/object-19999.json.gz']]);
    expect(await rows(query, { value: value.slice(0, 9_000) })).toEqual([
      [9_000, 'some/key/of/an/object-8999.json.gz'],
    ]);
  });

  test('a missing parameter is named', async () => {
    await expect(rows('SELECT {nope:String}')).rejects.toMatchObject({ code: '456' });
  });
});

describe('settings and databases', () => {
  test('hold for their own request only', async () => {
    const asked = Array.from({ length: 20 }, async (_, i) => {
      const result = await engine.client.query({
        query: "SELECT getSetting('max_threads') = 3, timezone()",
        format: 'TabSeparated',
        clickhouse_settings: i % 2 === 0 ? { max_threads: 3, session_timezone: 'Europe/Berlin' } : {},
      });
      return result.text();
    });
    const answers = await Promise.all(asked);
    expect(answers).toEqual(answers.map((_, i) => (i % 2 === 0 ? '1\tEurope/Berlin\n' : '0\tUTC\n')));
  });

  test('a map of filters passes as a setting', async () => {
    const result = await engine.client.query({
      query: 'SELECT count() FROM numbers_of_mine',
      format: 'TabSeparated',
      clickhouse_settings: {
        additional_table_filters: SettingsMap.from({ numbers_of_mine: "n < 5 AND \\'x\\' != \\'\\'" }),
      },
    });
    expect(await result.text()).toBe('5\n');
  });

  test('an unknown setting and an unknown database are refused by name', async () => {
    const response = await get({ query: 'SELECT 1', no_such_setting: '1' });
    expect([response.status, response.headers.get('x-clickhouse-exception-code')]).toEqual([404, '115']);
    expect((await get({ query: 'SELECT 1', database: 'no`such' })).headers.get('x-clickhouse-exception-code')).toBe(
      '81',
    );
  });

  test('the database of a client is where its names are looked up', async () => {
    await engine.client.command({ query: 'CREATE DATABASE `of a client`' });
    const client = createClient({ url: engine.url, database: 'of a client' });
    await client.command({ query: 'CREATE TABLE here (n UInt8) ENGINE = MergeTree ORDER BY n' });
    expect(await rows("SELECT database FROM system.tables WHERE name = 'here'")).toEqual([['of a client']]);
    await client.close();
  });

  test('a session keeps its temporary table, and nobody else sees it', async () => {
    const session_id = 'mine';
    await engine.client.command({ query: 'CREATE TEMPORARY TABLE kept (n UInt8)', session_id });
    await engine.client.command({ query: 'INSERT INTO kept VALUES (7)', session_id });
    const result = await engine.client.query({ query: 'SELECT n FROM kept', format: 'TabSeparated', session_id });
    expect(await result.text()).toBe('7\n');
    await expect(rows('SELECT n FROM kept')).rejects.toMatchObject({ code: '60' });
  });
});

describe('answers', () => {
  test('the format comes from the statement, the parameter or the header, and so does the content type', async () => {
    const types = async (response: Promise<Response>) => {
      const { headers } = await response;
      return [headers.get('x-clickhouse-format'), headers.get('content-type')];
    };
    expect(await types(get({ query: 'SELECT 1' }))).toEqual([
      'TabSeparated',
      'text/tab-separated-values; charset=UTF-8',
    ]);
    expect(await types(get({ query: 'SELECT 1 FORMAT JSON' }))).toEqual(['JSON', 'application/json; charset=UTF-8']);
    expect(await types(get({ query: 'SELECT 1', default_format: 'CSVWithNames' }))).toEqual([
      'CSVWithNames',
      'text/csv; charset=UTF-8; header=present',
    ]);
    const headers = { 'X-ClickHouse-Format': 'Parquet' };
    expect(await types(get({ query: 'SELECT 1' }, { headers }))).toEqual(['Parquet', 'application/octet-stream']);
  });

  test('the query id comes back', async () => {
    const { query_id } = await engine.client.query({ query: 'SELECT 1', query_id: 'night-1' });
    expect(query_id).toBe('night-1');
    expect((await get({ query: 'SELECT 1', query_id: 'n2' })).headers.get('x-clickhouse-query-id')).toBe('n2');
  });

  test('an answer is compressed only when asked', async () => {
    const client = createClient({ url: engine.url, compression: { response: true } });
    const result = await client.query({ query: 'SELECT number FROM numbers(1000)', format: 'JSONCompactEachRow' });
    expect(await result.json()).toHaveLength(1000);
    expect(result.response_headers['content-encoding']).toBe('gzip');
    await client.close();
    expect((await get({ query: 'SELECT 1' })).headers.get('content-encoding')).toBeNull();
  });

  test('an error has its code and its name', async () => {
    const error: unknown = await rows('SELECT * FROM nowhere.at_all').catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ClickHouseError);
    expect(error).toMatchObject({ code: '81', type: 'UNKNOWN_DATABASE' });
    await expect(rows('SELECT * FROM nowhere')).rejects.toMatchObject({ code: '60', type: 'UNKNOWN_TABLE' });
    expect((await get({ query: 'SELECT * FROM nowhere' })).status).toBe(404);
    expect((await get({ query: 'SELEC' })).status).toBe(400);
    expect((await get({ query: 'SELECT throwIf(1)' })).status).toBe(500);
  });

  test('GET only reads, and one request holds one statement', async () => {
    const write = await get({ query: 'CREATE DATABASE through_get' });
    expect(write.headers.get('x-clickhouse-exception-code')).toBe('164');
    await expect(engine.client.command({ query: 'SELECT 1; SELECT 2' })).rejects.toMatchObject({ code: '62' });
    await engine.client.command({ query: 'SELECT 1; -- the end' });
  });
});

describe('many statements', () => {
  /** Starts a SELECT that nobody sees the end of. */
  const endless = (log_comment: string) =>
    engine.client
      .command({
        query: 'SELECT count() FROM numbers(600) WHERE sleepEachRow(1) = 0 SETTINGS max_block_size = 1',
        clickhouse_settings: { log_comment },
      })
      .catch((error: unknown) => error);
  const running = async (log_comment: string) =>
    Number(
      await rows("SELECT count() FROM system.processes WHERE Settings['log_comment'] = {c:String}", { c: log_comment }),
    );
  const kill = (log_comment: string) =>
    engine.client.command({
      query: "KILL QUERY WHERE Settings['log_comment'] = {c:String} SYNC",
      query_params: { c: log_comment },
    });

  test('eight run at once', async () => {
    const eight = Array.from({ length: 8 }, () => endless('eight'));
    await expect.poll(() => running('eight'), { timeout: 60_000 }).toBe(8);
    await kill('eight');
    await Promise.all(eight);
  });

  test('short ones pass a long one', async () => {
    const long = endless('long');
    await expect.poll(() => running('long'), { timeout: 60_000 }).toBe(1);
    for (let i = 0; i < 50; i += 1) await rows('SELECT 1');
    expect(await running('long')).toBe(1);
    await kill('long');
    expect(await long).toMatchObject({ code: '394' });
  });

  test.each([
    ['SELECT', 'SELECT count() FROM numbers(60) WHERE sleepEachRow(1) = 0 SETTINGS max_block_size = 1'],
    [
      'INSERT',
      "INSERT INTO FUNCTION null('n UInt64') SELECT number + sleepEachRow(1) FROM numbers(60) SETTINGS max_block_size = 1",
    ],
  ])('a KILL by log_comment ends a running %s, also when it says SYNC', async (kind, query) => {
    const log_comment = `victim/${kind}`;
    const victim = engine.client.command({ query, clickhouse_settings: { log_comment } }).catch((e: unknown) => e);
    await expect.poll(() => running(log_comment), { timeout: 60_000 }).toBe(1);
    await kill(log_comment);
    expect(await victim).toMatchObject({ code: '394', type: 'QUERY_WAS_CANCELLED' });
    expect(await running(log_comment)).toBe(0);
  });
});
