import { fileURLToPath } from 'node:url';
import { Command } from '@commander-js/extra-typings';
import { openApp } from '../src/app.js';
import { startBackfill } from '../src/cli/backfill/start.js';
import { addDays } from '../src/shared/day.js';
import { durationText, numberText } from '../src/shared/format.js';
import type { BackfillResult } from '../src/shared/workflows.js';
import { wholeNumber } from './by-hand.js';
import { startDaybook } from './ways.js';
import { openWorld, rawTable, type World } from './world.js';

/*
 * Backfills many small days at the default concurrency: a source of about 900 flights a day, and three models, one of which looks
 * back six days and one of which adds to its own previous day. Then the same range again, with nothing new. Beside it, the engine
 * alone: one INSERT … SELECT … FROM s3() for all days. Of several years, each is also shown apart: a day may not cost more because
 * there are more before it.
 */

const PROJECT = fileURLToPath(new URL('years', import.meta.url));
const FIRST = '2005-01-01';

const { days, flights, before } = new Command('bench:years')
  .option('--days <n>', 'days of the range', wholeNumber, 365)
  .option('--before <n>', 'days that tables and ledger have from before the range, made up', wholeNumber)
  .option('--flights <n>', 'flights of a day', wholeNumber, 923)
  .parse()
  .opts();

const LAST = addDays(FIRST, days - 1);
const STRUCTURE =
  'flight String, day Date, carrier String, origin String, destination String, delay Nullable(Int32), distance UInt32';

const flightsTable = (world: World, day: string): string =>
  rawTable(world, day, 'part.json.gz', 'JSONEachRow', STRUCTURE);

/** Writes one object a day. */
async function generateFlights(world: World): Promise<void> {
  await world.clickhouse.run({
    sql: `
INSERT INTO FUNCTION ${flightsTable(world, '{_partition_id}')}
PARTITION BY toString(day)
SELECT
    concat(toString(day), '-', toString(number % {flights:UInt64})) AS flight,
    {first:Date} + intDiv(number, {flights:UInt64}) AS day,
    ['UA', 'B6', 'EV', 'DL', 'AA', 'MQ'][1 + intHash32(number) % 6] AS carrier,
    ['EWR', 'JFK', 'LGA'][1 + intHash32(number + 1) % 3] AS origin,
    concat('D', toString(intHash32(number + 2) % 105)) AS destination,
    if(intHash32(number + 3) % 40 = 0, NULL, toInt32(intHash32(number + 3) % 200) - 30) AS delay,
    80 + intHash32(number + 4) % 4900 AS distance
FROM numbers({rows:UInt64})`,
    params: { first: FIRST, flights, rows: days * flights },
    settings: { max_partitions_per_insert_block: '0' },
  });
}

/** Versions of a day that the made-up ledger knows. */
const VERSIONS = 3;

/** Gives each table a partition, and the ledger its records, for days before the range: a project's years of use. */
async function rememberDays({ clickhouse }: World, count: number): Promise<void> {
  const day = '{first:Date} - 1 - number % {count:UInt32} AS day';
  const generation = '1 + intDiv(number, {count:UInt32}) AS generation';
  const fill = (into: string, columns: string, rows: number) =>
    clickhouse.run({
      sql: `INSERT INTO ${into} SELECT ${columns} FROM numbers({rows:UInt64})`,
      params: { first: FIRST, count, rows },
      settings: { max_partitions_per_insert_block: '0' },
    });
  for (const event of ['planned', 'published'])
    await fill(
      'daybook.builds (project, day, generation, event)',
      `'years', ${day}, ${generation}, '${event}'`,
      count * VERSIONS,
    );
  await fill(
    'daybook.chunks (project, source, folder, chunk, normalizer)',
    `'years', 'flights', ${day}, hex(MD5(toString(number))), hex(MD5('n'))`,
    count * VERSIONS,
  );
  for (const table of ['flights', 'daily_carriers', 'weekly_routes', 'total_distance']) {
    await fill(`years_daybook.${table} (day)`, day, count);
    for (const event of ['intent', 'done'])
      await fill(
        'daybook.publishes (project, day, generation, table, event, rows)',
        `'years', ${day}, ${generation}, '${table}', '${event}', 1`,
        count * VERSIONS,
      );
    await fill(
      'daybook.accounts (project, account, day, generation, source, rows, loaded)',
      `'years', 'day', ${day}, ${generation}, '${table}', 1, 1`,
      count * VERSIONS,
    );
  }
}

async function timed<T>(work: () => Promise<T>): Promise<{ ms: number; made: T }> {
  const started = performance.now();
  const made = await work();
  return { ms: performance.now() - started, made };
}

async function backfillRange(world: World): Promise<BackfillResult> {
  const app = await openApp(world.env, PROJECT);
  try {
    return (await (await startBackfill(app, { start: FIRST, end: LAST })).result()) as BackfillResult;
  } finally {
    await app.close();
  }
}

/** Milliseconds a built day for each whole year of the range, by when its last day was recorded as published. */
async function eachYear({ clickhouse }: World): Promise<number[]> {
  const years = await clickhouse.rows<{ built: number }>({
    sql: `
SELECT dateDiff('ms', min(at), max(at)) / (count() - 1) AS built
FROM daybook.builds
WHERE event = 'published'
GROUP BY intDiv(day - {first:Date}, 365) AS year
HAVING count() = 365
ORDER BY year`,
    params: { first: FIRST },
  });
  return years.map(({ built }) => built);
}

function assertCount(what: keyof BackfillResult['counts'], { counts }: BackfillResult): void {
  if (counts[what] !== days) throw new Error(`expected ${days} days ${what}, found ${JSON.stringify(counts)}`);
}

const world = await openWorld();
try {
  process.stderr.write(`generating ${numberText(days)} days of ${numberText(flights)} flights\n`);
  await generateFlights(world);
  const worker = await startDaybook(world, PROJECT);
  await world.clickhouse.run({ sql: 'CREATE DATABASE years_engine' });
  await world.clickhouse.run({ sql: 'CREATE TABLE years_engine.flights AS years_daybook.flights' });
  if (before !== undefined) await rememberDays(world, before);
  const engine = await timed(() =>
    world.clickhouse.run({
      sql: `INSERT INTO years_engine.flights SELECT day, flight, carrier, origin, destination, delay, distance FROM ${flightsTable(world, '*')}`,
      settings: { max_partitions_per_insert_block: '0' },
    }),
  );
  const built = await timed(() => backfillRange(world));
  assertCount('published', built.made);
  const years = await eachYear(world);
  const unchanged = await timed(() => backfillRange(world));
  assertCount('unchanged', unchanged.made);
  await worker.stop();
  const each = (ms: number) => `${durationText(ms)}, ${Math.round(ms / days)} ms a day`;
  process.stdout.write(
    `${numberText(days)} days of ${numberText(flights)} flights, four tables${before === undefined ? '' : `, after ${numberText(before)} days`}
backfill at the default concurrency   ${each(built.ms)}
the same range, nothing new           ${each(unchanged.ms)}
the engine alone, one INSERT          ${each(engine.ms)}
${years.map((ms, index) => `year ${index + 1}, a built day`.padEnd(38) + `${durationText(ms)}\n`).join('')}`,
  );
} finally {
  await world.close();
}
