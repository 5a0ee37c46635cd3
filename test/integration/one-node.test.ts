import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectClickHouse } from '../../src/clickhouse/client.js';
import { openBalancer } from '../support/balancer.js';
import { engineFolder, startEngine, type EngineProcess } from './engine-process.js';

/** What the set-up made, ended in reverse. */
const ends: (() => Promise<unknown>)[] = [];
let nodes: EngineProcess[];

beforeAll(async () => {
  nodes = await Promise.all(
    ['node-1', 'node-2'].map(async (name) => {
      const folder = await engineFolder();
      ends.unshift(folder.remove);
      const extra = join(folder.path, 'clickhouse', 'config.d');
      await mkdir(extra, { recursive: true });
      await writeFile(join(extra, 'name.xml'), `<clickhouse><display_name>${name}</display_name></clickhouse>`);
      const node = await startEngine(folder.path);
      ends.unshift(() => node.stop());
      return node;
    }),
  );
});

afterAll(async () => {
  for (const end of ends) await end();
});

test('nodes behind a balancer are refused by name before a third statement has its answer; one node is not', async () => {
  const names = async (urls: readonly string[]) => {
    const balancer = await openBalancer(urls);
    ends.unshift(() => balancer.close());
    const clickhouse = connectClickHouse({ url: balancer.url, user: 'stack_daybook', password: 'of-a-test' });
    ends.unshift(() => clickhouse.close());
    const asked = { sql: 'SELECT displayName() AS name' };
    const answers: string[] = [];
    for (let statement = 0; statement < 4; statement++)
      answers.push(
        await clickhouse.rows<{ name: string }>(asked).then(
          ([row]) => row?.name ?? '',
          (error: unknown) => (error instanceof Error ? error.message : String(error)),
        ),
      );
    return answers;
  };
  const [one = '', two = ''] = nodes.map(({ url }) => url);
  expect(await names([one])).toEqual(['node-1', 'node-1', 'node-1', 'node-1']);
  const refusal = expect.stringContaining('several ClickHouse nodes answer in turn: node-1 and node-2.') as string;
  expect(await names([one, two])).toEqual(['node-1', 'node-2', refusal, refusal]);
});
