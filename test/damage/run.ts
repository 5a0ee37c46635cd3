import { parseArgs } from 'node:util';
import { quietenSdk } from '../../src/env.js';
import { pythonVersion } from '../clients/python.js';
import { startTestStack } from '../support/stack.js';
import { tryDamage } from './trial.js';

/*
 * npm run test:damage -- [--tries N] [--seed S] [--from N]
 *
 * Reads objects of every codec that were damaged in seeded ways, and holds what becomes of them against what Python finds in
 * them. Prints what differs, closes with one line `N damaged objects, M differences`, and ends with 1 where M is not 0. Try N of
 * a seed is always the same: `--from N --tries 1` repeats it alone.
 */

/** Tries between two lines of progress. */
const AT_ONCE = 250;

const { values } = parseArgs({
  options: {
    tries: { type: 'string', default: '500' },
    seed: { type: 'string', default: String(Math.floor(Date.now() / 1000)) },
    from: { type: 'string', default: '1' },
  },
});
const say = (text: string) => process.stdout.write(`${text}\n`);
const [tries, seed, from] = [Number(values.tries), Number(values.seed), Number(values.from)];
const python = await pythonVersion();
if (python === undefined) throw new Error('found no python3 of version 3.10 or newer, which makes the objects');

quietenSdk();
const { stack, stop } = await startTestStack();
try {
  say(`seed ${seed}`);
  let wrong = 0;
  for (let first = from; first < from + tries; first += AT_ONCE) {
    const last = Math.min(first + AT_ONCE, from + tries) - 1;
    const result = await tryDamage(stack, { seed, first, last, python });
    for (const one of result.wrong) say(one);
    say(`${first} to ${last}: ${result.bad} bad objects, ${result.read} read, ${result.wrong.length} differences`);
    wrong += result.wrong.length;
  }
  say(`${tries} damaged objects, ${wrong} differences`);
  process.exitCode = wrong === 0 ? 0 : 1;
} finally {
  await stop();
}
