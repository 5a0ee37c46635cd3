import { Command } from '@commander-js/extra-typings';
import { plainTable } from '../src/cli/common/text.js';
import type { Column } from '../src/clickhouse/column.js';
import type { Statement } from '../src/clickhouse/statement.js';
import { literal, name } from '../src/clickhouse/text.js';
import { readLines } from '../src/raw/lines.js';
import { normalizeStatement } from '../src/raw/normalize.js';
import { numberText } from '../src/shared/format.js';
import { engineBucket } from '../src/step/engine-bucket.js';
import { connectStore, type Store } from '../src/store/store.js';
import { wholeNumber } from './by-hand.js';
import { BUCKET, openWorld, rawTable, type World } from './world.js';

/*
 * Measures what a wide contract costs: the statement that normalizes a chunk, against the engine's own INSERT of the same JSON lines and
 * columns. With one line nearly all of the time is the statement's planning, which must grow in proportion to the columns.
 */

const { lines, tries } = new Command('wide')
  .option('--lines <n>', 'lines of the larger object', wholeNumber, 5_000)
  .option('--tries <n>', 'runs of each statement, of which the fastest counts', wholeNumber, 5)
  .parse()
  .opts();

const WIDTHS = [10, 50, 100, 200, 300];
const DAY = '2026-11-01';

/** Types of a mixed contract, each with a value. */
const KINDS: [type: string, value: unknown][] = [
  ['String', 'text'],
  ['Nullable(String)', null],
  ['LowCardinality(String)', 'few'],
  ['Int32', -7],
  ['Nullable(UInt64)', 123_456],
  ['Decimal(18, 4)', 1.5],
  ['Nullable(Float64)', 2.5],
  ['Date', '2026-02-28'],
  ["DateTime64(3, 'Europe/Berlin')", '2026-07-01T10:00:00.250Z'],
  ['Bool', true],
  ['UUID', '61f0c404-5cb3-11e7-907b-a6006ad3dba0'],
  ["Enum8('new' = 1, 'paid' = 2)", 'paid'],
  ['Array(String)', ['a', 'b']],
  ['Map(String, Int64)', { k: 1 }],
  ['Tuple(a Nullable(String), b Int64)', { a: 'x', b: 2 }],
];
const kindOf = (index: number) => KINDS[index % KINDS.length] ?? ['String', ''];

const contractOf = (width: number): Column[] =>
  Array.from({ length: width }, (_, index) => ({ name: `field_${index}`, type: kindOf(index)[0], defaultKind: '' }));

const lineOf = (width: number): string =>
  JSON.stringify(Object.fromEntries(contractOf(width).map((column, index) => [column.name, kindOf(index)[1]])));

/** Returns the type of a column of `raw_events`: scalars are Nullable there. */
const rawType = (type: string): string =>
  type
    .replace(/^LowCardinality\((.*)\)$/, 'LowCardinality(Nullable($1))')
    .replace(/^(?!Array|Map|Tuple|Nullable|Low).*/, 'Nullable($&)');

const given = (column: string, type: string): Column => ({ name: column, type, defaultKind: '' });

/** Writes the statement that normalizes one object, with a CHECK constraint for every tenth column. */
async function normalizing(
  { env }: World,
  store: Store,
  width: number,
  key: string,
  attempt: number,
): Promise<Statement> {
  const bucket = await engineBucket({ store }, BUCKET);
  const contract = contractOf(width);
  const source = {
    name: 'events',
    contract,
    select: `SELECT toDate('${DAY}') AS day, * FROM raw_events`,
    selected: [
      given('day', 'Date'),
      ...contract.map(({ name: column, type }) => given(column, rawType(type))),
      given('_source', 'Tuple(object String, line UInt64, text String, error String)'),
    ],
    constraints: contract
      .filter((_, index) => index % 10 === 0)
      .map(({ name: column }) => ({ name: `${column}_short`, expression: `length(toString(${name(column)})) < 100` })),
  };
  return normalizeStatement({
    source,
    columns: [given('day', 'Date'), ...contract],
    window: { first: DAY, last: DAY, folder: DAY },
    input: readLines(bucket, BUCKET, [key], contract),
    normalized: bucket,
    parquetKey: `${env.clickhouse.user}/wide-${width}-${attempt}.parquet`,
  });
}

const inserting = (world: World, width: number, file: string): Statement => ({
  sql: `INSERT INTO bench_wide.events_${width} SELECT toDate(${literal(DAY)}), * FROM ${rawTable(world, DAY, file, 'JSONEachRow', structureOf(width), 'none')}`,
  settings: { date_time_input_format: 'best_effort' },
});

const structureOf = (width: number) =>
  contractOf(width)
    .map(({ name: column, type }) => `${name(column)} ${type}`)
    .join(', ');

/** Returns the fastest of several runs, in milliseconds. */
async function fastest({ clickhouse }: World, statement: (attempt: number) => Promise<Statement>): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let attempt = 0; attempt < tries; attempt++) {
    const next = await statement(attempt);
    const started = performance.now();
    await clickhouse.run(next, { zone: 'UTC' });
    best = Math.min(best, performance.now() - started);
  }
  return best;
}

async function measure(world: World, store: Store, width: number): Promise<string[]> {
  const row = [String(width)];
  for (const count of [1, lines]) {
    const file = `wide-${width}-${count}.json`;
    const key = `raw/dt=${DAY}/${file}`;
    await store.write(BUCKET, key, `${lineOf(width)}\n`.repeat(count));
    const engine = await fastest(world, () => Promise.resolve(inserting(world, width, file)));
    const daybook = await fastest(world, (attempt) => normalizing(world, store, width, key, count * tries + attempt));
    row.push(numberText(Math.round(daybook)), numberText(Math.round(engine)), (daybook / engine).toFixed(1));
  }
  return row;
}

const world = await openWorld(['clickhouse', 's3']);
const store = connectStore(world.env.s3);
try {
  await world.clickhouse.run({ sql: 'CREATE DATABASE bench_wide' });
  const rows: string[][] = [];
  for (const width of WIDTHS) {
    await world.clickhouse.run({
      sql: `CREATE TABLE bench_wide.events_${width} (day Date, ${structureOf(width)}) ENGINE = MergeTree PARTITION BY day ORDER BY tuple()`,
    });
    process.stderr.write(`${width} columns\n`);
    rows.push(await measure(world, store, width));
  }
  const of = (count: number) => [`${numberText(count)} lines: ms`, 'INSERT ms', 'ratio'].map((right) => ({ right }));
  process.stdout.write(`${plainTable(['columns', ...of(1), ...of(lines)], rows)}\n`);
} finally {
  store.close();
  await world.close();
}
