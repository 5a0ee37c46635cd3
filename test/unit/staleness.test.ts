import { expect, test } from 'vitest';
import { stalenessOf } from '../../src/core/staleness.js';

const published = { generation: 1, code: 'c1', data: 'd1', rows: 5 };

test.each([
  ['was never published', undefined, 'c1', 'd1', 'missing'],
  ['is as it was', published, 'c1', 'd1', 'fresh'],
  ['is made from other data', published, 'c1', 'd2', 'data'],
  ['is made by other code', published, 'c2', 'd1', 'code'],
  ['differs in both', published, 'c2', 'd2', 'data'],
  ['has data that is not known before it is normalized', published, 'c1', undefined, 'data'],
] as const)('a day that %s', (_, before, code, data, staleness) => {
  expect(stalenessOf(before, code, data)).toBe(staleness);
});
