import { parseArgs } from 'node:util';
import { quietenSdk } from '../../src/env.js';
import { startTestStack } from '../support/stack.js';
import { runTrial } from './backfill-trial.js';

/*
 * npm run test:backfill -- [--days N] [--kills N] [--seed S] [--concurrency N]
 *
 * Builds a range of small days twice on the local stack, once while processes are killed, it is paused, resumed, cancelled and
 * started again. Prints what differs in the end, closes with one line `N days, M differences`, and ends with 1 where M is not 0.
 */

const { values } = parseArgs({
  options: {
    days: { type: 'string', default: '365' },
    kills: { type: 'string', default: '10' },
    seed: { type: 'string', default: '20261123' },
    concurrency: { type: 'string', default: '8' },
  },
});
const say = (text: string) => process.stdout.write(`${text}\n`);

quietenSdk();
const { stack, stop } = await startTestStack();
try {
  const days = Number(values.days);
  const started = Date.now();
  const wrong = await runTrial(stack, {
    days,
    kills: Number(values.kills),
    seed: Number(values.seed),
    concurrency: Number(values.concurrency),
    report: (what) => {
      say(`${String(Math.round((Date.now() - started) / 1000)).padStart(6)} s  ${what}`);
    },
  });
  for (const one of wrong) say(one);
  say(`${days} days, ${wrong.length} differences`);
  process.exitCode = wrong.length === 0 ? 0 : 1;
} finally {
  await stop();
}
