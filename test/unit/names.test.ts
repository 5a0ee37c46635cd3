import { expect, test } from 'vitest';
import { archiveTable, attemptName, dayOfStage, readArchiveName, stageDatabase } from '../../src/shared/names.js';

const DAY = '2026-11-05';

test('an archive’s name says table, day and generation, whatever the table and the attempt are called', () => {
  for (const table of ['events', 'a__b', 'x__20251231__before_3__y'])
    expect(readArchiveName(archiveTable(table, DAY, 12, '1a2b-publish-2'))).toEqual({
      table,
      day: DAY,
      generation: 12,
    });
  expect(readArchiveName('events')).toBeUndefined();
});

test('a stage is distinguished from the databases of a project whose name begins with this one’s', () => {
  expect(dayOfStage('shop', stageDatabase('shop', DAY, 3))).toBe(DAY);
  expect(dayOfStage('shop', stageDatabase('shop_two', DAY, 3))).toBeUndefined();
  expect(dayOfStage('shop', 'daybook_shop_archive')).toBeUndefined();
  expect(dayOfStage('shop', 'analytics')).toBeUndefined();
});

test('attempts of two runs that began in the same minute have different names', () => {
  const runs = ['01a20810-3f2c-7b1e-9a55-0c1d2e3f4a5b', '01a20810-9d11-7c42-8f60-5a4b3c2d1e0f'];
  expect(new Set(runs.map((run) => attemptName(run, '3', 1))).size).toBe(2);
  expect(attemptName(runs[0] ?? '', '3', 1)).not.toBe(attemptName(runs[0] ?? '', '3', 2));
});
