export type { OutlineInput } from '../../src/ledger/days-to-run.js';
import { daysToRun, type OutlineInput } from '../../src/ledger/days-to-run.js';
import { assertWanted, isWanted } from '../../src/project/wanted.js';
import type { Dependencies } from '../../src/step/dependencies.js';
import type { Answer } from '../../src/step/step.js';

export interface OutlineResult {
  project: string;
  /** Ascending. */
  days: string[];
  /** Earlier days that any model reads: as many later ones may be stale once a day is published. */
  looksBack: number;
  /** Days after which a backfill begins its history anew. */
  daysPerRun: number;
  ms: number;
}

/** A day takes about a dozen events of its backfill's history, and a server suggests to begin anew at 4,096. */
const DAYS_PER_RUN = 200;

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
