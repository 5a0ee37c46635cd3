import prettyBytes from 'pretty-bytes';
import { addDays } from '../src/core/day.js';
import {
  dataOfChunks,
  dataOfInputs,
  fingerprintOf,
  NORMALIZER_VERSION,
  tableFingerprint,
} from '../src/core/fingerprints.js';
import { asReadBefore, changedSince, inputsRead, longestLookback } from '../src/core/lookback.js';
import {
  SIZES_SHOWN,
  type Chunk,
  type ListInput,
  type ListResult,
  type Plan,
  type PlannedSource,
  type PlannedTable,
} from '../src/core/messages.js';
import { planKey } from '../src/core/names.js';
import { stalenessOf, type PublishedDay } from '../src/core/staleness.js';
import type { PublishRecord } from '../src/io/ledger.js';
import { assertApplied } from '../src/project/apply.js';
import type { Project, Schema, TableSchema } from '../src/project/project.js';
import type { Dependencies } from './dependencies.js';
import { listFolders, type SourceListing } from './folders.js';
import type { Step } from './step.js';

/**
 * Step 2. Reads the project's folder once, lists the folders that may hold rows of the day, covers every listed object by exactly
 * one chunk, and freezes all of it in one plan object. Where nothing changed since the day was published, the day ends here.
 */
export async function list(deps: Dependencies, { day, force }: ListInput, step: Step): Promise<Omit<ListResult, 'ms'>> {
  const project = await deps.loadProject();
  const schema = await deps.readSchema(project);
  await assertApplied(schema, deps.clickhouse, project.config.database);

  const looksBack = Math.max(0, ...schema.tables.map(({ file }) => file.header.lookback));
  const records = await deps.ledger.currentPublishes(addDays(day, -looksBack), day);
  const published = new Map(records.filter((record) => record.day === day).map((record) => [record.table, record]));
  const listings: SourceListing[] = [];
  for (const table of schema.tables.filter(({ kind }) => kind === 'normalized'))
    listings.push(
      await listFolders(
        deps,
        {
          project,
          day,
          force,
          normalizer: normalizerOf(project, schema, table),
          source: table.name,
          published: published.get(table.name),
        },
        step,
      ),
    );

  const generation = (await deps.ledger.lastGeneration(day)) + 1;
  const plan = planOf(project, schema, { day, force, generation, listings });
  const verdict = judge(plan, listings, records);
  const outcome = listings.some(({ skip }) => skip)
    ? 'skipped'
    : force || verdict.reasons.length > 0
      ? 'build'
      : 'unchanged';
  const text = JSON.stringify(plan);
  const key = planKey(plan.normalized.prefix, plan.project, day, generation, fingerprintOf(plan));
  if (outcome === 'build') {
    await deps.store.write(plan.normalized.bucket, key, text);
    await deps.ledger.recordBuild({
      day,
      generation,
      event: 'planned',
      step: '',
      reason: verdict.reasons.join('; '),
      run: step.attempt,
      plan: key,
      engine: await deps.clickhouse.version(),
    });
  } else await forgive(deps, day, outcome, step);

  const chunks = plan.sources.flatMap((source) => source.chunks);
  const todo = chunks.filter(({ recorded }) => !recorded);
  const objects = chunks.flatMap((chunk) => chunk.objects);
  step.tell(`${objects.length} objects, ${prettyBytes(bytesOf(chunks), { binary: true })}`);
  return {
    outcome,
    build: outcome === 'build' ? { day, generation, plan: key } : { day, generation: newest(published), plan: '' },
    objects: objects.length,
    bytes: bytesOf(chunks),
    chunks: chunks.length,
    todo: outcome === 'build' ? todo.length : 0,
    sizes: outcome === 'build' ? todo.slice(0, SIZES_SHOWN).map((chunk) => bytesOf([chunk])) : [],
    tables: plan.tables.map(({ name, kind, inputs, level, lookback }) => ({ name, kind, inputs, level, lookback })),
    tests: plan.tests.length + plan.tables.filter(({ unique }) => unique.length > 0).length,
    reasons: force && verdict.reasons.length === 0 ? ['forced'] : verdict.reasons,
    notes: [...listings.flatMap(({ notes }) => notes), ...verdict.notes],
  };
}

