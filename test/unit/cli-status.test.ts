import { describe, expect, test } from 'vitest';
import { shorten, plainTable, printable } from '../../src/cli/common/text.js';
import { nextSteps, type DayDetail } from '../../src/cli/status/day-detail.js';
import { daysToShow, stateOf, withRunning, type DayReport } from '../../src/cli/status/day-report.js';
import { detailText, overviewText } from '../../src/cli/status/text.js';
import { command, type Command } from '../../src/shared/commands.js';
import { daysBetween } from '../../src/shared/day.js';
import { joinTexts, sentence } from '../../src/shared/sentence.js';

const yesterday = '2026-11-22';

describe('the days that status shows', () => {
  const published = (days: readonly string[]) => days.map((day) => ({ day, done: true }));
  const failed = (days: readonly string[]) => days.map((day) => ({ day, done: false }));
  const week = daysBetween('2026-11-05', '2026-11-09');
  const recorded = published(week);

  test('end at the newest known day, so that a demo of last month is not pushed out by days that were never built', () => {
    expect(daysToShow({ start: '2026-11-05', recorded, yesterday, count: 14 })).toEqual({
      shown: week,
      gaps: [],
      earlier: 0,
      missing: { first: '2026-11-10', last: yesterday, days: 13 },
    });
  });

  test('begin at `start`, where that is earlier than the first one built, or where nothing says', () => {
    const shown = (start: string | undefined) => daysToShow({ start, recorded, yesterday, count: 14 }).shown[0];
    expect([shown('2026-11-03'), shown('2026-11-07'), shown(undefined)]).toEqual([
      ...['2026-11-03', '2026-11-05', '2026-11-05'],
    ]);
  });

  test('are the newest ones, the earlier ones only counted', () => {
    const all = daysBetween('2026-10-01', yesterday);
    expect(daysToShow({ start: undefined, recorded: published(all), yesterday, count: 2 })).toEqual({
      shown: ['2026-11-21', yesterday],
      gaps: [],
      earlier: 51,
      missing: undefined,
    });
  });

  test('are not pushed out by days that were never built, which are one line between them', () => {
    const days = ['2025-01-05', '2026-11-05', '2026-11-08', yesterday];
    expect(daysToShow({ start: undefined, recorded: published(days), yesterday, count: 3 })).toEqual({
      shown: ['2026-11-05', '2026-11-06', '2026-11-07', '2026-11-08', yesterday],
      gaps: [{ first: '2026-11-09', last: '2026-11-21', days: 13 }],
      earlier: 1,
      missing: undefined,
    });
  });

  test('do not begin with a day that only failed: it may be mistyped, and the days after it are not missing', () => {
    const mistyped = '2025-11-05';
    const after = (days: readonly { day: string; done: boolean }[], start?: string) =>
      daysToShow({ start, recorded: [...failed([mistyped]), ...days], yesterday, count: 14 });
    const missing = { first: '2026-11-10', last: yesterday, days: 13 };
    expect(after(recorded)).toEqual({ shown: [mistyped, ...week], gaps: [], earlier: 0, missing });
    // Nothing says which days should exist while none was published.
    expect(after([])).toEqual({ shown: [mistyped], gaps: [], earlier: 0, missing: undefined });
    // With `start`, the days from there on should.
    expect(after(recorded, '2026-11-02')).toEqual({
      shown: [mistyped, ...week],
      gaps: [{ first: '2026-11-02', last: '2026-11-04', days: 3 }],
      earlier: 0,
      missing,
    });
    expect(after([], '2026-11-20').missing).toEqual({ first: '2026-11-20', last: yesterday, days: 3 });
    // A day that failed among published ones is one of them.
    const middle = [...published(['2026-11-05']), ...failed(['2026-11-12'])];
    expect(after(middle).gaps).toEqual([{ first: '2026-11-06', last: '2026-11-11', days: 6 }]);
  });

  test('include one that runs and has no record yet, because it waits for its sources', () => {
    const days = withRunning(recorded, [{ day: yesterday }, { day: '2026-11-06' }]);
    expect(days.map(({ day }) => day)).toEqual([...week, yesterday]);
    const range = daysToShow({ start: undefined, recorded: days, yesterday, count: 14 });
    expect(range).toMatchObject({ gaps: [{ first: '2026-11-10', last: '2026-11-21' }], missing: undefined });
  });

  test('are none while nothing was built, and what should exist is said', () => {
    expect(daysToShow({ start: '2026-11-20', recorded: [], yesterday, count: 14 })).toEqual({
      shown: [],
      gaps: [],
      earlier: 0,
      missing: { first: '2026-11-20', last: yesterday, days: 3 },
    });
  });
});

test('a build that was begun runs, was stopped, or is taken to run where Temporal can not be asked', () => {
  const workflow = { day: '2026-11-05', workflowId: 'w', runId: 'r', since: '2026-11-06T00:00:00Z' };
  expect(stateOf({ event: 'planned' }, workflow, true)).toBe('building');
  expect(stateOf({ event: 'failed' }, workflow, true)).toBe('building');
  expect(stateOf({ event: 'planned' }, undefined, true)).toBe('stopped');
  expect(stateOf({ event: 'planned' }, undefined, false)).toBe('building');
  expect(stateOf({ event: 'failed' }, undefined, true)).toBe('failed');
  expect(stateOf(undefined, undefined, true)).toBe('not built');
});

