import { loadStatement } from '../activities/load/statements.js';
import { plainTable } from '../src/cli/common/text.js';
import type { Column } from '../src/clickhouse/column.js';
import { objectTable } from '../src/clickhouse/object-table.js';
import { chunkStructure } from '../src/conversions/chunk-columns.js';
import { numberText, sizeText } from '../src/shared/format.js';
import { connectStore } from '../src/store/store.js';
import { resetPeak, peakMemory } from './memory.js';
import { BUCKET, openWorld } from './world.js';

/*
 * Measures the engine's memory for deduplication by key: the rows of the day grow, while the rows of a bucket, which is one
 * statement, stay the same. One row in ten is a duplicate.
 */

const ROWS_PER_BUCKET = 1_000_000;
const MILLIONS = [1, 2, 4, 8];
const DAY = '2026-11-01';
const COLUMNS: Column[] = [
  ['day', 'Date'],
  ['id', 'String'],
  ['amount', 'UInt64'],
  ['note', 'String'],
].map(([name = '', type = '']) => ({ name, type, defaultKind: '' }));

const world = await openWorld();
try {
  const store = connectStore(world.env.s3);
  const bucket = {
    name: BUCKET,
    url: store.engine.bucketUrl(BUCKET),
    collection: undefined,
    credentials: await store.engine.credentials(),
  };
  store.close();
  await world.clickhouse.run({ sql: 'CREATE DATABASE bench_dedupe' });
  const pid = world.stack.processes.find(({ name }) => name === 'clickhouse')?.pid ?? 0;
  const rows: string[][] = [];
  for (const millions of MILLIONS) {
    const count = millions * 1_000_000;
    const key = `dedupe/${millions}.parquet`;
    const { sql, params } = objectTable(bucket, [key], 'Parquet', chunkStructure(COLUMNS), 'chunk');
    await world.clickhouse.run({
      sql: `
INSERT INTO FUNCTION ${sql}
SELECT 'row', 'object', number, '', '', 0, {day:Date}, hex(sipHash128(intDiv(number * 9, 10))), number, repeat('x', 50)
FROM numbers({count:UInt64})`,
      params: { ...params, day: DAY, count },
    });
    const table = `rows_${millions}`;
    await world.clickhouse.run({
      sql: `CREATE TABLE bench_dedupe.${table} (day Date, id String, amount UInt64, note String) ENGINE = MergeTree PARTITION BY day ORDER BY id`,
    });
    const load = loadStatement({
      target: { database: 'bench_dedupe', table },
      columns: COLUMNS,
      filled: COLUMNS,
      bucket,
      parquetKeys: [key],
      day: DAY,
      dedupeBy: ['id'],
      bucket_number: 0,
      buckets: count / ROWS_PER_BUCKET,
    });
    await resetPeak(pid);
    const before = (await peakMemory(pid)) ?? 0;
    const started = performance.now();
    await world.clickhouse.run(load);
    const took = performance.now() - started;
    const peak = (await peakMemory(pid)) ?? 0;
    const [found] = await world.clickhouse.rows<{ loaded: string }>({
      sql: `SELECT count() AS loaded FROM bench_dedupe.${table}`,
    });
    rows.push([
      numberText(count),
      numberText(Number(found?.loaded)),
      sizeText(before),
      sizeText(peak),
      `${(took / 1000).toFixed(1)} s`,
    ]);
  }
  const headings = ['rows of the day', 'loaded by one statement', 'memory before', 'peak', 'took'].map((right) => ({
    right,
  }));
  process.stdout.write(`${plainTable(headings, rows)}\n`);
} finally {
  await world.close();
}
