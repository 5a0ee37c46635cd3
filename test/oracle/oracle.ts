import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { objectTable } from '../../src/clickhouse/object-table.js';
import { literal } from '../../src/clickhouse/text.js';
import { chunkStructure, filledColumns } from '../../src/conversions/chunk-columns.js';
import { parseType } from '../../src/conversions/column-types.js';
import type { Stack } from '../../src/local/stack-file.js';
import { readPlan } from '../../src/plan/stored.js';
import { engineBucket } from '../../src/step/engine-bucket.js';
import { pythonTools } from '../clients/python.js';
import { openDays, type DayProject } from '../support/day.js';
import { plainRows } from './plain.js';
import { markdownTable } from './rules.js';

const ORACLE = fileURLToPath(new URL('oracle.py', import.meta.url));
const DAY = '2026-01-01';
const SOURCES = { lines: 'ndjson', files: 'parquet' } as const;

/** Types of the contract, some with a unit of numbers. */
const CONTRACT = JSON.parse(await readFile(new URL('contract.json', import.meta.url), 'utf8')) as Record<
  string,
  string | [type: string, unit: string]
>;
const columns = Object.entries(CONTRACT).map(([name, given]) =>
  typeof given === 'string' ? { name, type: given, unit: '' } : { name, type: given[0], unit: given[1] },
);

export interface OracleOptions {
  seed: number | string;
  lines: number;
  files: number;
  /** Version of Python, as `pythonVersion` found it. */
  python: string;
}

/** The oracle's output; its last line is `N lines, 0 fates differ, 0 values differ` if nothing is wrong. */
export interface Verdict {
  equal: boolean;
  words: string;
}

/**
 * Makes raw objects from a seed, runs them through Daybook's list and normalize steps on the stack, and has a program in Python, which
 * knows the written rules and no database, compare each line's fate and values with what is right.
 */
export async function runOracle(
  stack: Stack,
  options: OracleOptions,
  report: (what: string) => void,
): Promise<Verdict> {
  const { seed, lines, files, python } = options;
  const tools = await pythonTools(python, '../oracle/requirements.txt');
  const folder = await mkdtemp(join(tmpdir(), 'daybook-oracle-'));
  const oracle = (...args: (string | number)[]) =>
    execa(join(tools, 'python'), ['-B', ORACLE, ...args.map(String)], {
      reject: false,
      all: true,
    });
  const project = await openDays(stack, projectFiles(), CONFIG, { worker: false });
  try {
    report(`making ${lines} lines and ${files} files`);
    const made = await oracle('make', seed, lines, files, folder);
    if (made.failed) throw new Error(`the oracle could not make its lines:\n${made.all}`);
    for (const name of await readdir(join(folder, 'objects'))) {
      const source = name.endsWith('.parquet') ? 'files' : 'lines';
      await project.put(`raw/${source}/${DAY}/${name}`, await readFile(join(folder, 'objects', name)));
    }
    report('normalizing');
    const { build } = await project.attempt().list({ day: DAY, force: false });
    const chunks = await normalizeAll(project, build);
    for (const source of Object.keys(SOURCES)) await writeFound(project, source, join(folder, 'found'), build);
    report(`judging ${chunks} chunks`);
    const judged = await oracle('judge', folder);
    return { equal: !judged.failed, words: judged.all };
  } finally {
    await project.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Which columns keep every value of each Parquet type, and which keep those that fit, as a table in Markdown. */
export async function parquetTable(python: string): Promise<string> {
  const tools = await pythonTools(python, '../oracle/requirements.txt');
  const { stdout } = await execa(join(tools, 'python'), ['-B', ORACLE, 'table']);
  const rows = JSON.parse(stdout) as [type: string, every: string[], some: string[]][];
  const listed = (names: string[]) =>
    names.map((name) => (name.includes(' ') ? name : `\`${name}\``)).join(', ') || '–';
  return markdownTable([
    ['type in pyarrow', 'columns that keep every value', 'columns that keep what fits and reject the other rows'],
    ...rows.map(([type, every, some]) => [`\`${type}\``, listed(every), listed(some)]),
  ]);
}

type Build = Awaited<ReturnType<ReturnType<DayProject['attempt']>['list']>>['build'];

async function normalizeAll(project: DayProject, build: Build): Promise<number> {
  const plan = await readPlan(project.app, build);
  const chunks = plan.sources.flatMap((source) => source.chunks).length;
  for (let chunk = 0; chunk < chunks; chunk++) await project.attempt().normalize({ build, chunk });
  return chunks;
}

/** Writes what became of each object's lines, as the oracle reads it. */
async function writeFound(project: DayProject, source: string, folder: string, build: Build): Promise<void> {
  const { app } = project;
  const plan = await readPlan(app, build);
  const table = plan.tables.find(({ name }) => name === source);
  const planned = plan.sources.find(({ name }) => name === source);
  if (!table || !planned) throw new Error(`the plan lacks ${source}`);
  const structure = chunkStructure(filledColumns(table.columns, planned.selected));
  const bucket = await engineBucket(app, plan.normalized.bucket);
  const types = columns.map(({ name, type }) => ({ name, type: parseType(type) }));
  for (const { parquet, accounts, quarantined } of (await project.manifests(DAY, source)).values()) {
    for (const { object, reason } of quarantined)
      await writeFile(join(folder, nameOf(object)), `${JSON.stringify(['1', 'bad', reason, []])}\n`);
    for (const { object } of accounts.filter((one) => !quarantined.some((bad) => bad.object === one.object))) {
      const from = objectTable(bucket, [parquet], 'Parquet', structure, 'chunk');
      const rows = await app.clickhouse.rows<{ row: string }>({
        sql: `SELECT ${plainRows(types)} AS row FROM ${from.sql} WHERE _object = ${literal(object)} ORDER BY _line`,
        params: from.params,
      });
      await writeFile(join(folder, nameOf(object)), rows.map(({ row }) => `${row}\n`).join(''));
    }
  }
}

const nameOf = (object: string) => object.slice(object.lastIndexOf('/') + 1);

const SOURCE_COLUMN = '_source Tuple(object String, line UInt64, text String, error String)';

function projectFiles(): Record<string, string> {
  const declared = columns.map(({ name, type }) => `${name} ${type}`).join(', ');
  const contract = columns.map(({ name, type, unit }) => `${name} ${type}${unit && ` COMMENT 'unit: ${unit}'`}`);
  return Object.fromEntries(
    Object.keys(SOURCES).flatMap((source) => [
      [
        `sql/raw/${source}.sql`,
        `CREATE TABLE raw_${source} (${contract.join(', ')}, ${SOURCE_COLUMN}) ENGINE = MergeTree ORDER BY tuple();`,
      ],
      [
        `sql/normalized/${source}.sql`,
        `CREATE TABLE ${source} (day Date, ${declared}) ENGINE = MergeTree PARTITION BY day ORDER BY id;
SELECT toDate('${DAY}') AS day, * FROM raw_${source};`,
      ],
    ]),
  );
}

/** A chunk of its own for each file: their columns differ, so that each is planned by itself anyway. */
const CONFIG = {
  timezone: 'UTC',
  sources: Object.fromEntries(
    Object.entries(SOURCES).map(([source, format]) => [
      source,
      {
        prefix: `raw/${source}/{YYYY}-{MM}-{DD}/`,
        arrival: { before: 0, after: 0 },
        format,
        maxRejects: 1_000_000_000,
        onBadObject: 'quarantine',
        chunk: { maxObjects: format === 'parquet' ? 1 : 4 },
      },
    ]),
  ),
};
