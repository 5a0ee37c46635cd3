import { oneRow, type ClickHouse } from '../clickhouse/client.js';
import { isMissingTable } from '../clickhouse/errors.js';
import { tablesLike, type Place } from '../clickhouse/tables.js';
import { final, isFinal } from '../errors.js';
import { normalizerOf, plannedSource } from '../plan/planning.js';
import type { Project, Schema } from '../project/project.js';
import { EVER } from '../shared/day.js';
import { grouped } from '../shared/grouped.js';
import { archiveDatabase, manifestKey, manifestOfParquet, readArchiveName } from '../shared/names.js';
import { columnNames } from '../stage/swaps.js';
import type { Dependencies } from '../step/dependencies.js';
import { engineBucket } from '../step/engine-bucket.js';
import type { Step } from '../step/step.js';
import type { Erasure } from './erasure.js';
import {
  chunksOfRejects,
  countRejects,
  matchingChunks,
  matchingDays,
  matchingObjects,
  matchingRejects,
  type Normalized,
  type RejectedLine,
} from './statements.js';

/** Where rows are that match, or may be. */
export interface Found {
  /** Days of the live table, ascending. */
  days: { day: string; rows: number }[];
  /** Normalized objects, and their manifests. */
  chunks: string[];
  rejects: RejectedLine[];
  /** Tables in the archive database. */
  archives: string[];
  /** Rejected lines of the table that do not match; some may be unreadable. */
  otherRejects: number;
  /** Raw objects that hold such rows, or might, and still exist. */
  objects: string[];
}

/** Parquet objects that one statement reads. */
const AT_ONCE = 500;
const FOLDERS_AT_ONCE = 16;

/** Finds everything of Daybook's that holds rows of an erasure, and the raw objects that they came from. Changes nothing. */
export async function findRows(deps: Dependencies, erasure: Erasure, step: Step): Promise<Found> {
  const project = await deps.loadProject();
  const schema = await deps.readSchema(project);
  const known = schema.tables.filter(({ kind }) => kind !== 'raw').map(({ name }) => name);
  const { table, where } = erasure;
  if (!known.includes(table))
    throw final(
      'BadInput',
      `The project has no table '${table}'; expected one of ${known.join(', ')}. Nothing was erased.`,
    );
  const live = { database: project.config.database, table };
  const what = step.statement(`find rows of ${table}`);
  const days = (await deps.clickhouse.rows<{ day: string; rows: string }>(matchingDays(live, where), what)).map(
    ({ day, rows }) => ({ day, rows: Number(rows) }),
  );
  const traced = (await columnNames(deps, live)).includes('_object');
  const from = traced
    ? await deps.clickhouse.rows<{ object: string }>(matchingObjects(live, where), what)
    : await objectsOfDays(deps, table, days);
  const normalized = normalizedOf(project, schema, table);
  const rejects = normalized ? await findRejects(deps, normalized, erasure, step) : [];
  const chunks = normalized ? await findChunks(deps, normalized, erasure, rejects, step) : { keys: [], objects: [] };
  const objects = [
    ...new Set([...from.map(({ object }) => object), ...chunks.objects, ...rejects.map(({ object }) => object)]),
  ];
  return {
    days,
    chunks: chunks.keys,
    rejects,
    otherRejects: normalized ? await countOtherRejects(deps, table, rejects, step) : 0,
    archives: await findArchives(
      deps,
      schema,
      erasure,
      days.map(({ day }) => day),
      step,
    ),
    objects: normalized ? await existing(deps, normalized.bucket, objects.sort(), step) : [],
  };
}

/** A normalized table with what determines its chunks. */
export type Source = Normalized & { normalizer: string; bucket: string };

export function normalizedOf(project: Project, schema: Schema, name: string): Source | undefined {
  const table = schema.tables.find((one) => one.name === name);
  if (table?.kind !== 'normalized') return undefined;
  const normalizer = normalizerOf(project, schema, table);
  const source = plannedSource(project, schema, name, normalizer, []);
  return { source, columns: table.columns, normalizer, bucket: source.bucket };
}