/** A build that failed or was cut off is no longer how the day stands, once a look finds nothing to do. */
async function forgive(deps: Dependencies, day: string, outcome: 'unchanged' | 'skipped', step: Step): Promise<void> {
  const [last] = await deps.ledger.latestBuilds(day, day);
  if (last?.event !== 'failed' && last?.event !== 'cancelled' && last?.event !== 'planned') return;
  await deps.ledger.recordBuild({
    day,
    generation: last.generation,
    event: outcome,
    step: '',
    reason: '',
    run: step.attempt,
    plan: '',
    engine: await deps.clickhouse.version(),
  });
}

/** Hash of all that shapes a row of a source. */
function normalizerOf(project: Project, schema: Schema, table: TableSchema): string {
  const source = project.config.sources[table.name];
  const raw = rawOf(schema, table);
  return fingerprintOf({
    version: NORMALIZER_VERSION,
    format: source?.format,
    contract: raw.columns,
    select: table.file.select,
    table: table.definition,
    timezone: project.config.timezone,
    arrival: source?.arrival,
  });
}

function planOf(
  project: Project,
  schema: Schema,
  build: { day: string; force: boolean; generation: number; listings: SourceListing[] },
): Plan {
  const { config } = project;
  const tables = schema.tables.filter(({ kind }) => kind !== 'raw');
  return {
    format: 1,
    project: config.project,
    zone: config.timezone,
    database: config.database,
    day: build.day,
    start: config.start,
    generation: build.generation,
    force: build.force,
    normalized: { bucket: config.store.bucket, prefix: config.store.normalized },
    limits: { threads: config.limits.threads, memory: config.limits.memory },
    sources: build.listings.map(({ source, normalizer, chunks }) =>
      plannedSource(project, schema, source, normalizer, chunks),
    ),
    tables: tables.map((table) => plannedTable(project, schema, build.listings, table)),
    tests: schema.tests.map(({ file: { name, select, header }, inputs }) => ({
      name,
      sql: select,
      severity: header.severity,
      tolerate: header.tolerate ?? {},
      inputs,
      lookback: header.lookback,
    })),
  };
}

function plannedSource(
  project: Project,
  schema: Schema,
  name: string,
  normalizer: string,
  chunks: Chunk[],
): PlannedSource {
  const table = find(schema, name);
  const config = project.config.sources[name];
  if (!config) throw new RangeError(`no source ${name} in the config`);
  return {
    name,
    bucket: config.bucket,
    format: config.format,
    contract: rawOf(schema, table).columns.filter(({ name: column }) => column !== '_source'),
    select: table.file.select,
    selected: table.selected,
    constraints: table.constraints,
    arrival: config.arrival,
    normalizer,
    dedupeBy: config.dedupeBy,
    maxRejects: config.maxRejects,
    chunks,
  };
}

function plannedTable(
  project: Project,
  schema: Schema,
  listings: readonly SourceListing[],
  table: TableSchema,
): PlannedTable {
  const normalizer = listings.find(({ source }) => source === table.name)?.normalizer;
  return {
    name: table.name,
    kind: table.kind === 'normalized' ? 'normalized' : 'aggregate',
    columns: table.columns,
    select: table.kind === 'normalized' ? '' : table.file.select,
    selected: table.kind === 'normalized' ? [] : table.selected,
    inputs: table.kind === 'normalized' ? [] : table.inputs,
    level: table.level,
    unique: table.file.header.unique,
    lookback: table.file.header.lookback,
    keep: keepOf(schema, table.name),
    code:
      normalizer === undefined
        ? fingerprintOf({
            select: table.file.select,
            table: table.definition,
            header: table.file.header,
            timezone: project.config.timezone,
          })
        : fingerprintOf({ normalizer, dedupeBy: project.config.sources[table.name]?.dedupeBy }),
  };
}

