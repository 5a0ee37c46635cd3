import { daysToRun, type DaysOf } from '../../src/ledger/days-to-run.js';
import { modelsLookback } from '../../src/project/project.js';
import { assertWanted, isWanted } from '../../src/project/wanted.js';
import type { Dependencies } from '../../src/step/dependencies.js';
import { oldestWorker } from '../../src/step/oldest-worker.js';
import type { Answer, Step } from '../../src/step/step.js';
import { unchangedDays } from './unchanged.js';

export interface OutlineInput extends DaysOf {
  /** Also find days that are up to date; with `code`, also by their SQL. */
  unchanged?: { code: boolean };
}

export interface OutlineResult {
  project: string;
  /** Ascending. */
  days: string[];
  /** Those of the first `daysPerRun` of them of which a run would do nothing; absent if that was not asked for, or a worker polls that could not replay it. */
  unchanged?: string[];
  /** The longest lookback of any model: this many later days may be stale once a day is published. */
  looksBack: number;
  /** Days after which a backfill continues as new. */
  daysPerRun: number;
  ms: number;
}

/** A day takes about a dozen events in its backfill's history, and the server suggests continue-as-new at 4,096. */
const DAYS_PER_RUN = 200;

/** Since this build, workers replay a backfill that starts no run for days that are up to date. */
const REPLAYS_UNCHANGED = 2;

/** Determines which days of a range a backfill runs. Throws `BadInput` for days before the project's start or in the future. */
export async function outline(
  deps: Dependencies,
  { start, end, which, unchanged }: OutlineInput,
  step: Step,
): Answer<OutlineResult> {
  const project = await deps.loadProject();
  const { config } = project;
  const now = new Date();
  // `published` days come from the ledger, not from a person, so they are not checked.
  if (which !== 'published') for (const day of [start, end]) assertWanted(config, day, now);
  await deps.ledger.assertReadable(config);
  const days = (await daysToRun(deps, { start, end, which })).filter((day) => isWanted(config, day, now));
  const looked = { project, days: days.slice(0, DAYS_PER_RUN), code: unchanged?.code ?? false };
  return {
    project: config.project,
    days,
    ...(unchanged && (await oldestWorker(deps, config.project)) >= REPLAYS_UNCHANGED
      ? { unchanged: await unchangedDays(deps, looked, step) }
      : {}),
    looksBack: modelsLookback(project),
    daysPerRun: DAYS_PER_RUN,
  };
}
