import { Command } from '@commander-js/extra-typings';
import Table from 'cli-table3';
import { addDays } from '../src/shared/day.js';
import { durationText, numberText, sizeText } from '../src/shared/format.js';
import { wholeNumber } from './by-hand.js';
import { createTables, daybookWay, engineWay, nodeWay, startDaybook, type Measured, type Worker } from './ways.js';
import { generate, openWorld, type World } from './world.js';

/*
 * Loads one day of events into ClickHouse in three ways, on the same engine and in the same run:
 *   (a) Daybook, end to end: list, normalize with every guard, load, refresh, test, publish, through Temporal;
 *   (b) the engine alone: one INSERT … SELECT … FROM s3(), and the same aggregates;
 *   (c) a Node script: stream, gunzip, JSON.parse, map, insert, and the same aggregates.
 * Absolute figures depend on the machine; compare the ratios.
 */

const FIRST_DAY = '2026-11-01';

const { rows, runs, output } = new Command('bench')
  .option('--rows <n>', 'events per day', wholeNumber, 2_000_000)
  .option('--runs <n>', 'days, each loaded in all three ways; the fastest of each way counts', wholeNumber, 2)
  .option('--output <form>', 'text or json', 'text')
  .parse()
  .opts();

/** Events of a smaller day, to compare peak memory. */
const FEWER = Math.ceil(rows / 4);

const log = (text: string) => process.stderr.write(`${text}\n`);

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

/** Checks that the three ways have the same result; otherwise the figures are meaningless. */
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
  if (new Set(results).size !== 1) throw new Error(`the three ways differ on ${day}:\n${results.join('\n')}`);
}

const fastest = (ways: readonly Measured[]): Measured => ways.reduce((best, way) => (way.ms < best.ms ? way : best));

/** Measures a smaller day. It runs first, because memory that was resident once may stay resident. */
async function smallerDay(world: World, worker: Worker): Promise<Measured> {
  const day = addDays(FIRST_DAY, -1);
  log(`${day}: generating ${numberText(FEWER)} events`);
  await generate(world, day, FEWER);
  return await daybookWay(world, worker, day);
}

function report({ daybook, engine, node }: Ways, smaller: Measured) {
  return {
    rows,
    ms: { daybook: Math.round(daybook.ms), engine: Math.round(engine.ms), node: Math.round(node.ms) },
    rowsPerSecond: {
      daybook: Math.round((rows / daybook.ms) * 1000),
      engine: Math.round((rows / engine.ms) * 1000),
      node: Math.round((rows / node.ms) * 1000),
    },
    ratios: { daybook_vs_engine: round(daybook.ms / engine.ms), node_vs_daybook: round(node.ms / daybook.ms) },
    steps: daybook.steps?.map(({ step, ms }) => ({ step, ms })) ?? [],
    peakMemory: { worker: daybook.memory, engine: daybook.engineMemory, nodeScript: node.memory },
    smaller: { rows: FEWER, peakMemory: { worker: smaller.memory } },
  };
}

const round = (value: number) => Math.round(value * 100) / 100;

function print(result: ReturnType<typeof report>): void {
  const table = new Table({ head: ['way', 'time', 'rows/s', 'relative to Daybook'], style: { head: [], border: [] } });
  const names = { daybook: '(a) Daybook, all guards on', engine: '(b) the engine alone', node: '(c) a Node script' };
  for (const way of ['daybook', 'engine', 'node'] as const)
    table.push([
      names[way],
      durationText(result.ms[way]),
      numberText(result.rowsPerSecond[way]),
      `${round(result.ms[way] / result.ms.daybook)} x`,
    ]);
  const { worker, engine, nodeScript } = result.peakMemory;
  const memory = (bytes: number | undefined) => (bytes === undefined ? 'unknown' : sizeText(bytes));
  process.stdout.write(
    [
      table.toString(),
      `time by step: ${result.steps.map(({ step, ms }) => `${step} ${durationText(ms)}`).join(' · ')}`,
      `peak memory: worker ${memory(worker)}, and ${memory(result.smaller.peakMemory.worker)} for ${numberText(FEWER)} events · engine ${memory(engine)} · Node script ${memory(nodeScript)}`,
      `ratios: Daybook / engine alone ${result.ratios.daybook_vs_engine} · Node script / Daybook ${result.ratios.node_vs_daybook}`,
      '',
    ].join('\n'),
  );
}

const world = await openWorld();
try {
  const worker = await startDaybook(world);
  await createTables(world, 'bench_engine');
  await createTables(world, 'bench_node');
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
    smaller,
  );
  if (output === 'json') process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
  else print(result);
} finally {
  await world.close();
}
