import { isFinal } from '../../src/errors.js';
import { isSettled } from '../../src/ledger/days-to-run.js';
import { questionsOf } from '../../src/plan/known.js';
import { planDay } from '../../src/plan/planning.js';
import { assertApplied, liveTables } from '../../src/project/apply/apply.js';
import type { Project, Schema } from '../../src/project/project.js';
import { grouped } from '../../src/shared/grouped.js';
import type { Dependencies } from '../../src/step/dependencies.js';
import type { Step } from '../../src/step/step.js';

/** Days that are looked at side by side. */
const AT_ONCE = 4;

/** After this time, in milliseconds, no more days are looked at: they are run, and look at themselves. */
const LONGEST_LOOK = 60_000;

/**
 * Finds days of which a run would do nothing and say nothing: published, up to date, not held, their last build ended well, all tests
 * passed, and nothing to note about them. Whatever else there is about a day, its own run finds and reports it.
 *
 * @param days ascending
 * @param code a difference by code alone is a change, too
 */
export async function unchangedDays(
  deps: Dependencies,
  { project, days, code }: { project: Project; days: readonly string[]; code: boolean },
  step: Step,
): Promise<string[]> {
  const [first, last] = [days[0], days.at(-1)];
  if (first === undefined || last === undefined) return [];
  const started = performance.now();
  const published = new Set((await deps.ledger.currentPublishes(first, last)).map(({ day }) => day));
  const candidates = days.filter((day) => published.has(day));
  if (candidates.length === 0) return [];
  const schema = await schemaOf(deps, project);
  if (!schema) return [];
  const unchanged: string[] = [];
  for (const group of grouped(candidates, AT_ONCE)) {
    step.signal.throwIfAborted();
    if (performance.now() - started > LONGEST_LOOK) break;
    const found = await Promise.all(group.map((day) => isUnchanged(deps, { project, schema, day, code }, step)));
    unchanged.push(...group.filter((_, index) => found[index]));
    step.report(`${unchanged.length} days unchanged`);
  }
  return unchanged;
}

/** Reads the schema; undefined where the live tables differ from it, which each day reports by itself. */
async function schemaOf(deps: Dependencies, project: Project): Promise<Schema | undefined> {
  const { database } = project.config;
  const { live, engine } = await deps.ledger.ask({ live: liveTables(database), engine: deps.engineState() });
  return await reportedByTheDay(async () => {
    const schema = await deps.readSchema(project, engine);
    assertApplied(schema, live, database);
    return schema;
  }, undefined);
}

async function isUnchanged(
  deps: Dependencies,
  { project, schema, day, code }: { project: Project; schema: Schema; day: string; code: boolean },
  step: Step,
): Promise<boolean> {
  const { ledger } = deps;
  const { hold, latest, ...known } = await ledger.ask({
    ...questionsOf(ledger, project, day),
    hold: ledger.questions.hold(day),
    latest: ledger.questions.latestBuild(day),
  });
  if (hold || known.standing.open.length > 0 || !isSettled(latest)) return false;
  return await reportedByTheDay(async () => {
    const planned = await planDay(deps, { project, schema, day, force: false, code, known }, step.signal);
    if (planned.outcome !== 'unchanged' || planned.untested.length > 0 || planned.lost !== undefined) return false;
    if (planned.verdict.notes.length > 0 || planned.listings.some(({ notes }) => notes.length > 0)) return false;
    const quarantined = planned.plan.sources.map(({ name, normalizer, chunks }) =>
      ledger.quarantinedObjects(
        name,
        chunks.map(({ folder, id }) => ({ folder, id, normalizer })),
      ),
    );
    return (await Promise.all(quarantined)).every(({ length }) => length === 0);
  }, false);
}

/** Final failures are the day's own, which meets them again when it is run. */
async function reportedByTheDay<Result>(look: () => Promise<Result>, otherwise: Result): Promise<Result> {
  try {
    return await look();
  } catch (error) {
    if (!isFinal(error)) throw error;
    return otherwise;
  }
}
