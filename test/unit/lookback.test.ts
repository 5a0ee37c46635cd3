import { expect, test } from 'vitest';
import { staleAfter } from '../../src/ledger/staleness.js';
import { asReadBefore, changedSince, earlierDays, inputsRead, longestLookback } from '../../src/shared/lookback.js';

const TODAY = '2026-03-01';

test('earlier days are calendar days, oldest first, without the day itself', () => {
  expect(earlierDays(TODAY, 2)).toEqual(['2026-02-27', '2026-02-28']);
  expect(earlierDays(TODAY, 0)).toEqual([]);
});

test('a model reads each input of its day and of the declared earlier days, and nothing else; missing ones are listed too', () => {
  const read = inputsRead({ name: 'm', inputs: ['events', 'm'], lookback: 1 }, TODAY, (table, day) =>
    table === 'm' ? undefined : `${table} ${day}`,
  );
  expect(read).toEqual({
    events: 'events 2026-03-01',
    'events@2026-02-28': 'events 2026-02-28',
    // Of itself only what is earlier.
    'm@2026-02-28': '',
  });
});

test('the days of a table are kept for the longest lookback of its readers', () => {
  const readers = [
    { name: 'a', inputs: ['events'], lookback: 2 },
    { name: 'b', inputs: ['events', 'visits'], lookback: 6 },
    { name: 'c', inputs: ['a'], lookback: 0 },
  ];
  expect(['events', 'visits', 'a', 'c'].map((table) => longestLookback(table, readers))).toEqual([6, 6, 0, 0]);
});

test('changes are listed by table and day; a new read is not a change', () => {
  const before = { events: 'x', 'events@2026-02-28': 'x', 'gone@2026-02-28': 'x' };
  const now = { events: 'x', 'events@2026-02-28': 'y', 'events@2026-02-27': 'z' };
  expect(changedSince(before, now)).toEqual(['events of 2026-02-28']);
  expect(asReadBefore(before, now)).toEqual({ events: 'x', 'events@2026-02-28': 'y', 'gone@2026-02-28': 'x' });
});

/** Five days of `events`, of `rolling` over two of them, of `twice` over two of those, and of `running`. */
const LATER = ['02', '03', '04', '05'].flatMap((number) => {
  const day = `2026-03-${number}`;
  const [before = ''] = earlierDays(day, 1);
  return [
    { table: 'twice', day, inputs: { rolling: 'same', [`rolling@${before}`]: 'same' } },
    { table: 'events', day, inputs: {} },
    { table: 'rolling', day, inputs: { events: 'same', [`events@${before}`]: 'same' } },
  ];
});

test('later days are stale as far as they were made from what changed, directly or in turn', () => {
  expect(staleAfter(TODAY, [{ table: 'events', fingerprint: 'other' }], LATER)).toEqual(['2026-03-02', '2026-03-03']);
  expect(staleAfter(TODAY, [{ table: 'rolling', fingerprint: 'other' }], LATER)).toEqual(['2026-03-02']);
  expect(staleAfter(TODAY, [{ table: 'twice', fingerprint: 'other' }], LATER)).toEqual([]);
});

test('the same rows published again make nothing stale', () => {
  expect(staleAfter(TODAY, [{ table: 'events', fingerprint: 'same' }], LATER)).toEqual([]);
});

test('a running total carries a change to the last day, or to a missing day', () => {
  const running = (number: string) => {
    const day = `2026-03-${number}`;
    return { table: 'running', day, inputs: { [`running@${earlierDays(day, 1)[0] ?? ''}`]: 'same' } };
  };
  const changed = [{ table: 'running', fingerprint: 'other' }];
  expect(staleAfter(TODAY, changed, ['04', '03', '02'].map(running))).toEqual([
    '2026-03-02',
    '2026-03-03',
    '2026-03-04',
  ]);
  expect(staleAfter(TODAY, changed, ['02', '04'].map(running))).toEqual(['2026-03-02']);
});
