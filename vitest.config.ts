import { defineConfig } from 'vitest/config';
import { quietenSdk } from './src/env.js';

// Test processes inherit it: a warning of the SDK about Node 20 would stand before each file that uses a store.
quietenSdk();

/**
 * One project per ring. Rings with processes share one local stack, started once in their global set-up, and every file has
 * projects, databases and buckets of its own, so that files run beside each other. Only the faults kill the shared stack.
 */
const ring = (name: string, order: number, files: number, options: { stack?: boolean; seconds?: number } = {}) => ({
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    pool: 'forks' as const,
    isolate: false,
    maxWorkers: files,
    sequence: { groupOrder: order },
    testTimeout: (options.seconds ?? 10) * 1000,
    hookTimeout: 300_000,
    ...(options.stack ? { globalSetup: ['test/support/global-stack.ts'] } : {}),
  },
});

export default defineConfig({
  test: {
    reporters: ['default', './test/support/slowest-files.ts', './test/support/closing-line.ts'],
    projects: [
      // Promises, not speeds: a machine that does much else at a time must not fail them.
      ring('unit', 0, 2, { seconds: 60 }),
      ring('replay', 0, 2, { seconds: 120 }),
      // Mostly waiting for Temporal's timers, so beside the integration ring.
      ring('workflow', 1, 3, { stack: true, seconds: 120 }),
      ring('integration', 1, 3, { stack: true, seconds: 300 }),
      ring('faults', 2, 1, { stack: true, seconds: 600 }),
    ],
  },
});
