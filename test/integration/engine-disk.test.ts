import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { mountDisk } from '../faults/disk.js';
import { engineFolder, startEngine } from './engine-process.js';

/* On a small disk of its own, which only who may mount can make. */

const folder = await engineFolder();
const disk = await mountDisk(folder.path);
const engine = disk && (await startEngine(join(folder.path, 'clickhouse')));

afterAll(async () => {
  await engine?.stop();
  disk?.unmountNow();
  await folder.remove();
});

const ask = async (sql: string): Promise<string> => {
  const answer = await fetch(`${engine?.url ?? ''}/?wait_end_of_query=1`, { method: 'POST', body: sql });
  return answer.ok ? await answer.text() : `status ${answer.status}`;
};

test.skipIf(!disk)('while the disk is full, an answer is whole or an error, and never cut short', async () => {
  const many = 'SELECT number FROM numbers(1000000)';
  const whole = await ask(many);
  await disk?.fill();
  for (let time = 0; time < 20; time++) expect(await ask('SELECT 1, 2, 3')).toBe('1\t2\t3\n');
  expect([whole, 'status 500']).toContain(await ask(many));
  await disk?.free();
  expect(await ask(many)).toBe(whole);
});