describe('what to type next', () => {
  const DAY = '2026-11-05';
  const of = (fields: Partial<DayReport>, failure: Command[] = []) =>
    nextSteps({ day: DAY, state: 'published', open: [], questions: [], ...fields } as DayReport, failure);
  const run = command.run(DAY);

  test('is nothing for a day that is as it should be', () => {
    expect(of({})).toEqual([]);
  });

  test('begins with the command that the failure names', () => {
    const rejects = command.rejects(DAY, 'events');
    expect(of({ state: 'failed' }, [rejects])).toEqual([rejects, run]);
    expect(of({ state: 'failed' }, [run])).toEqual([run]);
  });

  test('is both answers, and nothing else, where the folders have to be explained first', () => {
    const answers = [command.run(DAY, '--replace-folder'), command.run(DAY, '--keep-vanished')];
    const questions = [joinTexts(['Objects are gone. ', ...answers.map((one) => sentence(one))], '')];
    expect(of({ questions })).toEqual(answers);
    expect(of({ state: 'failed', questions }, answers)).toEqual(answers);
  });

  test('is to run a day with an unfinished publish, that was stopped, or that was never built', () => {
    expect(of({ open: ['events'] })).toEqual([run]);
    expect(of({ state: 'stopped' })).toEqual([run]);
    expect(of({ state: 'not built' })).toEqual([run]);
  });
});

describe('text from strangers', () => {
  test('stays on one line and moves no terminal', () => {
    expect(printable('a\n\tb\u001b[31mc\u0007\u202Ed')).toBe('a b\uFFFD[31mc\uFFFD\uFFFDd');
  });

  test('is cut to a width, with a sign that it was', () => {
    expect(shorten('abcdef', 6)).toBe('abcdef');
    expect(shorten('abcdefg', 6)).toBe('abcde…');
  });
});

test('a table is plain columns, numbers on the right, without blanks at the ends of lines', () => {
  const table = plainTable(
    ['day', { right: 'rows' }, ''],
    [
      ['2026-11-05', '1,204', ''],
      ['2026-11-06', '9', 'x'],
    ],
  );
  expect(table.split('\n')).toEqual(['day          rows', '2026-11-05  1,204', '2026-11-06      9  x']);
});

test('a day shows what readers have and its generation, although a newer build failed or changed nothing', () => {
  const published = {
    table: 'events',
    generation: 1,
    rows: 7,
    at: '2026-11-06T04:30:00Z',
    fingerprint: { code: 'c', data: 'd' },
  };
  const failed: DayDetail = {
    ...{
      day: '2026-11-05',
      state: 'failed' as const,
      generation: 1,
      at: '2026-11-07T04:30:00Z',
      step: 'wait',
      reason: 'events: nothing there',
    },
    ...{
      open: [],
      running: null,
      hold: null,
      published: [published],
      quarantined: [],
      questions: [],
      tests: [],
      rejects: [],
      next: [],
    },
    folder: { lines: 0, rows: 0, rejected: 0, skipped: 0, blank: 0 },
    plans: { newest: null, whole: null },
  };
  const range = { shown: ['2026-11-05'], gaps: [], earlier: 0, missing: undefined };
  const of = { project: 'shop', zone: 'UTC', normalized: ['events'], range };
  const gaps = [{ first: '2026-10-01', last: '2026-11-04', days: 35 }];
  expect(overviewText({ ...of, range: { ...range, gaps }, days: [failed] })).toMatch(
    /^day .*\n2026-10-01 to 2026-11-04 {2}not built, 35 days\n2026-11-05 +failed /,
  );
  expect(overviewText({ ...of, days: [failed] })).toContain('at wait, readers keep the previous data: events');
  expect(detailText('shop', 'UTC', failed)).toContain('Readers keep the previously published data');
  // A build that changed nothing, and a rollback, have generations of their own that no reader ever had.
  const checked: DayDetail = { ...failed, state: 'unchanged', generation: 4 };
  expect(overviewText({ ...of, days: [checked] })).toMatch(/\n2026-11-05 +unchanged +1 +2026-11-07 04:30 /);
  expect(detailText('shop', 'UTC', checked)).toContain('shop 2026-11-05: unchanged, generation 1, ');
  const first = { ...failed, published: [] };
  expect(overviewText({ ...of, days: [first] })).toContain('at wait: events');
  expect(detailText('shop', 'UTC', first)).not.toContain('Readers keep');
});

test('rejects whose only fault is a day outside of the arrival window are counted by themselves', () => {
  const day = {
    ...{ day: '2026-11-05', state: 'published', generation: 1, at: null, running: null, hold: null, reason: '' },
    ...{ open: [], published: [], quarantined: [], questions: [], tests: [], next: [] },
    rejects: [
      { source: 'events', rejected: 4, outside: 3, lines: 9, reasons: [] },
      { source: 'visits', rejected: 1, outside: 0, lines: 9, reasons: [] },
    ],
  } as unknown as DayDetail;
  const shown = detailText('shop', 'UTC', day);
  expect(shown).toContain(
    'Rejected of events: 4 of 9 lines in folder 2026-11-05, 3 of them only for a day outside of the arrival window. Show them: ',
  );
  expect(shown).toContain('Rejected of visits: 1 of 9 lines in folder 2026-11-05. Show them: ');
});
