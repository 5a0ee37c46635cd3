import { summary } from '../../workflows/text.js';

/*
 * The workflows with bugs, each on another day and at another depth: in a step, in one of several pieces of work side by side, in a
 * backfill's days, and where a nightly run continues after failures.
 */

export const BUGGY = {
  step: '2026-11-10',
  window: '2026-11-11',
  queue: '2026-11-16',
} as const;

const bug = (what: string): never => {
  throw new TypeError(`a bug ${what}`);
};

const right = { load: summary.load, refresh: summary.refresh, day: summary.day };

Object.assign(summary, {
  load: (table: string, day: string) =>
    day === BUGGY.window && table === 'orders' ? bug('in a window') : right.load(table, day),
  refresh: (tables: readonly string[], day: string) =>
    day === BUGGY.step ? bug('in a step') : right.refresh(tables, day),
  day: (day: string) => (day === BUGGY.queue ? bug('in the queue') : right.day(day)),
  audit: () => bug('in a nightly run'),
});

export * from '../../workflows/index.js';