/** The objects that the days were built from, of a table that does not keep them by row. */
async function objectsOfDays(
  { ledger }: Dependencies,
  table: string,
  days: Found['days'],
): Promise<{ object: string }[]> {
  const wanted = new Set(days.map(({ day }) => day));
  const [first, last] = [days[0]?.day, days.at(-1)?.day];
  if (first === undefined || last === undefined) return [];
  const records = await ledger.currentPublishes(first, last);
  const used = new Set(
    records.filter((one) => one.table === table && wanted.has(one.day)).flatMap(({ chunks }) => chunks),
  );
  const chunks = used.size === 0 ? [] : await ledger.chunksOf(table, ...EVER);
  return chunks.filter(({ id }) => used.has(id)).flatMap(({ objects }) => objects.map(({ key }) => ({ object: key })));
}

/** Finds the first rejected lines that match; there may be more. */
export async function findRejects(
  { clickhouse, ledger }: Dependencies,
  normalized: Normalized,
  { where, text }: Erasure,
  step: Step,
): Promise<RejectedLine[]> {
  const statement = matchingRejects(ledger.project, normalized, { where, text });
  const found = await clickhouse.rows<{ object: string; line: string | number }>(
    statement,
    step.statement(`find rejects of ${normalized.source.name}`),
  );
  return found.map(({ object, line }) => ({ object, line: Number(line) }));
}

/**
 * Finds normalized objects with such rows or rejects. Those of an earlier normalizer count, too: their columns may be others, and no
 * build will read them.
 */
async function findChunks(
  deps: Dependencies,
  normalized: Source,
  { where }: Erasure,
  rejects: readonly RejectedLine[],
  step: Step,
): Promise<{ keys: string[]; objects: string[] }> {
  const { source, normalizer } = normalized;
  const parquet = await normalizedObjects(deps, source, step);
  const { bucket } = (await deps.loadProject()).config.store;
  const [current, old] = [parquet.filter(isCurrent), parquet.filter((key) => !isCurrent(key))];
  const found = new Set(old);
  const objects = new Set<string>();
  const reach = await engineBucket(deps, bucket);
  for (const keys of grouped(current, AT_ONCE)) {
    for (const row of await matchingOf(keys)) {
      found.add(row.parquet);
      objects.add(row.object);
    }
  }
  for (const key of await holdingRejects(deps, normalized, current, rejects)) found.add(key);
  return { keys: [...found].sort(), objects: [...objects] };

  /** Those that another erasure or a cleanup removes meanwhile are left out. */
  async function matchingOf(keys: readonly string[]): Promise<{ parquet: string; object: string }[]> {
    try {
      return await deps.clickhouse.rows(
        matchingChunks(reach, keys, normalized, where),
        step.statement(`find chunks of ${source.name}`),
      );
    } catch (error) {
      if (!isFinal(error) || error.type !== 'ObjectVanished') throw error;
      const there = new Set(await normalizedObjects(deps, source, step));
      const rest = keys.filter((key) => there.has(key));
      if (rest.length === keys.length) throw error;
      return rest.length === 0 ? [] : await matchingOf(rest);
    }
  }

  function isCurrent(key: string): boolean {
    return manifestOfParquet(key)?.endsWith(`/${normalizer}.json`) === true;
  }
}

/** Lists the normalized objects of a table. */
async function normalizedObjects(deps: Dependencies, { name }: Source['source'], step: Step): Promise<string[]> {
  const { project, store } = (await deps.loadProject()).config;
  const listed = await deps.store.list(store.bucket, `${store.normalized}${project}/${name}/`, step.signal);
  return listed.map(({ key }) => key).filter((key) => manifestOfParquet(key) !== undefined);
}

