import { expect, inject, test } from 'vitest';
import { pythonVersion } from '../clients/python.js';
import { tryDamage } from '../damage/trial.js';

const python = await pythonVersion();
if (python === undefined) console.warn('SKIPPED: damaged objects are made with python3, 3.10 or newer.');

test.skipIf(python === undefined)(
  'a damaged object ends as a bad object, or as the rows that an independent reader finds in it; whole ones beside it are read',
  async () => {
    const { tries, bad, read, wrong } = await tryDamage(inject('stack'), {
      ...{ seed: 20261128, first: 1, last: 40, python: python ?? '' },
    });
    expect(wrong).toEqual([]);
    expect(bad + read).toBe(tries);
    expect(bad).toBeGreaterThan(20);
    expect(read).toBeGreaterThan(2);
  },
);
