export type { OutlineInput } from '../../src/ledger/days-to-run.js';
import { daysToRun, type OutlineInput } from '../../src/ledger/days-to-run.js';
import { assertWanted, isWanted } from '../../src/project/wanted.js';
import type { Dependencies } from '../../src/step/dependencies.js';
import type { Answer } from '../../src/step/step.js';

export interface OutlineResult {
  project: string;
  /** Ascending. */
  days: string[];
  /** The longest lookback of any model: this many later days may be stale once a day is published. */
  looksBack: number;
  /** Days after which a backfill continues as new. */
  daysPerRun: number;
  ms: number;
}

/** A day takes about a dozen events in its backfill's history, and the server suggests continue-as-new at 4,096. */
const DAYS_PER_RUN = 200;

/** Determines which days of a range a backfill runs. Throws `BadInput` for days before the project's start or in the future. */
export async function outline(deps: Dependencies, { start, end, which }: OutlineInput): Answer<OutlineResult> {
  const { config, aggregates } = await deps.loadProject();
  const now = new Date();
  // `published` days come from the ledger, not from a person, so they are not checked.
  if (which !== 'published') for (const day of [start, end]) assertWanted(config, day, now);
  await deps.ledger.assertReadable(config);
  return {
    project: config.project,
    days: (await daysToRun(deps, { start, end, which })).filter((day) => isWanted(config, day, now)),
    looksBack: Math.max(0, ...aggregates.map(({ header }) => header.lookback)),
    daysPerRun: DAYS_PER_RUN,
  };
}
