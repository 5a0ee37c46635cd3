import type { WorkflowHandle } from '@temporalio/client';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { followBackfill } from '../../src/cli/backfill/follow.js';
import { pace, progressLine, resultText } from '../../src/cli/backfill/text.js';
import { followDay } from '../../src/cli/common/follow/follow.js';
import { line } from '../../src/cli/common/follow/watch.js';
import { freshState } from '../../src/shared/backfill.js';
import type { BackfillProgress, BackfillResult, DayProgress, FinishedStep } from '../../src/shared/workflows.js';

const SINCE = '2026-11-10T04:00:00.000Z';
const { counts: NONE } = freshState({ start: '2026-01-01', end: '2026-12-31' }, new Date(SINCE));

/** A backfill that has done 4 of 10 days. */
const progress = (fields: Partial<BackfillProgress> = {}): BackfillProgress => ({
  ...{ start: '2026-01-01', end: '2026-01-10', phase: 'range', total: 10, done: 4 },
  counts: { ...NONE, published: 4 },
  ...{ rows: 20_000, running: ['2026-01-05', '2026-01-06'], failed: [], paused: false, concurrency: 2 },
  ...{ since: SINCE, idle: 0, ...fields },
});
const after = (seconds: number) => Date.parse(SINCE) + seconds * 1_000;

describe('pace', () => {
  test('is rows a second and the time that the other days take at that speed', () => {
    expect(pace(progress(), after(20))).toEqual({ rowsPerSecond: 1_000, msLeft: 30_000 });
  });

  test('excludes the time in which it was paused', () => {
    expect(pace(progress({ idle: 60_000 }), after(80))).toEqual({ rowsPerSecond: 1_000, msLeft: 30_000 });
  });

  test('is unknown before the first day is done, and where clocks differ', () => {
    expect(pace(progress({ done: 0 }), after(20))).toBeUndefined();
    expect(pace(progress(), after(-1))).toBeUndefined();
  });
});

describe('the line of a backfill', () => {
  test('says how far it is, what runs, how fast, and how long it will take', () => {
    expect(progressLine(progress(), after(20))).toBe(
      '4 of 10 days done · running 2026-01-05, 2026-01-06 · 1,000 rows/s · about 30.0 s left',
    );
  });

  test('counts what failed, and what runs beyond the first three days', () => {
    const running = [5, 6, 7, 8, 9].map((day) => `2026-01-0${day}`);
    const counts = { ...NONE, published: 2, failed: 1, cancelled: 1 };
    expect(progressLine(progress({ counts, running, phase: 'later' }), after(20))).toBe(
      '4 of 10 days done · later days that look back · 2 failed · running 2026-01-05, 2026-01-06, 2026-01-07 and 2 more · 1,000 rows/s · about 30.0 s left',
    );
  });

  test('names no speed and no phase once it has ended', () => {
    expect(progressLine(progress({ done: 10, running: [], phase: 'later' }), after(900), true)).toBe(
      '10 of 10 days done',
    );
  });

  test('promises no time while it is paused', () => {
    expect(progressLine(progress({ paused: true }), after(20))).toMatch(/ · pausing$/);
    expect(progressLine(progress({ paused: true, running: [] }), after(20))).toBe('4 of 10 days done · paused');
  });
});

const RESULT: BackfillResult = {
  ...{ start: '2026-01-01', end: '2026-01-10', outcome: 'published', counts: { ...NONE, published: 10 } },
  ...{ rows: 50_000, failed: [], notRun: 0 },
};

describe('what a backfill came to', () => {
  test('is one line where all is well', () => {
    const counts = { ...NONE, published: 6, unchanged: 3, held: 1 };
    expect(resultText(RESULT)).toBe('2026-01-01 to 2026-01-10: 10 published (50,000 rows)');
    expect(resultText({ ...RESULT, counts })).toBe(
      '2026-01-01 to 2026-01-10: 6 published (50,000 rows) · 4 left unchanged · 1 of them held',
    );
  });

  test('names failed days with their reasons, and what to type for them and for those that were not run', () => {
    const failed = [
      {
        day: '2026-01-03',
        outcome: 'failed' as const,
        step: 'test',
        reason: 'Day 2026-01-03 failed at step test: Test x found\n1 row',
      },
    ];
    const text = resultText({ ...RESULT, counts: { ...NONE, published: 2, failed: 2 }, failed, notRun: 6 });
    expect(text.split('\n')).toEqual([
      '2026-01-01 to 2026-01-10: 2 published (50,000 rows) · 2 failed · 6 not run',
      '',
      'FAILED DAY  STEP  WHY',
      '2026-01-03  test  Test x found 1 row',
      'and 1 more',
      '',
      'Once fixed, run: npx daybook backfill --start 2026-01-01 --end 2026-01-10 --reprocess failed',
      'To build the days that were not run: npx daybook backfill --start 2026-01-01 --end 2026-01-10',
    ]);
  });
});

