import { defineConfig } from 'vitest/config';

/**
 * One project per ring. Rings with processes share one embedded stack, started once in their global set-up; where every file has
 * projects of its own, two files run at a time.
 */
const ring = (name: string, order: number, options: { stack?: boolean; seconds?: number; files?: number } = {}) => ({
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    pool: 'forks' as const,
    env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
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
    reporters: ['default', './test/support/closing-line.ts'],
    projects: [
      ring('unit', 0),
      ring('replay', 1, { seconds: 120 }),
      ring('workflow', 2, { stack: true, seconds: 120 }),
      ring('integration', 3, { stack: true, seconds: 300, files: 2 }),
      ring('faults', 4, { stack: true, seconds: 600 }),
    ],
  },
});
