import { beforeAll, expect, inject, test } from 'vitest';
import { runTrial } from './backfill-trial.js';
import { SHARED_DISK } from './disk.js';
import { sample, sortsOf, wordsOf, type Fault, type Trouble } from './plan.js';
import { openRing, type Ring } from './ring.js';

/*
 * A sample of the ring, `npm run test:faults`: a fault of each part that can fail, but for the worker, which the backfill kills, a sample
 * of `npm run test:backfill`. One file, because all of it breaks the same stack.
 */

const SEED = 20261110;

const inside =
  (name: string) =>
  ({ trouble, scenario }: Fault) =>
    trouble.kind === 'kill' && 'point' in trouble.moment && trouble.moment.point.name === name && scenario === 'again';
const store =
  (what: string) =>
  ({ trouble }: Fault) =>
    trouble.kind === 'store' && trouble.what === what;
const of =
  (kind: Trouble['kind']) =>
  ({ trouble }: Fault) =>
    trouble.kind === kind;

const sorted = (run: string, sort: string) => (fault: Fault) => sortsOf(fault).includes(`${run}: ${sort}`);

const FAULTS = sample(SEED, [
  inside('swap'),
  store('reset request'),
  of('full disk'),
  of('cut'),
  sorted('rollback', 'kill at statement or request'),
  sorted('build', 'cancel at publish'),
]);

let ring: Ring;
beforeAll(() => {
  ring = openRing(inject('stack'), SHARED_DISK);
});

test('undisturbed days send each statement at which faults strike, as often as the plan says', async () => {
  expect(await ring.rare()).toEqual({});
});

test.each(FAULTS.map((fault) => ({ fault, words: wordsOf(fault) })))(
  'a day ends as if nothing had happened: $words',
  async ({ fault }) => {
    expect(await ring.meet(fault)).toEqual([]);
  },
);

test('a backfill that is killed, paused, cancelled and restarted has the result of an undisturbed one and builds nothing twice', async () => {
  const lines: string[] = [];
  const trial = { days: 8, kills: 2, seed: 20261123, concurrency: 4, report: (what: string) => lines.push(what) };
  expect(await runTrial(inject('stack'), trial), lines.join('; ')).toEqual([]);
});
