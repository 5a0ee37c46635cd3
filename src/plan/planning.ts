import { final } from '../errors.js';
import { fingerprintOf, NORMALIZER_VERSION, publishedFingerprint } from '../ledger/fingerprints.js';
import { newestGeneration } from '../ledger/latest.js';
import type { CurrentPublish } from '../ledger/records.js';
import type { Project, Schema, TableSchema } from '../project/project.js';
import { lineOfSelect } from '../project/sql/failed-at.js';
import { namedFunctions } from '../project/sql/functions.js';
import { NO_CHOICE, type VanishedChoice } from '../shared/inputs/choice.js';
import { longestLookback } from '../shared/lookback.js';
import type { Text } from '../shared/sentence.js';
import type { Dependencies } from '../step/dependencies.js';
import { checkChunks, coverFolders, lookAtFolders, type LookedAt, type SourceListing } from './folders/index.js';
import { FAILURE_OF, firstQuestions, lostText, questionText, type LostObjects } from './folders/text.js';
import { judge, type Verdict } from './judge.js';
import { questionsOf, type KnownDay } from './known.js';
import type { Chunk, PlannedTable, WholePlan, WholeSource } from './plan.js';
import { checksOf, notRun, plannedTests } from './tests.js';

/** A day as it would be built now, and why. */
export interface PlannedDay {
  outcome: 'build' | 'skipped' | 'unchanged';
  plan: WholePlan;
  listings: SourceListing[];
  verdict: Verdict;
  /** What is published of the day, by table. */
  published: Map<string, CurrentPublish>;
  /** Why a rebuild of what differs by code alone would fail: objects that it would have to read have vanished. */
  lost: Text | undefined;
  /** Tests that did not pass on the published day yet, of a day that needs no build: new and edited ones, and those that failed. */
  untested: string[];
}

export interface PlanningOf {
  project: Project;
  schema: Schema;
  day: string;
  force: boolean;
  /** Also build what differs by code alone. */
  code?: boolean;
  /** What the user says about vanished objects. */
  choice?: VanishedChoice;
  /** See `DayInput`. */
  retry?: string;
  /** See {@link judge}. */
  moving?: ReadonlySet<string>;
  /** What the ledger knows, for a caller that has asked already. */
  known?: KnownDay;
}

/**
 * Plans a day from the folders that may hold rows of it and from the ledger. Changes nothing.
 *
 * @throws a final FolderRewritten, EmptyListing, ObjectVanished or SourceNotReady if a person must decide first what vanished objects
 * or an empty folder mean.
 */
export async function planDay(deps: Dependencies, of: PlanningOf, signal?: AbortSignal): Promise<PlannedDay> {
  const { project, schema, day, force, code = false, choice = NO_CHOICE } = of;
  const { standing, history, lastGeneration, builds, chunks } =
    of.known ?? (await deps.ledger.ask(questionsOf(deps.ledger, project, day)));
  const records = standing.current;
  const published = new Map(records.filter((record) => record.day === day).map((record) => [record.table, record]));
  const sources = schema.tables.filter(({ kind }) => kind === 'normalized');
  const looked = await Promise.all(
    sources.map((table) =>
      lookAtFolders(
        deps,
        {
          ...{ project, day, force, code, choice, retry: of.retry, source: table.name },
          ...{ normalizer: normalizerOf(project, schema, table), published: published.get(table.name) },
          recorded: chunks.get(table.name) ?? [],
        },
        signal,
      ),
    ),
  );
  assertNothingAsked(day, looked);
  const listings: SourceListing[] = [];
  for (const source of looked) listings.push(await coverFolders(deps, source));

  const generation = lastGeneration + 1;
  const { allowEmpty } = choice;
  const build = { day, force, overHold: force && !code, allowEmpty, generation, listings };
  const plan = composePlan(project, schema, { ...build, published: [...published.values()] });
  const verdict = judge(plan, listings, records, { code, ...(of.moving ? { moving: of.moving } : {}) });
  for (const [index, source] of plan.sources.entries()) {
    source.fresh =
      !force && verdict.tables.some(({ table, staleness }) => table === source.name && staleness === 'fresh');
    const [of, listing] = [looked[index], listings[index]];
    // A day that stays as published needs none of its chunks.
    if (source.fresh || !of || !listing) continue;
    const checked = await checkChunks(deps, of, listing);
    listings[index] = checked;
    source.chunks = checked.chunks;
  }
  const outcome = listings.some(({ skip }) => skip)
    ? 'skipped'
    : force || verdict.reasons.length > 0
      ? 'build'
      : 'unchanged';
  if (outcome === 'build') plan.history = history;
  const lost = lostIn(plan, listings);
  if (lost.length > 0 && outcome === 'build')
    throw final('ObjectVanished', lostText(day, lost), { details: { step: 'list', source: lost[0]?.source } });
  const checked =
    outcome === 'unchanged' && published.size > 0 && verdict.tables.every(({ staleness }) => staleness === 'fresh');
  return {
    ...{ outcome, plan, listings, verdict, published },
    lost: lost.length > 0 ? lostText(day, lost) : undefined,
    untested: checked ? await untestedOf(deps, plan, published, builds) : [],
  };
}

async function untestedOf(
  { ledger }: Dependencies,
  plan: WholePlan,
  published: PlannedDay['published'],
  builds: KnownDay['builds'],
): Promise<string[]> {
  const checks = checksOf(plan);
  if (checks.length === 0) return [];
  const passed = await ledger.passedOn(plan.day, newestGeneration([...published.values()]), builds);
  return passed === undefined ? [] : notRun(checks, passed);
}

