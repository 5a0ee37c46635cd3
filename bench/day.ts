import { loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Command, InvalidArgumentError } from '@commander-js/extra-typings';
import { execa } from 'execa';
import { plainTable } from '../src/cli/common/text.js';
import { addDays } from '../src/shared/day.js';
import { durationText, numberText, sizeText } from '../src/shared/format.js';
import { bareWorkflow } from './bare.js';
import { wholeNumber } from './by-hand.js';
import { openPython } from './python-ways.js';
import { createTables, daybookWay, engineWay, nodeWay, startDaybook, type Measured, type Worker } from './ways.js';
import { generate, openWorld, type World } from './world.js';

/*
 * Loads days of events into ClickHouse in several ways, on the same engine and in the same run:
 *   - Daybook, end to end: list, normalize with every guard, load, refresh, test, publish, through Temporal;
 *   - the engine alone: one INSERT … SELECT … FROM s3(), and the same aggregates;
 *   - a Node script: stream, gunzip, JSON.parse, map, insert, and the same aggregates;
 *   - a smaller day: a Python script that does the same, and dlt, both without aggregates;
 *   - a tiny day, against a Temporal workflow of one activity that does nothing.
 * Absolute figures depend on the machine; compare the ratios.
 */

const FIRST_DAY = '2026-11-01';

const millions = (text: string): number => {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('Expected a number of millions, such as 2 or 0.5.');
  return Math.round(value * 1_000_000);
};

const {
  events: rows,
  runs,
  all,
  output,
} = new Command('bench')
  .option('--events <millions>', 'millions of events a day', millions, 2_000_000)
  .option('--runs <n>', 'days, each loaded in all ways; the fastest of each way counts', wholeNumber, 2)
  .option('--all', 'also run bench:objects, bench:years and bench:wide', false)
  .option('--output <form>', 'text or json', 'text')
  .parse()
  .opts();

/** Events of a smaller day, also to compare peak memory, and of a tiny one. */
const FEWER = Math.min(500_000, Math.ceil(rows / 4));
const TINY = Math.min(1_000, rows);

const log = (text: string) => process.stderr.write(`${text}\n`);

/** What was measured beside Daybook. Milliseconds. */
interface Comparison {
  what: string;
  daybook: number;
  other: number;
}

interface Ways {
  daybook: Measured;
  engine: Measured;
  node: Measured;
}

async function oneDay(world: World, worker: Worker, day: string): Promise<Ways> {
  log(`${day}: generating ${numberText(rows)} events`);
  await generate(world, day, rows);
  const engine = await engineWay(world, day);
  const daybook = await daybookWay(world, worker, day);
  const node = await nodeWay(world, day);
  log(
    `${day}: Daybook ${durationText(daybook.ms)}, engine alone ${durationText(engine.ms)}, Node script ${durationText(node.ms)}`,
  );
  await assertEqual(world, day);
  return { daybook, engine, node };
}

/** Checks that the ways have the same result; otherwise the figures are meaningless. */
async function assertEqual({ clickhouse }: World, day: string): Promise<void> {
  const results = [];
  for (const database of ['bench_daybook', 'bench_engine', 'bench_node']) {
    const [users] = await clickhouse.rows<object>({
      sql: `SELECT * FROM ${database}.daily_users WHERE day = {day:Date}`,
      params: { day },
    });
    const sales = await clickhouse.rows<object>({
      sql: `SELECT * FROM ${database}.daily_sales WHERE day = {day:Date} ORDER BY country`,
      params: { day },
    });
    results.push(JSON.stringify([users, sales]));
  }
  if (new Set(results).size !== 1) throw new Error(`the ways differ on ${day}:\n${results.join('\n')}`);
}

const fastest = (ways: readonly Measured[]): Measured => ways.reduce((best, way) => (way.ms < best.ms ? way : best));

/** Measures tiny days, where everything is a fixed cost. */
async function tinyDays(world: World, worker: Worker): Promise<Comparison> {
  const days: Measured[] = [];
  for (let run = 0; run < runs; run++) {
    const day = addDays(FIRST_DAY, -10 - run);
    await generate(world, day, TINY);
    days.push(await daybookWay(world, worker, day));
  }
  const other = await bareWorkflow(world);
  return { what: `${numberText(TINY)} events, a workflow of one empty activity`, daybook: fastest(days).ms, other };
}

