import type { Reporter, TestModule } from 'vitest/node';
import { plainTable } from '../../src/cli/text.js';

const SHOWN = 20;

/** Prints the files of a run that took longest, in seconds: the places where time can be saved. */
export default class SlowestFiles implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const files = modules
      .map((module) => ({ file: module.relativeModuleId, seconds: secondsOf(module) }))
      .toSorted((one, other) => other.seconds - one.seconds)
      .slice(0, SHOWN);
    if (files.length < 2) return;
    const rows = files.map(({ file, seconds }) => [file, seconds.toFixed(1)]);
    process.stdout.write(`\nThe slowest files, in seconds:\n${plainTable(['file', { right: 'seconds' }], rows)}\n`);
  }
}

/** Loading, set-up and tests of a file. */
function secondsOf(module: TestModule): number {
  const { collectDuration, setupDuration, duration } = module.diagnostic();
  return (collectDuration + setupDuration + duration) / 1000;
}
