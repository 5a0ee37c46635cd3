import type { App } from '../../app.js';
import { objectTable } from '../../clickhouse/object-table.js';
import { chunkStructure, filledColumns } from '../../conversions/chunk-columns.js';
import { final } from '../../errors.js';
import type { RecordedChunk } from '../../ledger/records.js';
import { plannedSource } from '../../plan/planning.js';
import { openInput } from '../../plan/raw-input.js';
import { readManifest } from '../../plan/stored.js';
import type { Project, Schema, TableSchema } from '../../project/project.js';
import { command } from '../../shared/commands.js';
import { addDays, type Day } from '../../shared/day.js';
import { manifestKey } from '../../shared/names.js';
import { sentence } from '../../shared/sentence.js';
import { engineBucket } from '../../step/engine-bucket.js';
import { localStep } from '../../step/step.js';
import {
  chunkPositions,
  inputObjects,
  inputPositions,
  ownPositions,
  pickedRows,
  rawLines,
  sortingColumns,
  type MadeFrom,
  type Picked,
  type Position,
} from './statements.js';

/** A raw line as the store has it now; `text` is undefined if the object was deleted or rewritten since it was read. */
export interface TracedLine extends Position {
  text?: string;
  /** Why there is no text. */
  gone?: string;
}

/** Rows of one input that share the picked rows' values. */
export interface TracedInput {
  table: string;
  /** Columns that link the rows by equal values; empty: all rows of the days that the model reads. */
  by: string[];
  days: number;
  rows: number;
  /** By object, most rows first; empty if the input does not store the origin of its rows. */
  objects: { object: string; rows: number }[];
  /** The first lines; empty if the input does not store the origin of its rows. */
  lines: TracedLine[];
}

export interface Trace {
  table: string;
  day: Day;
  rows: Record<string, unknown>[];
  /** For a normalized table: the raw lines of those rows. */
  lines: TracedLine[];
  /** For a model: its inputs. */
  inputs: TracedInput[];
}

export interface TraceOf {
  table: string;
  day: Day;
  where: string;
  limit: number;
}

interface Tracing extends TraceOf {
  app: App;
  project: Project;
  schema: Schema;
  picked: Picked;
}

/**
 * Traces published rows back to raw lines: a normalized row to its line; a row of a model to the input rows with equal values in
 * its key columns, and to their objects.
 *
 * @throws final BadSql if the project has no such table, or no row of the day matches the condition
 */
export async function trace(app: App, of: TraceOf): Promise<Trace> {
  const project = await app.dependencies.loadProject();
  const schema = await app.dependencies.readSchema(project);
  const table = schema.tables.find(({ name, kind }) => name === of.table && kind !== 'raw');
  if (!table) {
    const known = schema.tables.filter(({ kind }) => kind !== 'raw').map(({ name }) => name);
    throw final('BadSql', `${project.config.project} has no table '${of.table}'. Its tables: ${known.join(', ')}.`);
  }
  const picked: Picked = { ...of, database: project.config.database, traced: isTraced(table) };
  const rows = await app.clickhouse.rows<Record<string, unknown>>(pickedRows(picked), { what: `trace ${of.table}` });
  if (rows.length === 0)
    throw final(
      'BadSql',
      sentence(
        `No row of ${of.table} on ${of.day} matches ${of.where}. To see what is published: `,
        command.statusOf(of.day),
      ),
    );
  const tracing: Tracing = { ...of, app, project, schema, picked };
  return {
    table: of.table,
    day: of.day,
    rows,
    lines: table.kind === 'normalized' ? await tracedLines(tracing, table, await positionsOf(tracing, table), 0) : [],
    inputs: table.kind === 'aggregate' ? await tracedInputs(tracing, table) : [],
  };
}

const isTraced = ({ columns }: TableSchema) =>
  ['_object', '_line'].every((column) => columns.some(({ name }) => name === column));

/** Finds the origin of the picked rows: in the table itself, or else in its chunks, as long as they are kept. */
async function positionsOf(tracing: Tracing, table: TableSchema): Promise<Position[]> {
  const { app, project, schema, picked, day } = tracing;
  if (picked.traced) return await positionsIn(app, ownPositions(picked));
  const published = (await app.ledger.currentPublishes(day, day)).find((record) => record.table === table.name);
  const { bucket, normalized } = project.config.store;
  const source = plannedSource(project, schema, table.name, '', []);
  const reach = await engineBucket(app.dependencies, bucket);
  const parquet: string[] = [];
  for (const { folder, id, rowsByDay } of await chunksAround(tracing, table.name, 0)) {
    // If several normalizers processed the chunk, only the newest one's manifest may still exist.
    const normalizer = [...rowsByDay.keys()].at(-1);
    if (normalizer === undefined || !published?.chunks.includes(id)) continue;
    const key = manifestKey(normalized, project.config.project, table.name, folder, id, normalizer);
    const manifest = await readManifest(app.dependencies, bucket, key);
    if (manifest) parquet.push(manifest.parquet);
  }
  if (parquet.length === 0)
    throw final(
      'ObjectVanished',
      sentence(
        `${table.name} does not store the origin of its rows, and its normalized chunks of ${day} have expired. `,
        'Build the day again: ',
        command.run(day, '--force'),
        `. To keep the origin of rows for good, first add _object String and _line UInt64 to the CREATE TABLE in sql/normalized/${table.name}.sql and run `,
        command.apply(),
      ),
    );
  const filled = filledColumns(table.columns, source.selected);
  const chunks = objectTable(reach, parquet, 'Parquet', chunkStructure(filled), 'chunk');
  const columns = filled.map(({ name }) => name);
  return await positionsIn(app, chunkPositions(chunks, picked, columns));
}

