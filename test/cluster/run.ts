import { parseArgs } from 'node:util';
import { execa } from 'execa';
import { quietenSdk } from '../../src/env.js';
import { missingForCluster } from './cluster.js';
import { runClusterFaults } from './faults.js';

/*
 * npm run test:cluster [-- FILE…]                               the tests of several ClickHouse nodes
 * npm run test:cluster -- --faults N [--seed S] [--from N] [--nodes N]      days of a seed, each with a fault of a node in its way
 */

const { values, positionals } = parseArgs({
  options: {
    faults: { type: 'string' },
    seed: { type: 'string' },
    from: { type: 'string', default: '1' },
    nodes: { type: 'string', default: '2' },
  },
  allowPositionals: true,
});
const numberOf = (name: string, text: string): number => {
  const number = Number(text);
  if (Number.isInteger(number) && number >= 1) return number;
  throw new Error(`expected --${name} to be a whole number from 1 on, found ${text}`);
};

if (values.faults === undefined) {
  const args = ['run', '--config', 'vitest.cluster.config.ts', ...positionals];
  const { exitCode } = await execa('npx', ['vitest', ...args], { reject: false, stdio: 'inherit' });
  process.exit(exitCode ?? 1);
}
quietenSdk();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
const missing = await missingForCluster();
if (missing !== undefined) {
  process.stdout.write(`${missing} No fault was tried.\n`);
  process.exit(0);
}
const seed = values.seed === undefined ? Math.floor(Date.now() / 1000) : numberOf('seed', values.seed);
const first = numberOf('from', values.from);
const last = first + numberOf('faults', values.faults) - 1;
const differing = await runClusterFaults({ seed, first, last, nodes: numberOf('nodes', values.nodes) });
process.exit(differing === 0 ? 0 : 1);
