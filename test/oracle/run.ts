import { parseArgs } from 'node:util';
import { processVariables, quietenSdk, readEnv } from '../../src/env.js';
import { startStack } from '../../src/local/stack.js';
import { pythonVersion } from '../clients/python.js';
import { temporaryFolder } from '../support/stack.js';
import { runOracle } from './oracle.js';

/*
 * npm run test:oracle -- [--lines N] [--files N] [--seed S]
 *
 * Ends with `N lines, 0 fates differ, 0 values differ`, and with 1 where any does.
 */
const { values } = parseArgs({
  options: {
    lines: { type: 'string', default: '1000000' },
    files: { type: 'string', default: '40' },
    seed: { type: 'string', default: String(Math.floor(Date.now() / 1000)) },
  },
});

const python = await pythonVersion();
if (python === undefined) throw new Error('The oracle needs python3, 3.10 or newer, on PATH.');
quietenSdk();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

process.stdout.write(`seed ${values.seed}\n`);
const folder = await temporaryFolder('oracle');
const { stack, stop } = await startStack({ dir: folder.path, env: readEnv(processVariables()) });
const options = { seed: values.seed, lines: Number(values.lines), files: Number(values.files), python };
const { equal, words } = await runOracle(stack, options, (what) => process.stdout.write(`${what}\n`)).finally(
  async () => {
    await stop();
    await folder.remove();
  },
);
process.stdout.write(`${words}\n`);
process.exit(equal ? 0 : 1);
