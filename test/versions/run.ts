import { parseArgs } from 'node:util';
import { quietenSdk } from '../../src/env.js';
import { compiledProgram } from '../support/compiled.js';
import { startTestStack, temporaryFolder } from '../support/stack.js';
import { openHosts } from './hosts.js';
import { installVersion } from './install.js';
import { runTrial } from './trial.js';

/*
 * npm run test:versions [-- --from COMMIT] [--days N]
 *
 * Builds a range of days with workers of an earlier version and of this one, side by side and one after another, and compares the
 * rows with those of one version. Closes with one line `N days, M differences`, and ends with 1 where M is not 0.
 */

const { values } = parseArgs({
  options: {
    // The last version that knew one ClickHouse server only.
    from: { type: 'string', default: '874c71a' },
    days: { type: 'string', default: '12' },
  },
});
const say = (text: string) => process.stdout.write(`${text}\n`);

quietenSdk();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
const folder = await temporaryFolder('versions');
try {
  const days = Number(values.days);
  const launchers = { old: await installVersion(values.from, folder.path), new: await compiledProgram() };
  say(`installed ${values.from} beside this version`);
  const { stack, stop } = await startTestStack();
  const started = Date.now();
  const report = (what: string) => {
    say(`${String(Math.round((Date.now() - started) / 1000)).padStart(6)} s  ${what}`);
  };
  const hosts = openHosts(stack, launchers);
  const wrong = await runTrial(hosts, days, report)
    .finally(() => hosts.close())
    .finally(stop);
  for (const one of wrong) say(one.slice(0, 2_000));
  say(`${days} days, ${wrong.length} differences`);
  process.exitCode = wrong.length === 0 ? 0 : 1;
} finally {
  await folder.remove();
}