/** How many earlier days of a table its readers need beside the built one, and how many of those must not be missing. */
function keepOf({ tables, tests }: Schema, name: string): PlannedTable['keep'] {
  const readers = [...tables, ...tests].map(({ file, inputs }) => ({ name: file.name, inputs, ...file.header }));
  return {
    days: longestLookback(name, readers),
    strict: longestLookback(
      name,
      readers.filter(({ holes }) => holes !== 'allow'),
    ),
  };
}

/**
 * Which tables must be built, and why. A table whose input must be built must be built; one that differs by code alone is only
 * noted, unless the build happens anyway.
 */
function judge(plan: Plan, listings: readonly SourceListing[], records: readonly PublishRecord[]) {
  const published = new Map(records.map((record) => [`${record.table}@${record.day}`, record]));
  const reasons: string[] = [];
  const byCode: string[] = [];
  const moving = new Set<string>();
  for (const table of plan.tables) {
    const before = published.get(`${table.name}@${plan.day}`);
    const staleness = table.inputs.some((input) => input !== table.name && moving.has(input))
      ? 'data'
      : stalenessOf(before && asPublished(before), table.code, dataNow(table, plan.day, listings, published));
    if (staleness === 'missing' || staleness === 'data') {
      moving.add(table.name);
      const listing = listings.find(({ source }) => source === table.name);
      if (staleness === 'missing') reasons.push(`${table.name} is not published yet`);
      else if (listing) reasons.push(listing.change);
      else if (!table.inputs.some((input) => input !== table.name && moving.has(input)))
        {
        const changed = changedSince(before?.inputs ?? {}, inputsNow(table, plan.day, published));
        reasons.push(`${table.name} reads ${changed.join(', ')}, published anew since`);
      }
    }
    if (staleness === 'code') byCode.push(table.name);
  }
  const notes =
    byCode.length > 0 && reasons.length === 0 && !plan.force
      ? [`stale by code: ${byCode.join(', ')}; rebuild with: npx daybook run --day ${plan.day} --force`]
      : [];
  return { reasons, notes };
}

const asPublished = ({ generation, code, data, rows }: PublishRecord): PublishedDay => ({
  generation,
  code,
  data,
  rows,
});

/** The data half of a table's fingerprint as it would be now, as far as that is known before anything is normalized. */
function dataNow(
  table: PlannedTable,
  day: string,
  listings: readonly SourceListing[],
  published: ReadonlyMap<string, PublishRecord>,
): string | undefined {
  if (table.kind === 'normalized') {
    const known = listings.find(({ source }) => source === table.name)?.chunksOfDay;
    return known && dataOfChunks(known);
  }
  const before = published.get(`${table.name}@${day}`);
  const now = inputsNow(table, day, published);
  return dataOfInputs(before && before.code !== table.code ? asReadBefore(before.inputs, now) : now);
}

const inputsNow = (table: PlannedTable, day: string, published: ReadonlyMap<string, PublishRecord>) =>
  inputsRead(table, day, (input, of) => {
    const record = published.get(`${input}@${of}`);
    return record && tableFingerprint(record.code, record.data);
  });

const newest = (published: ReadonlyMap<string, PublishRecord>) =>
  Math.max(0, ...[...published.values()].map(({ generation }) => generation));

const bytesOf = (chunks: readonly Chunk[]) =>
  chunks.reduce((sum, { objects }) => sum + objects.reduce((all, { size }) => all + size, 0), 0);

const rawOf = (schema: Schema, table: TableSchema) => find(schema, `raw_${table.name}`);

function find(schema: Schema, name: string): TableSchema {
  const table = schema.tables.find((one) => one.name === name);
  if (!table) throw new RangeError(`the schema lacks ${name}`);
  return table;
}