describe('without a terminal', () => {
  const printed = { stdout: '', stderr: '' };
  beforeEach(() => {
    for (const name of ['stdout', 'stderr'] as const) {
      printed[name] = '';
      vi.spyOn(process[name], 'write').mockImplementation((text) => {
        printed[name] += String(text);
        return true;
      });
    }
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });

  /** A workflow that reports these states, one per query, and ends with the last of them. */
  const handleOf = (states: readonly object[], result: object): WorkflowHandle => {
    const left = [...states];
    let end: () => void = () => undefined;
    const ended = new Promise<object>((resolve) => {
      end = () => {
        resolve(result);
      };
    });
    if (left.length === 0) end();
    const query = () => {
      const state = left.length > 1 ? left.shift() : left[0];
      if (left.length === 1) end();
      return Promise.resolve(state);
    };
    return { query, result: () => ended } as unknown as WorkflowHandle;
  };

  test('a backfill is shown in plain lines: a failed day at once, progress not at every poll', async () => {
    const failed = [{ day: '2026-01-05', outcome: 'failed' as const, step: 'load', reason: 'no bucket' }];
    const states = [progress({ done: 0 }), progress({ done: 1, failed }), progress({ done: 2, failed })];
    const end = await followBackfill(handleOf(states, RESULT), 'lines', new AbortController().signal);
    expect(end).toEqual({ ok: true, result: RESULT });
    expect(printed).toEqual({
      stdout: '0 of 10 days done · running 2026-01-05, 2026-01-06\n2026-01-05 failed at load: no bucket\n',
      stderr: '',
    });
  });

  test('a day is shown as one line for each step, once, even if its run continues as new', async () => {
    const step = (name: string, what: string, ms: number): FinishedStep => ({ step: name, what, ms });
    const [list, load] = [step('list', '8 objects', 493), step('load', '71 rows', 2_100)];
    const states = [[list], [list, load], [load]].map(
      (steps) => ({ step: '', done: 0, total: 0, steps }) as unknown as DayProgress,
    );
    await followDay(handleOf(states, { steps: [load] }), '2026-01-05', { show: 'lines' });
    expect(printed.stdout).toBe(`  ${line(list)}\n  ${line(load)}\n  ${line(load)}\n`);
    expect(line(load)).toBe('load      71 rows  (2.1 s)');
  });

  test('the steps of a day are shown to the last, also if no worker is left that answers', async () => {
    const steps: FinishedStep[] = [{ step: 'list', what: '8 objects', ms: 493 }];
    await followDay(handleOf([], { steps }), '2026-01-05', { show: 'lines' });
    expect(printed.stdout).toBe('  list      8 objects  (493 ms)\n');
  });

  test('the last steps of a failed day are asked for until a worker answers', async () => {
    const steps: FinishedStep[] = [{ step: 'list', what: '8 objects', ms: 493 }];
    let asked = 0;
    const handle = {
      query: () => (asked++ < 2 ? Promise.reject(new Error('no poller')) : Promise.resolve({ steps })),
      result: () => Promise.reject(new Error('the day failed')),
    } as unknown as WorkflowHandle;
    await followDay(handle, '2026-01-05', { show: 'lines' }).catch(() => undefined);
    expect(printed.stdout).toBe('  list      8 objects  (493 ms)\n');
  });

  test('programs get only the result', async () => {
    const end = await followBackfill(handleOf([], RESULT), 'nothing', new AbortController().signal);
    expect(end).toEqual({ ok: true, result: RESULT });
    expect(printed).toEqual({ stdout: '', stderr: '' });
  });
});
