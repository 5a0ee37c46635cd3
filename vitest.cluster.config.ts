import { defineConfig } from 'vitest/config';
import { quietenSdk } from './src/env.js';

quietenSdk();

/** The tests of several ClickHouse nodes: `npm run test:cluster`. Apart from the rings of `npm test`, because they need Java. */
export default defineConfig({
  test: {
    name: 'cluster',
    include: ['test/cluster/**/*.test.ts'],
    pool: 'forks',
    isolate: false,
    maxWorkers: 1,
    globalSetup: ['test/cluster/set-up.ts'],
    testTimeout: 300_000,
    hookTimeout: 300_000,
    reporters: ['default', './test/support/closing-line.ts'],
  },
});
