import { expect, inject, test } from 'vitest';
import { runTrial } from './backfill-trial.js';

/*
 * A sample of `npm run test:backfill`, which does the same to a year.
 */

test('a backfill that is killed, paused, cancelled and restarted has the result of an undisturbed one and builds nothing twice', async () => {
  const lines: string[] = [];
  const trial = { days: 8, kills: 2, seed: 20261123, concurrency: 4, report: (what: string) => lines.push(what) };
  expect(await runTrial(inject('stack'), trial), lines.join('; ')).toEqual([]);
}, 600_000);
