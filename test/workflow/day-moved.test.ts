import { expect, test } from 'vitest';
import { final } from '../../src/errors.js';
import type { DayResult } from '../../src/shared/workflows.js';
import { concluded, nightAfterPublish } from './night.js';

const DAY = '2026-11-10';

test.each([
  ['stays published if readers have it', 1, 1, true],
  ['is built again on another one if they have not', 0, 2, false],
] as const)('a day whose node is lost at its publish %s', async (_, published, builds, recovered) => {
  const one = await nightAfterPublish(published, (day) => {
    if (day.verbs().filter((verb) => verb === 'publish').length > 1)
      return { tables: [{ table: 'events', rows: 1 }], burstMs: 1, touched: null };
    throw final('NodeLost', 'node a does not answer');
  });
  const result = (await (await one.startDay({ day: DAY })).result()) as DayResult;
  expect(result).toMatchObject({ outcome: 'published', recovered });
  expect(one.verbs().filter((verb) => verb === 'list')).toHaveLength(builds);
  expect(concluded(one).map(({ input }) => input)).toMatchObject([{ outcome: 'published' }]);
});
