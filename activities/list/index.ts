import { pinOf } from '../../src/clickhouse/cluster/cluster.js';
import { createDatabase } from '../../src/clickhouse/tables.js';
import { final } from '../../src/errors.js';
import { isSettled } from '../../src/ledger/days-to-run.js';
import { assertNoneOpen } from '../../src/ledger/intents.js';
import { newestGeneration } from '../../src/ledger/latest.js';
import type { BuildRecord, HoldRecord, PublishRecord } from '../../src/ledger/records.js';
import { chunksToDo } from '../../src/plan/cover.js';
import { questionsOf } from '../../src/plan/known.js';
import { rulesOf } from '../../src/plan/listing.js';
import type { Plan } from '../../src/plan/plan.js';
import { bytesOf, planDay } from '../../src/plan/planning.js';
import { storedPlan, writePlan } from '../../src/plan/stored.js';
import { assertApplied, liveTables } from '../../src/project/apply/apply.js';
import type { Project } from '../../src/project/project.js';
import { COMPARISON, type BuildRef } from '../../src/shared/build.js';
import { command } from '../../src/shared/commands.js';
import { plural, sizeText } from '../../src/shared/format.js';
import { choiceOf } from '../../src/shared/inputs/choice.js';
import { heldSince, quarantinedNote } from '../../src/shared/notes.js';
import { sentence, type Text } from '../../src/shared/sentence.js';
import { stageOf } from '../../src/stage/build.js';
import { functionsOfBuild } from '../../src/stage/functions.js';
import type { Dependencies } from '../../src/step/dependencies.js';
import type { Answer, Step } from '../../src/step/step.js';

export interface ListInput {
  day: string;
  force: boolean;
  /** Also build what differs by code alone. */
  code?: boolean;
  /** These are explained at `DayInput` in src/shared/workflows.ts. */
  compare?: boolean;
  retry?: string;
  replaceFolder?: boolean;
  keepVanished?: boolean;
  allowEmpty?: boolean;
}

export interface ListResult {
  outcome: 'build' | 'unchanged' | 'skipped' | 'held';
  build: BuildRef;
  objects: number;
  bytes: number;
  chunks: number;
  /** Chunks to normalize, `0 … todo-1` in the plan's own ordering; see `chunksToDo`. */
  todo: number;
  /** Sizes in bytes of the first {@link SIZES_SHOWN} chunks to do, for their summaries. */
  sizes: number[];
  tables: {
    name: string;
    kind: 'normalized' | 'aggregate';
    inputs: string[];
    level: number;
    lookback: number;
    /** Earlier days of itself that its readers need in the stage. */
    keep: number;
  }[];
  tests: number;
  /** Of an unchanged day: tests that did not pass on it as it is published; they are run on the published tables. */
  untested?: string[];
  /** Why the day is built, or why it is not; sentences for people. */
  reasons: string[];
  /** Things a person should know although nothing failed: vanished objects, tables stale by code. */
  notes: Text[];
  ms: number;
}

const SIZES_SHOWN = 256;

/**
 * Reads the project once, lists the folders that may hold rows of the day, assigns every listed object to exactly one chunk,
 * and writes all of it to one plan object. If nothing changed since the day was published, the day ends here.
 */
