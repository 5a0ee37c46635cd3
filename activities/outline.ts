import type { Dependencies } from '../src/build/dependencies.js';
import type { Answer } from '../src/build/step.js';
import { daysBetween } from '../src/core/day.js';
import type { OutlineInput, OutlineResult } from '../src/core/messages.js';
import { assertWanted, isWanted } from '../src/project/wanted.js';

/** A day takes about a dozen events of its backfill's history, and a server suggests to begin anew at 4,096. */
const DAYS_PER_RUN = 200;

/** How a build ended that `reprocess failed` repeats; one that is only planned was cut off, or is under way and awaited. */
const FAILED: ReadonlySet<string> = new Set(['failed', 'cancelled', 'planned']);

/** Which days of a range a backfill runs. Throws `BadInput` for days that should not exist: people start backfills by hand. */
export async function outline(deps: Dependencies, { start, end, which }: OutlineInput): Answer<OutlineResult> {
  const { config, aggregates } = await deps.loadProject();
  const now = new Date();
  // Those that are published follow from a publish, not from somebody's word.
  if (which !== 'published') for (const day of [start, end]) assertWanted(config, day, now);
  await deps.ledger.assertReadable();
  return {
    project: config.project,
    days: (await daysToRun(deps, { start, end, which })).filter((day) => isWanted(config, day, now)),
    looksBack: Math.max(0, ...aggregates.map(({ header }) => header.lookback)),
    daysPerRun: DAYS_PER_RUN,
  };
}

/** The days of a range that are asked for, ascending. */
export async function daysToRun(
  { ledger }: Pick<Dependencies, 'ledger'>,
  { start, end, which }: OutlineInput,
): Promise<string[]> {
  if (which === 'all') return daysBetween(start, end);
  if (which === 'published') return [...new Set((await ledger.currentPublishes(start, end)).map(({ day }) => day))];
  return (await ledger.latestBuilds(start, end)).filter(({ event }) => FAILED.has(event)).map(({ day }) => day);
}
