import { dataObjects, rulesOf } from '../../src/plan/listing.js';
import type { Project } from '../../src/project/project.js';
import { addDays, daysBetween, type Day } from '../../src/shared/day.js';
import type { Dependencies } from '../../src/step/dependencies.js';
import type { Step } from '../../src/step/step.js';

/** Days before the nightly run's whose folders are listed once a week. */
const LOOKED_AT = 60;

/** Folders are listed after the nightly run of each Sunday. */
export const isLookedAt = (day: Day): boolean => new Date(`${day}T00:00:00Z`).getUTCDay() === 0;

/**
 * Finds published days in whose folders objects have arrived that no build has read, among those that the nightly run no longer
 * lists. Nothing is loaded: it may be data that arrived later than `lateDays` allows, or a copy that was left there.
 */
export async function lateObjects(
  deps: Dependencies,
  { config }: Project,
  { day, published }: { day: Day; published: ReadonlySet<Day> },
  step: Step,
): Promise<Day[]> {
  const late = new Set<Day>();
  for (const [source, settings] of Object.entries(config.sources)) {
    const last = addDays(day, -config.lateDays - settings.arrival.before - 1);
    const first = addDays(day, -LOOKED_AT);
    const folders = daysBetween(first, last).filter((folder) => published.has(folder));
    if (folders.length === 0) continue;
    const recorded = await deps.ledger.chunksOf(source, first, last);
    const known = new Set(recorded.flatMap(({ objects }) => objects.map(({ key, etag }) => `${key} ${etag}`)));
    for (const folder of folders) {
      const rules = rulesOf(settings, folder);
      const listed = dataObjects(await deps.store.list(settings.bucket, rules.prefix, step.signal), rules);
      if (listed.some(({ key, etag }) => !known.has(`${key} ${etag}`))) late.add(folder);
      step.report(`listing folder ${folder} of ${source}`);
    }
  }
  return [...late].sort();
}
