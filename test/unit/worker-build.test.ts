import { expect, test } from 'vitest';
import { buildName, buildOfName, WORKER_BUILD } from '../../src/shared/names.js';

test('a worker is of the build that it names; one that names none of ours is of the first', () => {
  expect(buildOfName(buildName(WORKER_BUILD))).toBe(WORKER_BUILD);
  expect(buildOfName('daybook-12')).toBe(12);
  for (const other of ['', '@temporalio/worker@1.24.0+fd99bf78', 'daybook-', 'my-daybook-3'])
    expect(buildOfName(other), other).toBe(1);
});