export async function list(
  deps: Dependencies,
  { day, force, code = false, compare = false, retry, ...choice }: ListInput,
  step: Step,
): Answer<ListResult> {
  const project = await deps.loadProject();
  const { database } = project.config;
  const { ledger } = deps;
  const { hold, latest, live, engine, ...known } = await ledger.ask({
    ...questionsOf(ledger, project, day),
    hold: ledger.questions.hold(day),
    latest: ledger.questions.latestBuild(day),
    live: liveTables(database),
    engine: deps.engineState(),
  });
  assertNoneOpen(day, known.standing.open, 0);
  if (compare) assertPublished(day, known.standing.current);
  // A forced run of one day overrides a hold; a range does not.
  if (hold && !(force && !code)) return heldResult(hold, known.standing.current);
  const schema = await deps.readSchema(project, engine);
  assertApplied(schema, live, database);

  const {
    outcome,
    plan: made,
    listings,
    verdict,
    published,
    lost,
    untested,
  } = await planDay(
    deps,
    { project, schema, day, force, code, choice: choiceOf(choice), known, ...(retry === undefined ? {} : { retry }) },
    step.signal,
  );
  for (const { source, answers } of listings)
    await deps.ledger.recordFolderAnswers({ source, day, run: step.attempt }, answers);
  const pinned = pinOf(deps.clickhouse);
  const functions = functionsOfBuild(made, schema.functions);
  const plan = {
    ...made,
    ...pinned,
    ...(functions ? { functions } : {}),
    // Tests of a published day belong to the publish that readers have.
    ...(untested.length > 0 ? { generation: newestGeneration([...published.values()]) } : {}),
  };
  const { generation } = plan;
  const stored = await storedPlan(deps, plan);
  const { url } = stored;
  if (outcome === 'build' || untested.length > 0) await writePlan(deps, plan, stored);
  if (outcome === 'build') {
    await deps.clickhouse.run(createDatabase(stageOf(plan)));
    await deps.ledger.recordBuild({
      day,
      generation,
      event: 'planned',
      step: compare ? COMPARISON : '',
      reason: verdict.reasons.join('; '),
      run: step.attempt,
      plan: url,
      engine: engine.version,
    });
  }
  // What a test failed on stays failed until it passes.
  else if (untested.length === 0) await recordNothingToDo(deps, latest, day, outcome, step);

  const chunks = plan.sources.flatMap((source) => source.chunks);
  const todo = chunksToDo(plan);
  const objects = chunks.flatMap((chunk) => chunk.objects);
  step.report(`${plural(objects.length, 'object')}, ${sizeText(bytesOf(chunks))}`);
  return {
    outcome,
    build:
      outcome === 'build'
        ? { day, generation, plan: url, ...pinned }
        : {
            day,
            generation: newestGeneration([...published.values()]),
            plan: untested.length > 0 ? url : '',
            ...pinned,
          },
    ...(untested.length > 0 ? { untested } : {}),
    objects: objects.length,
    bytes: bytesOf(chunks),
    chunks: chunks.length,
    todo: outcome === 'build' ? todo.length : 0,
    sizes: outcome === 'build' ? todo.slice(0, SIZES_SHOWN).map(({ chunk }) => bytesOf([chunk])) : [],
    tables: plan.tables.map(({ name, kind, inputs, level, lookback, keep }) => ({
      ...{ name, kind, inputs, level, lookback },
      keep: keep.days,
    })),
    tests: plan.tests.length + plan.tables.filter(({ unique }) => unique.length > 0).length,
    reasons: force && verdict.reasons.length === 0 ? ['forced'] : verdict.reasons,
    notes: [
      ...listings.flatMap(({ notes }) => notes),
      ...(lost !== undefined && outcome === 'unchanged' ? [sentence('stale by code: ', lost)] : verdict.notes),
      ...(outcome === 'unchanged' ? await quarantinedNotes(deps, plan) : []),
      ...(outcome === 'build' ? await markerNotes(deps, project, day, step.signal) : []),
    ],
  };
}

/** Throws if readers have nothing of the day that a rebuild could be compared with. */
function assertPublished(day: string, published: readonly PublishRecord[]): void {
  if (published.some((record) => record.day === day)) return;
  throw final(
    'NothingPublished',
    sentence(`Nothing of ${day} is published, so there is nothing to compare. Build it: `, command.run(day)),
    { details: { step: 'list' } },
  );
}

/**
 * Notes sources whose marker is missing although the day is built: a run by hand does not wait for it. A scheduled run has waited, so
 * that the marker is there.
 */
async function markerNotes(
  { store }: Dependencies,
  project: Project,
  day: string,
  signal: AbortSignal,
): Promise<Text[]> {
  const notes: Text[] = [];
  for (const [name, source] of Object.entries(project.config.sources)) {
    const { marker: key } = rulesOf(source, day);
    if (key === undefined) continue;
    if ((await store.list(source.bucket, key, signal)).some((object) => object.key === key)) continue;
    notes.push(
      sentence(
        `${name}: ${key} is missing, so the folder may be incomplete. Once it is complete, run: `,
        command.run(day),
      ),
    );
  }
  return notes;
}

/** Lists the quarantined objects that an unchanged day still lacks; a build reports them in its load. */
async function quarantinedNotes({ ledger }: Dependencies, { day, sources }: Plan): Promise<Text[]> {
  const notes = sources.map(async ({ name, normalizer, chunks }) => {
    const found = await ledger.quarantinedObjects(
      name,
      chunks.map(({ folder, id }) => ({ folder, id, normalizer })),
    );
    return quarantinedNote(day, name, found);
  });
  return (await Promise.all(notes)).flat();
}

/** Returns the result of a held day: nothing is listed, and days that look back on it use what is published. */
function heldResult(hold: HoldRecord, published: readonly PublishRecord[]): Omit<ListResult, 'ms'> {
  const { day } = hold;
  return {
    outcome: 'held',
    build: { day, generation: newestGeneration(published.filter((record) => record.day === day)), plan: '' },
    objects: 0,
    bytes: 0,
    chunks: 0,
    todo: 0,
    sizes: [],
    tables: [],
    tests: 0,
    reasons: [],
    notes: [heldSince(hold)],
  };
}

/**
 * Records a day with nothing to do, if its last build failed or was interrupted: that is then no longer its state. Also records a
 * skipped day that was never built, which would otherwise count as missing.
 */
async function recordNothingToDo(
  deps: Dependencies,
  last: BuildRecord | undefined,
  day: string,
  outcome: 'unchanged' | 'skipped',
  step: Step,
): Promise<void> {
  if (last ? isSettled(last) : outcome !== 'skipped') return;
  await deps.ledger.recordBuild({
    day,
    generation: last?.generation ?? 0,
    event: outcome,
    step: '',
    reason: '',
    run: step.attempt,
    plan: '',
    engine: await deps.clickhouse.version(),
  });
}
