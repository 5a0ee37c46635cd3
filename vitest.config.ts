import { defineConfig } from 'vitest/config';
import { quietenSdk } from './src/env.js';
import LongestFirst from './test/support/longest-first.js';

// Test processes inherit it: a warning of the SDK about Node 20 would stand before each file that uses a store.
quietenSdk();

/** Global set-ups: one stack for all rings that name it, and one for a ring alone. */
const SHARED_STACK = 'test/support/global-stack.ts';
const STACK_TO_BREAK = 'test/support/stack-to-break.ts';

/**
 * One project per ring. Every file has projects, databases and buckets of its own, so that files run beside each other on one
 * stack. The faults kill services, so they have their own.
 */
const ring = (name: string, order: number, files: number, options: { stack?: string; seconds?: number } = {}) => ({
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    pool: 'forks' as const,
    isolate: false,
    maxWorkers: files,
    sequence: { groupOrder: order },
    testTimeout: (options.seconds ?? 10) * 1000,
    hookTimeout: 300_000,
    ...(options.stack ? { globalSetup: [options.stack] } : {}),
  },
});

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    reporters: ['default', './test/support/slowest-files.ts', './test/support/closing-line.ts'],
    projects: [
      // Promises, not speeds: a machine that does much else at a time must not fail them.
      ring('unit', 0, 2, { seconds: 60 }),
      ring('replay', 0, 2, { seconds: 120 }),
      // The rings that wait for timers and restarts use what the integration ring leaves of the machine.
      ring('workflow', 1, 3, { stack: SHARED_STACK, seconds: 120 }),
      ring('faults', 1, 3, { stack: STACK_TO_BREAK, seconds: 600 }),
      ring('integration', 1, 3, { stack: SHARED_STACK, seconds: 300 }),
    ],
  },
});
