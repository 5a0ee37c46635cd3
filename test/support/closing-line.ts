import { writeSync } from 'node:fs';
import type { SerializedError } from 'vitest';
import type { Reporter, TestModule } from 'vitest/node';

/**
 * Prints `N passed, N failed` over all rings as the very last line of a run. A file that cannot be loaded, a failed set-up
 * and an error outside of any test count as one failure each. Written when the process exits, after every other reporter
 * and every tear-down.
 */
export default class ClosingLine implements Reporter {
  #count = { passed: 0, failed: 0, skipped: 0 };

  onInit(): void {
    process.once('exit', (code) => {
      const { passed, failed, skipped } = this.#count;
      // A failure that is not a test's own, such as a ring's set-up, shows in the exit code alone.
      const failures = code !== 0 && failed === 0 ? 1 : failed;
      writeSync(1, `${passed} passed, ${failures} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`);
    });
  }

  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const count = { passed: 0, failed: unhandled.length, skipped: 0 };
    for (const module of modules) {
      let failedTests = 0;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === 'failed') failedTests += 1;
        else count[state === 'passed' ? 'passed' : 'skipped'] += 1;
      }
      count.failed += failedTests === 0 && module.state() === 'failed' ? 1 : failedTests;
    }
    this.#count = count;
  }
}
