import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Command } from '@commander-js/extra-typings';
import { loadStatement } from '../activities/load/statements.js';
import { countFates } from '../activities/normalize/statements.js';
import { openApp, type App } from '../src/app.js';
import { apply } from '../src/cli/apply/index.js';
import { plainTable } from '../src/cli/common/text.js';
import type { Question } from '../src/clickhouse/question.js';
import type { Statement } from '../src/clickhouse/statement.js';
import { filledColumns } from '../src/conversions/chunk-columns.js';
import { planDay } from '../src/plan/planning.js';
import { countLines, readLines } from '../src/raw/lines.js';
import { normalizeStatement } from '../src/raw/normalize.js';
import { numberText } from '../src/shared/format.js';
import { engineBucket } from '../src/step/engine-bucket.js';
import { handWritten, readByHand, wholeNumber } from './by-hand.js';
import { generate, openWorld, type World } from './world.js';

/*
 * Measures the engine's CPU time for each statement that Daybook sends for a day's events, and for the INSERT that a person would
 * write, on the same objects. CPU time, unlike elapsed time, does not depend on other load.
 */

const DAY = '2026-11-01';
const PROJECT = fileURLToPath(new URL('project', import.meta.url));
/** A tick of /proc/<pid>/stat, in milliseconds. */
const TICK = 10;

const { rows } = new Command('profile')
  .option('--rows <n>', 'events of the day', wholeNumber, 1_000_000)
  .parse()
  .opts();

/** Reads the CPU time of a process since its start, in milliseconds. */
async function cpuTime(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const [user, system] = stat
    .slice(stat.lastIndexOf(') ') + 2)
    .split(' ')
    .slice(11, 13);
  return (Number(user) + Number(system)) * TICK;
}

const asked = (what: string, { statements }: Question<unknown>): [string, Statement][] =>
  statements.map((statement) => [what, statement]);

/** Builds the statements of a day of the benchmark's project, as its activities would send them. */
async function statementsOf(app: App, world: World): Promise<[what: string, statement: Statement][]> {
  const { dependencies: deps } = app;
  const project = await deps.loadProject();
  const schema = await deps.readSchema(project);
  const { plan } = await planDay(deps, { project, schema, day: DAY, force: false });
  const [source] = plan.sources;
  if (!source) throw new RangeError('the project of the benchmark has no source');
  const columns = plan.tables.find(({ name }) => name === source.name)?.columns ?? [];
  const filled = filledColumns(columns, source.selected);
  const raw = await engineBucket(deps, source.bucket);
  const keys = source.chunks.flatMap(({ objects }) => objects.map(({ key }) => key));
  const parquetKey = `${plan.normalized.prefix}profile.parquet`;
  const window = { first: DAY, last: DAY, folder: DAY };
  const input = readLines(raw, source.bucket, keys, source.contract);
  const normalizing = normalizeStatement({ source, columns, window, input, normalized: raw, parquetKey });
  const reading = { ...normalizing, sql: `${normalizing.sql.slice(normalizing.sql.indexOf('\nWITH'))} FORMAT Null` };
  const target = { database: 'bench_profile', table: 'events' };
  const loading = { target, columns, filled, bucket: raw, parquetKeys: [parquetKey], day: DAY, dedupeBy: [] };
  return [
    ['by hand: one INSERT … SELECT … FROM s3()', handWritten(world, DAY, 'bench_profile')],
    ["by hand: the engine's JSON reader alone, without writing", readByHand(world, DAY)],
    ['normalize: read, convert and check, without writing', reading],
    ['normalize: the same, with writing the chunk', normalizing],
    ...asked('normalize: count the lines in the chunk by fate', countFates(raw, parquetKey, filled)),
    ...asked('count the lines in the raw objects, only where sums differ', countLines(raw, source.bucket, keys)),
    ['load: from the chunk into the stage', loadStatement({ ...loading, bucket_number: 0, buckets: 1 })],
  ];
}

const world = await openWorld();
try {
  await generate(world, DAY, rows);
  const app = await openApp(world.env, PROJECT);
  await apply(app);
  await world.clickhouse.run({ sql: 'CREATE DATABASE bench_profile' });
  await world.clickhouse.run({ sql: 'CREATE TABLE bench_profile.events AS bench_daybook.events' });
  const engine = world.stack.processes.find(({ name }) => name === 'clickhouse')?.pid ?? 0;
  const spent: [string, number][] = [];
  for (const [what, statement] of await statementsOf(app, world)) {
    const before = await cpuTime(engine);
    await app.clickhouse.run(statement, { what, zone: 'UTC' });
    spent.push([what, (await cpuTime(engine)) - before]);
  }
  await app.close();
  const [, byHand = 1] = spent[0] ?? [];
  const table = spent.map(([what, ms]) => [what, numberText(ms), (ms / byHand).toFixed(2)]);
  process.stdout.write(
    `${plainTable([`${numberText(rows)} events`, { right: 'CPU ms' }, { right: 'relative to the INSERT by hand' }], table)}\n`,
  );
} finally {
  await world.close();
}