/** Selects the normalized objects that hold rejected lines. */
async function holdingRejects(
  deps: Dependencies,
  { source, normalizer }: Source,
  parquet: readonly string[],
  rejects: readonly RejectedLine[],
): Promise<string[]> {
  if (rejects.length === 0) return [];
  const { config } = await deps.loadProject();
  const chunks = await deps.clickhouse.rows<{ folder: string; chunk: string }>(
    chunksOfRejects(config.project, source.name, rejects),
  );
  const { normalized: prefix } = config.store;
  const holding = new Set(
    chunks.map(({ folder, chunk }) => manifestKey(prefix, config.project, source.name, folder, chunk, normalizer)),
  );
  return parquet.filter((key) => holding.has(manifestOfParquet(key) ?? ''));
}

/** Finds the normalized objects that hold these rejected lines. */
export const chunksHolding = async (
  deps: Dependencies,
  normalized: Source,
  rejects: readonly RejectedLine[],
  step: Step,
): Promise<string[]> =>
  holdingRejects(deps, normalized, await normalizedObjects(deps, normalized.source, step), rejects);

/** Finds archives with such rows, and archives of models from days with such rows: they were made of them. */
export async function findArchives(
  { clickhouse, ledger }: Dependencies,
  schema: Schema,
  { table, where }: Erasure,
  days: readonly string[],
  step: Step,
): Promise<string[]> {
  const database = archiveDatabase(ledger.project);
  const of = new Set(days);
  const models = dependentsOf(schema, table);
  const found: string[] = [];
  for (const { name } of await clickhouse.rows<{ name: string }>(tablesLike(database))) {
    const archive = readArchiveName(name);
    if (archive && models.has(archive.table) && of.has(archive.day)) found.push(name);
    if (archive?.table !== table) continue;
    if ((await countMatching(clickhouse, { database, table: name }, where, step)) > 0) found.push(name);
  }
  return found;
}

/**
 * Counts the rows that match in a table of a stage or an archive, of one day if it is given; 0 if it was dropped meanwhile. It may be
 * older than the live table, for which the condition was written: where that cannot be evaluated, the table counts as one with such a
 * row.
 */
export async function countMatching(
  clickhouse: Pick<ClickHouse, 'rows'>,
  place: Place,
  where: string,
  step: Step,
  day?: string,
): Promise<number> {
  try {
    const days = await clickhouse.rows<{ rows: string }>(
      matchingDays(place, where, day),
      step.statement(`look into ${place.table}`),
    );
    return days.reduce((sum, { rows }) => sum + Number(rows), 0);
  } catch (error) {
    if (isMissingTable(error)) return 0;
    if (isFinal(error) && error.type === 'BadSql') return 1;
    throw error;
  }
}

/** Returns the models that read a table, directly or through others. */
function dependentsOf({ tables }: Schema, table: string): Set<string> {
  const found = new Set<string>();
  for (const { name, inputs } of tables)
    if (name !== table && inputs.some((input) => input === table || found.has(input))) found.add(name);
  return found;
}

/** Selects the objects that still exist, with one listing for each of their folders. */
async function existing(
  { store }: Dependencies,
  bucket: string,
  objects: readonly string[],
  step: Step,
): Promise<string[]> {
  const folders = [...new Set(objects.map(pathBefore))];
  const kept = new Set<string>();
  for (const some of grouped(folders, FOLDERS_AT_ONCE))
    for (const listed of await Promise.all(some.map((folder) => store.list(bucket, folder, step.signal))))
      for (const { key } of listed) kept.add(key);
  return objects.filter((key) => kept.has(key));
}

const pathBefore = (key: string): string => key.slice(0, key.lastIndexOf('/') + 1);

/** Counts the rejected lines that an erasure leaves. */
async function countOtherRejects(
  { clickhouse, ledger }: Dependencies,
  source: string,
  rejects: readonly RejectedLine[],
  step: Step,
): Promise<number> {
  const { lines } = await oneRow<{ lines: string }>(
    clickhouse,
    countRejects(ledger.project, source),
    step.statement(`count rejects of ${source}`),
  );
  return Math.max(0, Number(lines) - rejects.length);
}