/** Measures a smaller day. It runs before the large ones, because memory that was resident once may stay resident. */
async function smallerDay(world: World, worker: Worker): Promise<{ daybook: Measured; compared: Comparison[] }> {
  const day = addDays(FIRST_DAY, -1);
  log(`${day}: generating ${numberText(FEWER)} events`);
  await generate(world, day, FEWER);
  const daybook = await daybookWay(world, worker, day);
  const python = await openPython(world);
  if (typeof python === 'string') {
    log(`left out: the Python script and dlt (${python})`);
    return { daybook, compared: [] };
  }
  const rest = { daybook: daybook.ms };
  const compared: Comparison[] = [];
  for (const [name, way, table] of [
    ['a Python script', python.script, 'bench_python.events'],
    ['dlt', python.dlt, 'bench_dlt.events___events'],
  ] as const) {
    try {
      const other = await way(day);
      await assertLoaded(world, table);
      compared.push({ ...rest, what: `${numberText(FEWER)} events, ${name}, events alone`, other });
    } catch (error) {
      log(`left out: ${name} (${String(error).split('\n')[0] ?? ''})`);
    }
  }
  return { daybook, compared };
}

async function assertLoaded({ clickhouse }: World, table: string): Promise<void> {
  const [found] = await clickhouse.rows<{ rows: string }>({ sql: `SELECT count() AS rows FROM ${table}` });
  if (Number(found?.rows) !== FEWER)
    throw new Error(`${table} has ${found?.rows ?? 'no'} rows, expected ${FEWER}; the figure is meaningless`);
}

function report({ daybook, engine, node }: Ways, smaller: Measured, more: readonly Comparison[]) {
  const what = `${numberText(rows)} events`;
  const compared: Comparison[] = [
    { what: `${what}, the engine alone`, daybook: daybook.ms, other: engine.ms },
    { what: `${what}, a Node script`, daybook: daybook.ms, other: node.ms },
    ...more,
  ];
  return {
    rows,
    load,
    compared: compared.map((one) => ({ ...one, ratio: round(one.daybook / one.other) })),
    steps: daybook.steps?.map(({ step, ms }) => ({ step, ms })) ?? [],
    peakMemory: { worker: daybook.memory, engine: daybook.engineMemory, nodeScript: node.memory },
    smaller: { rows: FEWER, peakMemory: { worker: smaller.memory } },
  };
}

const round = (value: number) => Math.round(value * 100) / 100;

function print({ compared, steps, peakMemory, smaller }: ReturnType<typeof report>): void {
  const table = plainTable(
    ['compared with', ...['Daybook', 'the other', 'Daybook / other'].map((right) => ({ right }))],
    compared.map(({ what, daybook, other, ratio }) => [
      what,
      durationText(daybook),
      durationText(other),
      String(ratio),
    ]),
  );
  const memory = (bytes: number | undefined) => (bytes === undefined ? 'unknown' : sizeText(bytes));
  process.stdout.write(
    [
      table,
      `load average before the run: ${load.toFixed(1)}`,
      `time by step: ${steps.map(({ step, ms }) => `${step} ${durationText(ms)}`).join(' · ')}`,
      `peak memory: worker ${memory(peakMemory.worker)}, and ${memory(smaller.peakMemory.worker)} for ${numberText(smaller.rows)} events · engine ${memory(peakMemory.engine)} · Node script ${memory(peakMemory.nodeScript)}`,
      '',
    ].join('\n'),
  );
}

const [load = 0] = loadavg();
const world = await openWorld();
try {
  const worker = await startDaybook(world);
  for (const database of ['bench_engine', 'bench_node', 'bench_python']) await createTables(world, database);
  await world.clickhouse.run({ sql: 'CREATE DATABASE bench_dlt' });
  const tiny = await tinyDays(world, worker);
  const smaller = await smallerDay(world, worker);
  const days: Ways[] = [];
  for (let run = 0; run < runs; run++) days.push(await oneDay(world, worker, addDays(FIRST_DAY, run)));
  await worker.stop();
  const result = report(
    {
      daybook: fastest(days.map(({ daybook }) => daybook)),
      engine: fastest(days.map(({ engine }) => engine)),
      node: fastest(days.map(({ node }) => node)),
    },
    smaller.daybook,
    [...smaller.compared, tiny],
  );
  if (output === 'json') process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
  else print(result);
} finally {
  await world.close();
}

if (all)
  for (const other of ['objects', 'years', 'wide']) {
    process.stdout.write(`\nnpm run bench:${other}\n`);
    const script = fileURLToPath(new URL(`${other}.ts`, import.meta.url));
    await execa(process.execPath, ['--import', import.meta.resolve('tsx'), script], { stdio: 'inherit' });
  }
