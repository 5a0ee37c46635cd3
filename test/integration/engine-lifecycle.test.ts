import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ClickHouseError } from '@clickhouse/client';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { engineFolder, startEngine, type EngineProcess } from './engine-process.js';

let folder: Awaited<ReturnType<typeof engineFolder>>;

beforeEach(async () => {
  folder = await engineFolder();
});

afterEach(async () => {
  await folder.remove();
});

async function text(engine: EngineProcess, query: string): Promise<string> {
  return (await engine.client.query({ query, format: 'TabSeparated' })).text();
}

/** Resolves with the engine's code of an error, 0 if there is none. */
async function refusal(engine: EngineProcess, user: Parameters<EngineProcess['as']>[0], query: string) {
  const client = engine.as(user);
  try {
    await client.command({ query });
    return 0;
  } catch (error) {
    if (error instanceof ClickHouseError) return Number(error.code);
    throw error;
  } finally {
    await client.close();
  }
}

/** SIGKILLs in the test below, each at another moment between a start and some hundred inserts. */
const KILLS = 12;

test('a SIGKILL at any moment loses no acknowledged row, and the folder opens again at once', async () => {
  const acknowledged = new Set<number>();
  let next = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    const engine = await startEngine(folder.path);
    await engine.client.command({
      query: 'CREATE TABLE IF NOT EXISTS stream (n UInt32) ENGINE = MergeTree PARTITION BY n % 3 ORDER BY n',
    });
    const found = await text(engine, 'SELECT n FROM stream ORDER BY n');
    const rows = found.trim().split('\n').filter(Boolean).map(Number);
    expect(rows).toEqual([...new Set(rows)]);
    expect([...acknowledged].filter((n) => !rows.includes(n))).toEqual([]);

    // Four writers, so that a kill meets statements in all states.
    let killed = false;
    const running = () => !killed;
    const write = async () => {
      while (running()) {
        const [a, b] = [next++, next++];
        try {
          await engine.client.insert({ table: 'stream', values: [{ n: a }, { n: b }], format: 'JSONEachRow' });
        } catch (error) {
          if (!running()) return;
          throw error;
        }
        acknowledged.add(a).add(b);
      }
    };
    const writers = Promise.allSettled([write(), write(), write(), write()]);
    await sleep(Math.random() * 600);
    killed = true;
    engine.signal('SIGKILL');
    expect(await engine.exit).toMatchObject({ signal: 'SIGKILL' });
    expect((await writers).filter(({ status }) => status === 'rejected')).toEqual([]);
    await engine.client.close();
  }
  expect(acknowledged.size).toBeGreaterThan(KILLS);
});

test('it exits by itself when its stdin closes', async () => {
  const engine = await startEngine(folder.path);
  engine.closeStdin();
  expect(await engine.exit).toMatchObject({ exitCode: 0 });
  await engine.client.close();
});

test('it exits within seconds on SIGTERM, whatever is running', async () => {
  const engine = await startEngine(folder.path);
  const running = text(engine, 'SELECT count() FROM numbers(60) WHERE sleepEachRow(1) = 0 SETTINGS max_block_size = 1');
  const outcome = running.catch((error: unknown) => error);
  await expect
    .poll(() => text(engine, "SELECT count() FROM system.processes WHERE query ILIKE '%sleepEach%'"), {
      timeout: 20_000,
    })
    .toBe('2\n');
  const start = Date.now();
  engine.signal('SIGTERM');
  await engine.exit;
  // What runs would take a minute.
  expect(Date.now() - start).toBeLessThan(20_000);
  expect(await outcome).toBeInstanceOf(Error);
  await engine.client.close();
});

test('a second process over the same folder says why it cannot start', async () => {
  const engine = await startEngine(folder.path);
  await expect(startEngine(folder.path)).rejects.toThrow(/ended before it answered.*Another server instance/s);
  await engine.stop();
});

