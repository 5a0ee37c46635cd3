import {
  defineQuery,
  defineSignal,
  log,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import { doneOf, freshState, withDay } from '../src/shared/backfill.js';
import { clipped } from '../src/shared/format.js';
import { isConcurrency } from '../src/shared/inputs/backfill.js';
import type {
  BackfillInput,
  BackfillProgress,
  BackfillResult,
  BackfillState,
  DayEnded,
} from '../src/shared/workflows.js';
import { attribute } from './progress.js';
import { backfillOf } from './words.js';

const backfillQuery = defineQuery<BackfillProgress>('progress');
const pauseSignal = defineSignal('pause');
const resumeSignal = defineSignal('resume');
const concurrencySignal = defineSignal<[number]>('concurrency');

/** A history holds every failed day until the end; the day's own history has its reason whole. */
const LONGEST_REASON = 500;

/** What a backfill remembers, what people see of it, and what they may tell it. */
export interface Tracker {
  readonly state: BackfillState;
  /** So many days are left, of this project. */
  expect(project: string, days: number): void;
  /** Goes on at another day, maybe in another phase. */
  moveTo(next: string, phase: BackfillState['phase']): void;
  /** Later days that may be stale whatever is published now. */
  look(later: BackfillState['later']): void;
  begin(day: string): void;
  /** @param after touched days up to this one are run anyway. */
  end(ended: DayEnded, after: string | null): void;
  close(notRun: number): BackfillResult;
  /** Ends it before its days are done. */
  abort(outcome: 'cancelled' | 'failed'): void;
}

export function trackBackfill(input: BackfillInput): Tracker {
  const { start, end } = input;
  let state = input.state ?? freshState(input, workflowInfo().runStartTime);
  let pausedAt = state.paused ? Date.now() : undefined;
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
      state = { ...state, idle: state.idle + Date.now() - pausedAt };
      pausedAt = undefined;
    }
    state = { ...state, paused };
    show();
  };

  upsertSearchAttributes([
    { key: attribute.kind, value: 'backfill' },
    { key: attribute.outcome, value: 'running' },
  ]);
  setHandler(backfillQuery, progress, { description: 'how many days are done, which run, and which failed and why' });
  setHandler(
    pauseSignal,
    () => {
      pause(true);
    },
    { description: 'finish the days under way and start no more until resume' },
  );
  setHandler(
    resumeSignal,
    () => {
      pause(false);
    },
    { description: 'go on after pause' },
  );
  setHandler(
    concurrencySignal,
    (concurrency) => {
      if (isConcurrency(concurrency)) state = { ...state, concurrency };
      else log.warn('concurrency stays as it was; expected a whole number from 1 to 64', { found: concurrency });
      show();
    },
    { description: 'how many days may be under way at once: a number from 1 to 64' },
  );

  return {
    get state() {
      return state;
    },
    expect: (project, days) => {
      upsertSearchAttributes([{ key: attribute.project, value: project }]);
      state = { ...state, total: doneOf(state.counts) + days };
      show();
    },
    moveTo: (next, phase) => {
      state = { ...state, next, phase };
    },
    look: (later) => {
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
          reason: clipped(ended.reason, LONGEST_REASON),
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
