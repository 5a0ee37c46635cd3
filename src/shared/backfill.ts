import type { Touched } from './build.js';
import { addDays, type Day } from './day.js';
import { CONCURRENCY } from './inputs/backfill.js';
import type { BackfillInput, BackfillState, DayEnded, DayResult, FailedDay, Outcome } from './workflows.js';

/** Failed days that a backfill lists; it counts them all. */
const FAILED_SHOWN = 366;

/** Returns the state of a backfill before its first day. */
export const freshState = ({ start, concurrency = CONCURRENCY }: BackfillInput, since: Date): BackfillState => ({
  phase: 'range',
  next: start,
  total: 0,
  counts: {
    ...{ published: 0, unchanged: 0, skipped: 0, held: 0, failed: 0, cancelled: 0 },
    // Outcomes that no day of a backfill has.
    ...{ 'rolled-back': 0, different: 0 },
  },
  rows: 0,
  failed: [],
  paused: false,
  concurrency,
  later: null,
  since: since.toISOString(),
  idle: 0,
});

/** Counts the days that are done, whatever their outcome. */
export const doneOf = (counts: Readonly<Record<Outcome, number>>): number =>
  Object.values(counts).reduce((sum, count) => sum + count, 0);

/** True for a failed day that may be published: it was interrupted in its publish, or terminated. */
export const mayHavePublished = ({ result, failure }: Pick<DayEnded, 'result' | 'failure'>): boolean =>
  result === null && (failure === null || failure.step === 'publish');

/** Returns the state after another day is done. */
export function withDay(
  state: BackfillState,
  ended: FailedDay & { result: Pick<DayResult, 'outcome' | 'loaded' | 'touched'> | null },
  after: Day | null,
): BackfillState {
  const { day, outcome, step, type = '', reason, result } = ended;
  const bad = outcome === 'failed' || outcome === 'cancelled';
  const rows = result?.outcome === 'published' ? result.loaded.reduce((sum, table) => sum + table.rows, 0) : 0;
  return {
    ...state,
    counts: { ...state.counts, [outcome]: state.counts[outcome] + 1 },
    rows: state.rows + rows,
    failed:
      bad && state.failed.length < FAILED_SHOWN
        ? [...state.failed, { day, outcome, step, ...(type === '' ? {} : { type }), reason }]
        : state.failed,
    later: widened(state.later, result?.touched ?? null, after),
  };
}

/** Extends the later days by those that a publish touched, except days that are run anyway. */
function widened(later: BackfillState['later'], touched: Touched | null, after: Day | null): BackfillState['later'] {
  if (!touched || (after !== null && touched.last <= after)) return later;
  const first = after !== null && touched.first <= after ? addDays(after, 1) : touched.first;
  if (!later) return { first, last: touched.last };
  return {
    first: later.first < first ? later.first : first,
    last: later.last > touched.last ? later.last : touched.last,
  };
}
