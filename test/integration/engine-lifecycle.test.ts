import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
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

test('acknowledged rows survive a SIGKILL, and the folder opens again at once', async () => {
  const killed = await startEngine(folder.path);
  await killed.client.command({ query: 'CREATE TABLE t (n UInt32) ENGINE = MergeTree ORDER BY n' });
  await killed.client.insert({ table: 't', values: [{ n: 1 }, { n: 2 }], format: 'JSONEachRow' });
  await writeFile(join(folder.path, 'spool', 'left-behind'), 'rows');
  killed.signal('SIGKILL');
  expect(await killed.exit).toMatchObject({ signal: 'SIGKILL' });
  await killed.client.close();

  const again = await startEngine(folder.path);
  expect(await text(again, 'SELECT count(), sum(n) FROM t')).toBe('2\t3\n');
  await again.stop();
});

test('it ends by itself when its stdin closes', async () => {
  const engine = await startEngine(folder.path);
  engine.closeStdin();
  expect(await engine.exit).toMatchObject({ exitCode: 0 });
  await engine.client.close();
});

test('SIGTERM ends it with 0, whatever runs', async () => {
  const engine = await startEngine(folder.path);
  const running = text(engine, 'SELECT count() FROM numbers(60) WHERE sleepEachRow(1) = 0 SETTINGS max_block_size = 1');
  const outcome = running.catch((error: unknown) => error);
  while ((await text(engine, "SELECT count() FROM system.processes WHERE query ILIKE '%sleepEach%'")) !== '2\n');
  const start = Date.now();
  engine.signal('SIGTERM');
  expect(await engine.exit).toMatchObject({ exitCode: 0 });
  // What runs would take a minute.
  expect(Date.now() - start).toBeLessThan(30_000);
  expect(await outcome).toBeInstanceOf(Error);
  await engine.client.close();
});

test('a second process over the same folder says why it cannot start', async () => {
  const engine = await startEngine(folder.path);
  await expect(startEngine(folder.path)).rejects.toThrow(/Another server instance in same directory.*could not start/s);
  await engine.stop();
});

test('the memory limit holds', async () => {
  const engine = await startEngine(folder.path, '--memory', String(400 * 1024 * 1024));
  const hungry = text(engine, 'SELECT length(groupArray(number)) FROM numbers(100000000)');
  await expect(hungry).rejects.toMatchObject({ code: '241' });
  expect(await text(engine, 'SELECT 1')).toBe('1\n');
  await engine.stop();
});
