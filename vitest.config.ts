import { defineConfig } from 'vitest/config';
import { quietenSdk } from './src/env.js';

// Test processes inherit it: a warning of the SDK about Node 20 would stand before each file that uses a store.
quietenSdk();

/**
 * One project per ring. Rings with processes share one local stack, started once in their global set-up; where every file has
 * projects of its own, two files run at a time.
 */
const ring = (name: string, order: number, options: { stack?: boolean; seconds?: number; files?: number } = {}) => ({
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    pool: 'forks' as const,
    sequence: { groupOrder: order },
    testTimeout: (options.seconds ?? 10) * 1000,
    hookTimeout: 300_000,
    ...(options.stack
      ? { globalSetup: ['test/support/global-stack.ts'], maxWorkers: options.files ?? 1, isolate: false }
      : {}),
  },
});

export default defineConfig({
  test: {
    reporters: ['default', './test/support/slowest-files.ts', './test/support/closing-line.ts'],
    projects: [
      // Promises, not speeds: a machine that does much else at a time must not fail them.
      ring('unit', 0, { seconds: 60 }),
      ring('replay', 1, { seconds: 120 }),
      ring('workflow', 2, { stack: true, seconds: 120 }),
      ring('integration', 3, { stack: true, seconds: 300, files: 2 }),
      ring('faults', 4, { stack: true, seconds: 600 }),
    ],
  },
});