test("Daybook's user has production's kinds of rights on a project of any name, and a reader may read what it published", async () => {
  const engine = await startEngine(folder.path);
  const by = (query: string) => engine.client.command({ query });
  await by('CREATE DATABASE anything');
  await by('CREATE TABLE anything.live (day Date, n UInt8) ENGINE = MergeTree PARTITION BY day ORDER BY n');
  await by('CREATE DATABASE daybook');
  await by('CREATE TABLE daybook.builds (n UInt8) ENGINE = MergeTree ORDER BY n');
  const allowed = [
    'CREATE DATABASE daybook_anything_20260501_1',
    'CREATE TABLE daybook_anything_20260501_1.live AS anything.live ENGINE = MergeTree PARTITION BY day ORDER BY n',
    "ALTER TABLE anything.live REPLACE PARTITION '2026-05-01' FROM daybook_anything_20260501_1.live SETTINGS allow_replace_partition_from_empty_source = 1",
    "ALTER TABLE anything.live DROP PARTITION '2026-05-01'",
    'ALTER TABLE anything.live ADD COLUMN more UInt8',
    'DROP DATABASE daybook_anything_20260501_1 SYNC',
    'CREATE DATABASE another',
    'INSERT INTO daybook.builds VALUES (1)',
  ];
  for (const query of allowed) expect(await refusal(engine, 'daybook', query), query).toBe(0);
  const denied = [
    'DROP TABLE anything.live',
    'TRUNCATE TABLE anything.live',
    'DROP DATABASE anything',
    'ALTER TABLE anything.live UPDATE n = 1 WHERE 1',
    'ALTER TABLE daybook.builds DELETE WHERE 1',
    'ALTER TABLE daybook.builds ADD COLUMN more UInt8',
    'TRUNCATE TABLE daybook.builds',
    'SELECT * FROM system.users',
    'CREATE USER guest',
    "SELECT * FROM file('/etc/passwd', 'RawBLOB', 'text String')",
  ];
  for (const query of denied) expect(await refusal(engine, 'daybook', query), query).toBe(497);

  expect(await refusal(engine, 'reader', 'SELECT * FROM anything.live')).toBe(0);
  for (const query of [
    'SELECT * FROM daybook.builds',
    'SELECT * FROM system.parts',
    'INSERT INTO anything.live (n) VALUES (1)',
    'CREATE DATABASE mine',
  ])
    expect(await refusal(engine, 'reader', query), query).toBe(497);
  await engine.stop();
});

test('the user that opens the ports can read no table and write nothing', async () => {
  const engine = await startEngine(folder.path);
  const asDefault = async (query: string) => (await fetch(engine.url, { method: 'POST', body: query })).text();
  await engine.client.command({ query: 'CREATE TABLE default.t (n UInt8) ENGINE = MergeTree ORDER BY n' });
  for (const query of [
    'SELECT * FROM default.t',
    'INSERT INTO default.t VALUES (1)',
    'CREATE DATABASE mine',
    'SELECT * FROM system.processes',
    "INSERT INTO FUNCTION file('/tmp/file', 'TSV', 'text String') VALUES ('a')",
  ])
    expect(await asDefault(query), query).toMatch(/ACCESS_DENIED|UNKNOWN_TABLE/);
  await engine.stop();
});

test("sessions have a server's settings, and queries are in system.query_log", async () => {
  const engine = await startEngine(folder.path);
  const settings = `SELECT name FROM system.settings WHERE changed AND name IN ('implicit_select', 'allow_introspection_functions')
    AND value != '0'`;
  expect(await text(engine, settings)).toBe('');
  await expect(text(engine, '1 + 1')).rejects.toMatchObject({ type: 'SYNTAX_ERROR' });
  await engine.client.command({ query: 'SYSTEM FLUSH LOGS query_log' });
  const logged = await text(
    engine,
    "SELECT count() FROM system.query_log WHERE query LIKE '%system.settings WHERE changed%'",
  );
  expect(Number(logged)).toBeGreaterThan(0);
  await engine.stop();
  expect(await readFile(join(folder.path, 'logs', 'clickhouse.log'), 'utf8')).toContain('SYNTAX_ERROR');
});
