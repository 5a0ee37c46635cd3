import { expect, test } from 'vitest';
import { dayImbalance, folderImbalances, mostFailing, mostRejects, sumAccounts } from '../../src/shared/accounts.js';

const balanced = { object: 'a.json', lines: 10, rows: 6, rejected: 2, skipped: 1, blank: 1 };

test('an account balances when every line has one fate', () => {
  expect(folderImbalances([balanced, { object: 'b', lines: 0, rows: 0, rejected: 0, skipped: 0, blank: 0 }])).toEqual(
    [],
  );
});

test('a line too many or too few names the object and shows the sum', () => {
  expect(
    folderImbalances([
      balanced,
      { ...balanced, object: 'b.json', rows: 5 },
      { ...balanced, object: 'c.json', blank: 2 },
    ]),
  ).toEqual([
    'b.json: 10 lines, but 5 rows + 2 rejected + 1 skipped + 1 blank = 9',
    'c.json: 10 lines, but 6 rows + 2 rejected + 1 skipped + 2 blank = 11',
  ]);
});

test('a folder is the sum of its objects', () => {
  const sum = { lines: 10, rows: 6, rejected: 2, skipped: 1, blank: 1 };
  expect(sumAccounts([])).toEqual({ lines: 0, rows: 0, rejected: 0, skipped: 0, blank: 0 });
  expect(sumAccounts([sum, sum])).toEqual({ lines: 20, rows: 12, rejected: 4, skipped: 2, blank: 2 });
});

test('a day balances when what the manifests contain is loaded or a duplicate', () => {
  expect(dayImbalance('events', 10, 8, 2)).toBeUndefined();
  expect(dayImbalance('events', 10, 8, 1)).toBe(
    'events: the manifests contain 10 rows, but 8 loaded + 1 duplicates = 9',
  );
});

test.each([
  [{ share: 0.01 }, 1000, 10],
  [{ share: 0.01 }, 99, 0],
  [{ share: 0.29 }, 100, 29],
  [{ share: 0 }, 1000, 0],
  [{ lines: 3 }, 10, 3],
  [{ lines: 0 }, 1_000_000, 0],
  [{}, 10, 0],
])('%o of %i lines allows %i rejects', (limit, lines, most) => {
  expect(mostRejects(limit, lines)).toBe(most);
});

test.each([
  [{ share: 0.001 }, 2000, 2],
  [{ share: 0.001 }, 999, 0],
  [{ rows: 5 }, 3, 5],
  [{}, 1000, 0],
])('%o of %i rows tolerates %i failing ones', (limit, rows, most) => {
  expect(mostFailing(limit, rows)).toBe(most);
});
