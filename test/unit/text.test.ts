import { describe, expect, test } from 'vitest';
import { command } from '../../src/shared/commands.js';
import { durationText, numberText, plural, sizeText } from '../../src/shared/format.js';
import { plain, sentence } from '../../src/shared/sentence.js';
import { nightlyTable } from '../../workflows/nightly/text.js';
import { comparedNotes, detailsOf, failureOf, summary, stepText } from '../../workflows/text.js';

test('numbers are grouped, and nouns agree with them', () => {
  expect([0, 999, 1000, 1234567].map(numberText)).toEqual(['0', '999', '1,000', '1,234,567']);
  expect([0, 1, 2, 1200].map((count) => plural(count, 'row'))).toEqual(['0 rows', '1 row', '2 rows', '1,200 rows']);
});

test.each([
  [0, '0 ms'],
  [820, '820 ms'],
  [2_140, '2.1 s'],
  [59_949, '59.9 s'],
  [252_000, '4 min 12 s'],
  [59_950, '1 min 0 s'],
  [3_600_000, '1 h 0 min'],
  [18_180_000, '5 h 3 min'],
])('%i ms reads as %s', (ms, text) => {
  expect(durationText(ms)).toBe(text);
});

test.each([
  [0, '0 B'],
  [1536, '1.5 KiB'],
  [118 * 1024 ** 2, '118 MiB'],
])('%i bytes read as %s', (bytes, text) => {
  expect(sizeText(bytes)).toBe(text);
});

test('the summary of a chunk says which of how many it is, and how large', () => {
  expect(summary.normalize(2, 12, 118 * 1024 ** 2)).toBe('chunk 3 of 12 · 118 MiB');
  expect(summary.normalize(300, 400, undefined)).toBe('chunk 301 of 400');
});

describe('what a step did', () => {
  test('names only fates that lines had', () => {
    const none = { chunks: 2, lines: 10, rows: 10, rejected: 0, skipped: 0, blank: 0, quarantined: 0 };
    expect(stepText.normalize(none)).toBe('2 chunks · 10 lines · 10 rows');
    expect(stepText.normalize({ ...none, rejected: 1, skipped: 2, blank: 3, quarantined: 1 })).toBe(
      '2 chunks · 10 lines · 10 rows · 1 rejected · 2 skipped · 3 blank · 1 bad object quarantined',
    );
    expect(stepText.normalize({ ...none, chunks: 0 })).toBe('nothing to do');
  });

  test('names tests that warned and tables that were swapped', () => {
    expect(stepText.test({ passed: 3, warned: [{ test: 'late', rows: 1 }] })).toBe('3 passed · 1 warned: late 1 row');
    const swapped = { tables: [{ table: 'events', rows: 5 }], burstMs: 12, touched: null, ms: 90 };
    expect(stepText.publish(swapped, 0)).toBe('1 table swapped in 12 ms: events');
    expect(stepText.publish({ ...swapped, tables: [] }, 0)).toBe('nothing changed');
    expect(stepText.publish({ ...swapped, tables: [] }, 2)).toBe(
      'nothing changed · 2 rebuilt tables with the same rows as before',
    );
    expect(stepText.sweep({ stages: 0, archives: 0, archivedBytes: 0, objects: 0, ms: 1 })).toBe('nothing to remove');
  });
});

test('a failure says the step, the reason, and what to type next unless the reason says so', () => {
  const day = '2026-11-05';
  expect(plain(failureOf({ day }, 'test', 'Test x found 1 row.'))).toBe(
    'Day 2026-11-05 failed at step test: Test x found 1 row. Once fixed, run: npx daybook run --day 2026-11-05',
  );
  expect(plain(failureOf({ day, force: true, allowEmpty: true }, 'test', 'Test x found 1 row.'))).toMatch(
    /run --day 2026-11-05 --force --allow-empty$/,
  );
  const reason = sentence('See: ', command.rejects('2026-11-05', 'events'));
  expect(plain(failureOf({ day }, 'load', reason))).toBe(
    'Day 2026-11-05 failed at step load: See: npx daybook rejects --day 2026-11-05 --source events',
  );
});

test('a comparison says how to publish the rebuild, but not where rows were erased that it would bring back', () => {
  const of = { table: 'events', liveRows: 5, rebuiltRows: 7, edited: false };
  const differs = 'events: readers have 5 rows, a rebuild makes 7 rows';
  const notes = (equal: boolean, erased: boolean) => comparedNotes([{ ...of, equal }], '2026-11-05', erased).map(plain);
  expect(notes(false, false)).toEqual([differs, 'publish the rebuild with: npx daybook run --day 2026-11-05 --force']);
  expect(notes(false, true)).toEqual([
    differs,
    'rows of this day were erased: if its raw objects still hold them, a rebuild brings them back. Rewrite these objects, then erase again',
  ]);
  expect(notes(true, true)).toEqual([]);
  expect(comparedNotes([{ ...of, equal: true, close: true }], '2026-11-05', false)).toEqual([
    'events: equal but for the last digits of floats',
  ]);
});

test('tables stay tables, whatever a step or a reason says', () => {
  expect(detailsOf('2026-11-05: done', [{ step: 'list', what: 'a | b', ms: 5 }], ['a note'])).toBe(
    '**2026-11-05: done**\n\n| step | what happened | took |\n|---|---|---|\n| list | a \\| b | 5 ms |\n\n- a note',
  );
  expect(nightlyTable([{ day: '2026-11-05', outcome: 'failed', reason: 'x | y' }])).toBe(
    '| day | outcome | why |\n|---|---|---|\n| 2026-11-05 | failed | x \\| y |',
  );
});