/** Throws if a source's folders raise a question; one error names all sources with the same question. */
function assertNothingAsked(day: string, looked: readonly LookedAt[]): void {
  const questions = firstQuestions(looked.flatMap(({ question }) => question ?? []));
  const [first] = questions;
  if (!first) return;
  throw final(FAILURE_OF[first.question.kind], questionText(day, questions), {
    details: { step: 'list', source: first.source },
  });
}

/** Finds vanished objects that the build would have to read, of sources that are not up to date. */
const lostIn = ({ sources }: WholePlan, listings: readonly SourceListing[]): LostObjects[] =>
  listings.flatMap(({ source, lost }) =>
    lost && sources.some(({ name, fresh }) => name === source && !fresh) ? [lost] : [],
  );

/** Sums the bytes of raw objects in the chunks. */
export const bytesOf = (chunks: readonly Chunk[]) =>
  chunks.reduce((sum, { objects }) => sum + objects.reduce((all, { size }) => all + size, 0), 0);

/** Hashes everything that determines a source's rows. */
export function normalizerOf(project: Project, schema: Schema, table: TableSchema): string {
  const source = project.config.sources[table.name];
  return fingerprintOf({
    version: NORMALIZER_VERSION,
    format: source?.format,
    contract: rawOf(schema, table).columns,
    select: table.file.select,
    table: table.definition,
    timezone: project.config.timezone,
    arrival: source?.arrival,
    functions: namedFunctions(table.file.select, schema.functions),
  });
}

function composePlan(
  project: Project,
  schema: Schema,
  build: {
    day: string;
    force: boolean;
    overHold: boolean;
    allowEmpty: boolean;
    generation: number;
    listings: SourceListing[];
    published: readonly CurrentPublish[];
  },
): WholePlan {
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
    overHold: build.overHold,
    normalized: { bucket: config.store.bucket, prefix: config.store.normalized },
    limits: {
      threads: config.limits.threads,
      memory: config.limits.memory,
      longestLine: config.limits.longestLine,
    },
    sources: build.listings.map(({ source, normalizer, chunks }) => ({
      ...plannedSource(project, schema, source, normalizer, chunks),
      ...(build.allowEmpty ? { onEmpty: 'publish' as const } : {}),
    })),
    tables: tables.map((table) => plannedTable(project, schema, build.listings, table)),
    tests: plannedTests(schema),
    published: build.published.map((record) => {
      const { table, generation, rows, hash, columns, code, data, chunks } = record;
      const known = { madeBy: record.made_by, fingerprint: publishedFingerprint(record) };
      return { table, generation, ...known, rows, hash, columns, code, data, chunks };
    }),
  };
}

/** Makes the plan's entry of a source. */
export function plannedSource(
  project: Project,
  schema: Schema,
  name: string,
  normalizer: string,
  chunks: Chunk[],
): WholeSource {
  const table = findTable(schema, name);
  const config = project.config.sources[name];
  if (!config) throw new RangeError(`no source ${name} in the config`);
  return {
    name,
    bucket: config.bucket,
    format: config.format,
    contract: rawOf(schema, table).columns.filter(({ name: column }) => column !== '_source'),
    select: table.file.select,
    line: lineOfSelect(table.file),
    selected: table.selected,
    constraints: table.constraints,
    arrival: config.arrival,
    normalizer,
    dedupeBy: config.dedupeBy,
    maxRejects: config.maxRejects,
    onBadObject: config.onBadObject,
    onEmpty: config.onEmpty,
    fresh: false,
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
    ...(table.kind === 'normalized' ? {} : { line: lineOfSelect(table.file) }),
    selected: table.kind === 'normalized' ? [] : table.selected,
    inputs: table.kind === 'normalized' ? [] : table.inputs,
    level: table.level,
    unique: table.file.header.unique,
    lookback: table.file.header.lookback,
    keep: keepOf(schema, table.name),
    code: codeFingerprint(project, schema, table, normalizer),
  };
}

/** Hashes everything that makes a table's day except its data. */
const codeFingerprint = (project: Project, schema: Schema, table: TableSchema, normalizer?: string): string =>
  normalizer === undefined
    ? fingerprintOf({
        select: table.file.select,
        table: table.definition,
        header: table.file.header,
        timezone: project.config.timezone,
        functions: namedFunctions(table.file.select, schema.functions),
      })
    : fingerprintOf({ normalizer, dedupeBy: project.config.sources[table.name]?.dedupeBy });

/** Returns the code half of each table's fingerprint for the project as it is now. */
export const codesOf = (project: Project, schema: Schema): Map<string, string> =>
  new Map(
    schema.tables
      .filter(({ kind }) => kind !== 'raw')
      .map((table) => {
        const normalizer = table.kind === 'normalized' ? normalizerOf(project, schema, table) : undefined;
        return [table.name, codeFingerprint(project, schema, table, normalizer)];
      }),
  );

/** Returns how many earlier days of a table its readers need in the stage, and how many of those must not be missing. */
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

const rawOf = (schema: Schema, table: TableSchema) => findTable(schema, `raw_${table.name}`);

function findTable(schema: Schema, name: string): TableSchema {
  const table = schema.tables.find((one) => one.name === name);
  if (!table) throw new RangeError(`the schema lacks ${name}`);
  return table;
}
