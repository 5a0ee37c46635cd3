import { parseArgs } from 'node:util';
import { quietenSdk } from '../../src/env.js';
import { messageOf } from '../../src/errors.js';
import { allSorts, faultAt, FULL_RUN, sortsOf, WHOLE_RUN, wordsOf } from './plan.js';
import { NEVER, openRing } from './ring.js';
import { withStack } from './stack.js';

/*
 * npm run test:faults -- [--seed S] [--faults N] [--from N] [--fault N,N…]
 *
 * Runs whole days on the local stack while it breaks around them. Prints each fault and its outcome, closes with one line
 * `N faults, M differences`, and ends with 1 where M is not 0.
 */

/** The stack is restarted after this many faults: its files grow with every project. */
const FAULTS_PER_STACK = 50;
/** Lines shown of what differs. */
const SHOWN = 12;

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    faults: { type: 'string', default: String(FULL_RUN) },
    from: { type: 'string', default: '1' },
    fault: { type: 'string' },
  },
});
const numberOf = (name: string, text: string): number => {
  const number = Number(text);
  if (Number.isInteger(number) && number >= 1) return number;
  throw new Error(`expected --${name} to be a whole number from 1 on, found ${text}`);
};

const seed = values.seed === undefined ? Math.floor(Date.now() / 1000) : numberOf('seed', values.seed);
const first = numberOf('from', values.from);
const numbers =
  values.fault === undefined
    ? Array.from({ length: numberOf('faults', values.faults) }, (_, index) => first + index)
    : values.fault.split(',').map((text) => numberOf('fault', text));

quietenSdk();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

process.stdout.write(`seed ${seed}, ${numbers.length} faults\n`);
let met = 0;
let differing = 0;
/** How often each sort of fault struck. */
const hits = new Map(allSorts().map((sort) => [sort, 0]));
for (let from = 0; from < numbers.length; from += FAULTS_PER_STACK)
  await withStack(async (stack, disk) => {
    process.stdout.write(`a fresh stack; full disks are made by ${disk.how}\n`);
    const ring = openRing(stack, disk);
    for (const number of numbers.slice(from, from + FAULTS_PER_STACK)) {
      const fault = faultAt(seed, number);
      const started = Date.now();
      const wrong = await ring.meet(fault).catch((error: unknown) => [messageOf(error)]);
      met++;
      if (!wrong.includes(NEVER)) for (const sort of sortsOf(fault)) hits.set(sort, (hits.get(sort) ?? 0) + 1);
      const seconds = ((Date.now() - started) / 1000).toFixed(1);
      process.stdout.write(`#${number} ${wordsOf(fault)}: ${wrong.length === 0 ? 'equal' : 'DIFFERS'}, ${seconds} s\n`);
      if (wrong.length === 0) continue;
      differing++;
      for (const one of wrong.slice(0, SHOWN)) process.stdout.write(`    ${one}\n`);
      if (wrong.length > SHOWN) process.stdout.write(`    and ${wrong.length - SHOWN} more\n`);
      process.stdout.write(`    again: npm run test:faults -- --seed ${seed} --fault ${number}\n`);
    }
  });
process.stdout.write(`how often each sort of fault struck:\n`);
for (const [sort, times] of hits) process.stdout.write(`  ${String(times).padStart(3)}  ${sort}\n`);
// A part of a run need not meet all of them.
const missed = met >= WHOLE_RUN ? [...hits].filter(([, times]) => times === 0).map(([sort]) => sort) : [];
if (missed.length > 0) process.stdout.write(`never struck: ${missed.join(', ')}\n`);
process.stdout.write(`${met} faults, ${differing} differences\n`);
process.exit(differing === 0 && missed.length === 0 ? 0 : 1);