/** Reads the chunks of all folders that may hold rows of a day, or of the earlier days that a model reads. */
function chunksAround({ app, project, day }: Tracing, source: string, lookback: number) {
  const { before = 0, after = 0 } = project.config.sources[source]?.arrival ?? {};
  return app.ledger.chunksOf(source, addDays(day, -lookback - before), addDays(day, after));
}

const positionsIn = async (app: App, statement: Parameters<App['clickhouse']['rows']>[0]): Promise<Position[]> =>
  (await app.clickhouse.rows<{ object: string; line: string }>(statement, { what: 'trace' })).map(
    ({ object, line }) => ({ object, line: Number(line) }),
  );

async function tracedInputs(tracing: Tracing, model: TableSchema): Promise<TracedInput[]> {
  const { app, schema, picked, limit } = tracing;
  const { unique, lookback } = model.file.header;
  const sorting = (
    await app.clickhouse.rows<{ name: string }>(sortingColumns(picked.database, model.name), { what: 'trace' })
  ).map(({ name }) => name);
  const key = (unique.length > 0 ? unique : sorting).filter((column) => column !== 'day');
  const traced: TracedInput[] = [];
  for (const input of schema.tables.filter(({ name }) => model.inputs.includes(name) && name !== model.name)) {
    const by = key.filter((column) => input.columns.some(({ name }) => name === column));
    const made: MadeFrom = { rows: picked, input: input.name, by, lookback, traced: isTraced(input) };
    const objects = (
      await app.clickhouse.rows<{ object: string; rows: string }>(inputObjects(made), { what: 'trace' })
    ).map(({ object, rows }) => ({ object, rows: Number(rows) }));
    traced.push({
      table: input.name,
      by,
      days: lookback + 1,
      rows: objects.reduce((sum, { rows }) => sum + rows, 0),
      objects: made.traced ? objects : [],
      lines: made.traced
        ? await tracedLines(tracing, input, await positionsIn(app, inputPositions(made, limit)), lookback)
        : [],
    });
  }
  return traced;
}

/** Reads the raw text of lines from objects that have not changed since they were read. */
async function tracedLines(
  tracing: Tracing,
  table: TableSchema,
  at: readonly Position[],
  lookback: number,
): Promise<TracedLine[]> {
  const { app, project, schema } = tracing;
  const source = plannedSource(project, schema, table.name, '', []);
  const read = await chunksAround(tracing, table.name, lookback);
  const gone = await changedObjects(app, source.bucket, read, [...new Set(at.map(({ object }) => object))]);
  const unchanged = at.filter(({ object }) => !gone.has(object));
  const keys = [...new Set(unchanged.map(({ object }) => object))];
  const texts = new Map<string, string>();
  if (keys.length > 0) {
    const { config } = project;
    const plan = {
      project: config.project,
      normalized: { bucket: config.store.bucket, prefix: config.store.normalized },
    };
    const step = localStep(app.dependencies);
    const { input } = await openInput(app.dependencies, { plan, source }, keys, 'trace', step);
    const found = await app.clickhouse.rows<{ object: string; line: string; text: string }>(
      rawLines(input, unchanged),
      {
        what: 'read the raw lines',
        zone: project.config.timezone,
      },
    );
    for (const { object, line, text } of found) texts.set(`${object}:${line}`, text);
  }
  return at.map(({ object, line }) => {
    const text = texts.get(`${object}:${line}`);
    return text === undefined
      ? { object, line, gone: gone.get(object) ?? 'no longer found in the object' }
      : { object, line, text };
  });
}

/** Lists objects that were deleted or rewritten since a chunk was made from them, with the reason. */
async function changedObjects(app: App, bucket: string, chunks: readonly RecordedChunk[], keys: readonly string[]) {
  const read = new Map<string, Set<string>>();
  for (const { key, etag } of chunks.flatMap(({ objects }) => objects))
    read.set(key, (read.get(key) ?? new Set()).add(etag));
  const changed = new Map<string, string>();
  for (const key of keys) {
    const now = (await app.store.list(bucket, key)).find((object) => object.key === key);
    if (!now) changed.set(key, 'the object no longer exists');
    else if (!read.get(key)?.has(now.etag)) changed.set(key, 'the object was rewritten since it was read');
  }
  return changed;
}
