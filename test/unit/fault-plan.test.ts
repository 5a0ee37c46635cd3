import { expect, test } from 'vitest';
import {
  allSorts,
  faultAt,
  FULL_RUN,
  PHASES,
  sortsOf,
  STEPS,
  VICTIMS,
  WHOLE_RUN,
  wordsOf,
  type Fault,
} from '../faults/plan.js';

const all = (seed: number): Fault[] => Array.from({ length: FULL_RUN }, (_, index) => faultAt(seed, index + 1));

test('fault N of seed S is always the same fault, whatever was asked for before', () => {
  const forwards = all(7);
  const backwards = Array.from({ length: FULL_RUN }, (_, index) => faultAt(7, FULL_RUN - index)).reverse();
  expect(backwards).toEqual(forwards);
});

test('another seed gives other faults', () => {
  expect(all(8).map(wordsOf)).not.toEqual(all(7).map(wordsOf));
});

test('a full run has at least 200 faults', () => {
  expect(FULL_RUN).toBeGreaterThanOrEqual(200);
});

test.each([1, 2, 3])('a run of 200 faults of seed %i meets each sort of fault and each step', (seed) => {
  const met = new Set(all(seed).slice(0, WHOLE_RUN).flatMap(sortsOf));
  expect([...met].sort()).toEqual(allSorts());
  for (const sort of [
    'build: cancel at publish',
    'rollback: kill at planRollback',
    'overlapping backfills: kill worker',
  ])
    expect(met).toContain(sort);
});

test.each([1, 2, 3])(
  'a full run of seed %i kills each process and each pair at each step and at random moments',
  (seed) => {
    const kills = all(seed).flatMap(({ trouble, scenario }) =>
      trouble.kind === 'kill' && scenario !== 'rollback' ? [trouble] : [],
    );
    const pairs = VICTIMS.flatMap((one, index) => VICTIMS.slice(index + 1).map((other) => `${one},${other}`));
    for (const victims of [...VICTIMS, ...pairs]) {
      const moments = kills.filter((one) => one.victims.join() === victims).map(({ moment }) => moment);
      const steps = moments.flatMap((moment) => (moment.at === 'step' ? [moment.step] : []));
      expect(new Set(steps)).toEqual(new Set(STEPS));
      expect(moments.some(({ at }) => at === 'time')).toBe(true);
    }
  },
);

test.each([1, 2, 3])('a full run of seed %i has every other sort of fault', (seed) => {
  const troubles = all(seed).map(({ trouble }) => trouble);
  const store = troubles.flatMap((one) => (one.kind === 'store' ? [one.what] : []));
  expect(new Set(store)).toEqual(new Set(['503', '500', 'reset answer', 'reset request', 'trickle']));
  const objects = troubles.flatMap((one) => (one.kind === 'object' ? [`${one.what} ${one.phase}`] : []));
  expect(new Set(objects)).toEqual(
    new Set(['rewritten', 'deleted'].flatMap((what) => PHASES.map((phase) => `${what} ${phase}`))),
  );
  for (const kind of ['full disk', 'out of memory', 'cut'])
    expect(troubles.filter((one) => one.kind === kind).length).toBeGreaterThan(3);
  const swaps = troubles.flatMap((one) =>
    one.kind === 'kill' && one.moment.at === 'statement' && one.moment.point.name === 'swap' ? [one.moment.phase] : [],
  );
  expect(new Set(swaps)).toEqual(new Set(PHASES));
});
