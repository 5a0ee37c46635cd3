import {
  defineQuery,
  defineSignal,
  log,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import { doneOf, freshState, withDay } from '../../src/shared/backfill.js';
import { clippedText } from '../../src/shared/format.js';
import { isConcurrency } from '../../src/shared/inputs/backfill.js';
import type {
  BackfillInput,
  BackfillProgress,
  BackfillResult,
  BackfillState,
  DayEnded,
} from '../../src/shared/workflows.js';
import { attribute } from '../day/progress.js';
import { backfillOf } from '../text.js';

const backfillQuery = defineQuery<BackfillProgress>('progress');
const pauseSignal = defineSignal('pause');
const resumeSignal = defineSignal('resume');
const concurrencySignal = defineSignal<[number]>('concurrency');

/** Characters. The history keeps every failed day until the end; the day's own history has the whole reason. */
const LONGEST_REASON = 500;

/** Keeps the state of a backfill, shows it to people, and takes their signals. */
export interface Tracker {
  readonly state: BackfillState;
  /** How often this run of the workflow was resumed after a pause. */
  readonly resumes: number;
  /** Sets how many days are left, and of which project. */
  expect(project: string, days: number): void;
  /** Continues at another day, possibly in another phase. */
  moveTo(next: string, phase: BackfillState['phase']): void;
  /** Adds later days that may be stale already, whatever is published now. */
  addLater(later: BackfillState['later']): void;
  begin(day: string): void;
  /** @param after touched days up to this one are part of the range, and run anyway. */
  end(ended: DayEnded, after: string | null): void;
  close(notRun: number): BackfillResult;
  /** Ends the backfill before its days are done. */
  abort(outcome: 'cancelled' | 'failed'): void;
}

/** Begins, or continues from the input, the state of a backfill. */
export function trackBackfill(input: BackfillInput): Tracker {
  const { start, end } = input;
  let state = input.state ?? freshState(input, workflowInfo().runStartTime);
  let pausedAt = state.paused ? Date.now() : undefined;
  let resumes = 0;
  const running = new Set<string>();

  const progress = (): BackfillProgress => {
    const { phase, total, counts, rows, failed, paused, concurrency, since, idle } = state;
    return {
      ...{ start, end, phase, total, done: doneOf(counts), counts, rows, running: [...running], failed },
      ...{ paused, concurrency, since, idle },
    };
  };
  const show = () => {
    setCurrentDetails(backfillOf(progress()));
  };
  const pause = (paused: boolean) => {
    if (paused && pausedAt === undefined) pausedAt = Date.now();
    if (!paused && pausedAt !== undefined) {
      state = { ...state, idle: state.idle + Math.max(0, Date.now() - pausedAt) };
      pausedAt = undefined;
      resumes++;
    }
    state = { ...state, paused };
    show();
  };

  upsertSearchAttributes([
    { key: attribute.kind, value: 'backfill' },
    { key: attribute.outcome, value: 'running' },
  ]);
  setHandler(backfillQuery, progress, {
    description: 'how many days are done, which are running, and which failed and why',
  });
  setHandler(
    pauseSignal,
    () => {
      pause(true);
    },
    { description: 'let running days finish; start no new ones until resume' },
  );
  setHandler(
    resumeSignal,
    () => {
      pause(false);
    },
    { description: 'continue after pause' },
  );
  setHandler(
    concurrencySignal,
    (concurrency) => {
      if (isConcurrency(concurrency)) state = { ...state, concurrency };
      else log.warn('concurrency was not changed: expected a whole number from 1 to 64', { found: concurrency });
      show();
    },
    { description: 'how many days run at once: a whole number from 1 to 64' },
  );

  return {
    get state() {
      return state;
    },
    get resumes() {
      return resumes;
    },
    expect: (project, days) => {
      upsertSearchAttributes([{ key: attribute.project, value: project }]);
      state = { ...state, total: doneOf(state.counts) + days };
      show();
    },
    moveTo: (next, phase) => {
      state = { ...state, next, phase };
    },
    addLater: (later) => {
      state = { ...state, later };
    },
    begin: (day) => {
      running.add(day);
      show();
    },
    end: (ended, after) => {
      running.delete(ended.day);
      state = withDay(
        state,
        {
          ...ended,
          step: ended.failure?.step ?? '',
          type: ended.failure?.type ?? '',
          reason: clippedText(ended.reason, LONGEST_REASON),
        },
        after,
      );
      show();
    },
    close: (notRun) => {
      const { counts, rows, failed } = state;
      const outcome =
        counts.failed + counts.cancelled > 0 ? 'failed' : counts.published > 0 ? 'published' : 'unchanged';
      upsertSearchAttributes([{ key: attribute.outcome, value: outcome }]);
      return { start, end, outcome, counts, rows, failed, notRun };
    },
    abort: (outcome) => {
      running.clear();
      upsertSearchAttributes([{ key: attribute.outcome, value: outcome }]);
      show();
    },
  };
}
