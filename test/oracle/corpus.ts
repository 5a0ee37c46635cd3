import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { objectTable } from '../../src/clickhouse/object-table.js';
import { name } from '../../src/clickhouse/text.js';
import { chunkStructure, filledColumns } from '../../src/conversions/chunk-columns.js';
import { parseType } from '../../src/conversions/column-types.js';
import type { Stack } from '../../src/local/stack-file.js';
import { readPlan } from '../../src/plan/stored.js';
import { engineBucket } from '../../src/step/engine-bucket.js';
import { pythonTools } from '../clients/python.js';
import { openDays, type DayProject } from '../support/day.js';
import { plainRows } from './plain.js';

/** What pyarrow reads in a file. */
interface Expected {
  /** Columns of a contract, of the file's own types; null if pyarrow can't read the schema. */
  columns: Record<string, string> | null;
  /** The values of each row that are not empty, in their plain form; null for a row that must be a reject. */
  rows?: (Record<string, unknown> | null)[];
  /** What pyarrow says against the file. */
  refused?: string;
}

/** What became of a file: rows and rejects as pyarrow's values say, a bad object, or something else, which is wrong. */
export interface Outcome {
  fate: 'equal' | 'bad' | 'different';
  /** Why the object is bad, the first reason of a reject, or the first difference. */
  what: string;
}

const DAY = '2026-01-01';
/** Files of one project; each is a source. */
const AT_ONCE = 20;

/** Publishes each Parquet file of a folder by itself, with a contract of the file's own types, and compares it with what pyarrow reads. */
export async function readCorpus(stack: Stack, folder: string, python: string): Promise<Map<string, Outcome>> {
  const tools = await pythonTools(python, '../oracle/requirements.txt');
  const script = fileURLToPath(new URL('corpus.py', import.meta.url));
  const { stdout } = await execa(join(tools, 'python'), ['-B', script, folder], { maxBuffer: 1024 ** 3 });
  const files = Object.entries(JSON.parse(stdout) as Record<string, Expected>);
  const outcomes = new Map<string, Outcome>();
  for (let at = 0; at < files.length; at += AT_ONCE)
    for (const [file, outcome] of await readTogether(stack, folder, files.slice(at, at + AT_ONCE)))
      outcomes.set(file, outcome);
  return outcomes;
}

async function readTogether(
  stack: Stack,
  folder: string,
  files: readonly [file: string, expected: Expected][],
): Promise<Map<string, Outcome>> {
  const sources = files.map(([file, expected], index) => ({ source: `f${index}`, file, expected }));
  const project = await openDays(
    stack,
    Object.fromEntries(sources.flatMap(({ source, expected }) => sqlOf(source, expected))),
    {
      timezone: 'UTC',
      sources: Object.fromEntries(
        sources.map(({ source }) => [
          source,
          {
            ...{ prefix: `raw/${source}/{YYYY}-{MM}-{DD}/`, arrival: { before: 0, after: 0 }, format: 'parquet' },
            ...{ maxRejects: 1_000_000, onBadObject: 'quarantine' },
          },
        ]),
      ),
    },
    { worker: false },
  );
  try {
    for (const { source, file } of sources)
      await project.put(`raw/${source}/${DAY}/${source}.parquet`, await readFile(join(folder, file)));
    const { build } = await project.attempt().list({ day: DAY, force: false });
    const plan = await readPlan(project.app, build);
    for (let chunk = 0; chunk < plan.sources.flatMap((one) => one.chunks).length; chunk++)
      await project.attempt().normalize({ build, chunk });
    const outcomes = new Map<string, Outcome>();
    for (const { source, file, expected } of sources)
      outcomes.set(file, await outcomeOf(project, plan, source, expected));
    return outcomes;
  } finally {
    await project.close();
  }
}

/** A file that pyarrow refuses is read with a contract of one column, if it can be read at all. */
const columnsOf = ({ columns }: Expected) =>
  Object.entries(columns ?? { value: 'Nullable(String)' }).map(([column, type], index) => ({
    ...{ column, type },
    published: `c${index}`,
  }));

function sqlOf(source: string, expected: Expected): [path: string, sql: string][] {
  const columns = columnsOf(expected);
  const contract = columns.map(({ column, type }) => `${name(column)} ${type}`);
  const table = columns.map(({ published, type }) => `${published} ${type}`);
  const selected = columns.map(({ column, published }) => `${name(column)} AS ${published}`);
  return [
    [
      `sql/raw/${source}.sql`,
      `CREATE TABLE raw_${source} (${contract.join(', ')}, _source Tuple(object String, line UInt64, text String, error String))
ENGINE = MergeTree ORDER BY tuple();`,
    ],
    [
      `sql/normalized/${source}.sql`,
      `CREATE TABLE ${source} (day Date, ${table.join(', ')}) ENGINE = MergeTree PARTITION BY day ORDER BY tuple();
SELECT toDate('${DAY}') AS day, ${selected.join(', ')}, _source FROM raw_${source};`,
    ],
  ];
}

async function outcomeOf(
  project: DayProject,
  plan: Awaited<ReturnType<typeof readPlan>>,
  source: string,
  expected: Expected,
): Promise<Outcome> {
  const { app } = project;
  const [manifest] = (await project.manifests(DAY, source)).values();
  const table = plan.tables.find((one) => one.name === source);
  const planned = plan.sources.find((one) => one.name === source);
  if (!manifest || !table || !planned) throw new Error(`the plan lacks ${source}`);
  const [bad] = manifest.quarantined;
  if (bad) return { fate: 'bad', what: bad.reason };
  const structure = chunkStructure(filledColumns(table.columns, planned.selected));
  const bucket = await engineBucket(app, plan.normalized.bucket);
  const columns = columnsOf(expected);
  const types = columns.map(({ published, type }) => ({ name: published, type: parseType(type) }));
  const from = objectTable(bucket, [manifest.parquet], 'Parquet', structure, 'chunk');
  const found = await app.clickhouse.rows<{ row: string }>({
    sql: `SELECT ${plainRows(types)} AS row FROM ${from.sql} ORDER BY _line`,
    params: from.params,
  });
  if (expected.rows === undefined) return { fate: 'different', what: `pyarrow refuses it: ${expected.refused ?? ''}` };
  if (found.length !== expected.rows.length)
    return { fate: 'different', what: `expected ${expected.rows.length} rows, found ${found.length}` };
  let rejected = '';
  for (const [index, { row }] of found.entries()) {
    const [line, fate, reason, pairs] = JSON.parse(row) as [string, string, string, [string, string][]];
    const right = expected.rows[index];
    if ((fate === 'row') !== (right !== null && right !== undefined))
      return { fate: 'different', what: `row ${line} is a ${fate}: ${reason}` };
    if (!right) {
      rejected ||= `row ${line}: ${reason}`;
      continue;
    }
    const given = new Map(pairs.map(([column, value]) => [column, JSON.parse(value) as unknown]));
    for (const { column, published } of columns) {
      const [want, got] = [right[column], given.get(published)].map((one) => JSON.stringify(one ?? null));
      if (want !== got) return { fate: 'different', what: `row ${line}, ${column}: expected ${want}, found ${got}` };
    }
  }
  return { fate: 'equal', what: rejected };
}
