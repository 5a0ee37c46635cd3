import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pythonTools, pythonVersion } from '../clients/python.js';
import { engineFolder, startEngine, type EngineProcess } from './engine-process.js';

const clients = fileURLToPath(new URL('../clients', import.meta.url));
const version = await pythonVersion();
if (!version)
  console.warn('SKIPPED: the checks of clickhouse-connect, clickhouse-driver and dbt need python3, 3.10 or newer.');

describe.skipIf(!version)('clients in Python', () => {
  let tools: string;
  let folder: Awaited<ReturnType<typeof engineFolder>>;
  let output: string;
  let engine: EngineProcess;

  beforeAll(async () => {
    tools = await pythonTools(version ?? '');
    folder = await engineFolder();
    output = await mkdtemp(join(tmpdir(), 'daybook-dbt-'));
    engine = await startEngine(folder.path);
  });

  afterAll(async () => {
    await engine.stop();
    await folder.remove();
    await rm(output, { recursive: true, force: true });
  });

  /** What a script says of each of its checks, without the time that it took. */
  async function promises(script: string): Promise<string[]> {
    const { stdout } = await execa(join(tools, 'python'), [join(clients, script)], { env: engine.variables });
    return stdout.split('\n').map((line) => line.replace(/ [\d.]+$/, ''));
  }

  async function rows(query: string): Promise<unknown[]> {
    return (await engine.client.query({ query, format: 'JSONCompactEachRow' })).json();
  }

  test('clickhouse-connect reads and writes', async () => {
    expect(await promises('connect.py')).toEqual([
      'ok connects',
      'ok binds_parameters',
      'ok reads_native_types',
      'ok inserts_native',
      'ok streams',
      'ok tells_errors',
      'ok has_settings_and_sessions',
      'ok sends_summary_and_ids',
      'ok takes_external_data',
    ]);
    // Itself, and the statement that keeps the engine running.
    expect(await rows('SELECT query FROM system.processes')).toHaveLength(2);
  });

  test('clickhouse-driver speaks the native protocol', async () => {
    expect(await promises('native.py')).toEqual([
      'ok connects',
      'ok binds_parameters',
      'ok inserts_and_reads_blocks',
      'ok streams',
      'ok tells_errors',
      'ok reads_as_a_reader_may',
    ]);
  });

  test('dbt builds a project, and builds it again incrementally', async () => {
    const project = join(clients, 'dbt');
    const build = async (): Promise<Record<string, string>> => {
      const folders = [
        '--project-dir',
        project,
        '--profiles-dir',
        project,
        '--target-path',
        output,
        '--log-path',
        output,
      ];
      await execa(join(tools, 'dbt'), ['--no-use-colors', 'build', ...folders], { env: engine.variables });
      const { results } = JSON.parse(await readFile(join(output, 'run_results.json'), 'utf8')) as {
        results: { unique_id: string; status: string }[];
      };
      return Object.fromEntries(results.map(({ unique_id, status }) => [unique_id.split('.')[2] ?? unique_id, status]));
    };
    const tables = "SELECT name, engine FROM system.tables WHERE database = 'dbt_shop' ORDER BY name";
    const expected = {
      countries: 'success',
      ...{ orders: 'success', named_orders: 'success', daily_sales: 'success', order_log: 'success' },
      ...{ best_country: 'success', no_order_is_lost: 'pass', unique_orders_id: 'pass', not_null_orders_id: 'pass' },
      relationships_orders_country__code__ref_countries_: 'pass',
      accepted_values_daily_sales_country__Germany__France__Japan: 'pass',
    };

    expect(await build()).toEqual(expected);
    expect(await rows(tables)).toEqual([
      ['best_country', 'MergeTree'],
      ['countries', 'MergeTree'],
      ['daily_sales', 'MergeTree'],
      ['named_orders', 'View'],
      ['order_log', 'MergeTree'],
      ['orders', 'MergeTree'],
    ]);
    const sales = 'SELECT toInt32(sum(orders)), uniqExact(built_at) FROM dbt_shop.daily_sales';
    expect(await rows(sales)).toEqual([[1000, 1]]);
    expect(await rows('SELECT country FROM dbt_shop.best_country')).toEqual([['Germany']]);

    expect(await build()).toEqual(expected);
    // The last day was replaced and the others were left; ten rows were appended.
    const newest = 'built_at = (SELECT max(built_at) FROM dbt_shop.daily_sales)';
    const days = `SELECT DISTINCT toDayOfMonth(day), ${newest} FROM dbt_shop.daily_sales ORDER BY ALL`;
    expect(await rows(days)).toEqual([
      [1, 0],
      [2, 0],
      [3, 0],
      [4, 1],
    ]);
    expect(await rows('SELECT count(), uniqExact(id) FROM dbt_shop.order_log')).toEqual([[1010, 1000]]);
  });
});
