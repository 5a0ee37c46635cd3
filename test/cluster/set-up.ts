import type { TestProject } from 'vitest/node';
import type { Stack } from '../../src/local/stack-file.js';
import { startTestStack } from '../support/stack.js';
import { missingForCluster, WHAT_IT_IS } from './cluster.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** Temporal and the store, for days of a project on a cluster; undefined on a machine without what a cluster needs. */
    services: Stack | undefined;
  }
}

/** Says what the nodes are, or what this machine lacks for them; starts what the nodes' tests share. */
export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const missing = await missingForCluster();
  process.stdout.write(`${missing === undefined ? WHAT_IT_IS : `${missing} Its tests are skipped.`}\n`);
  if (missing !== undefined) {
    project.provide('services', undefined);
    return undefined;
  }
  const { stack, stop } = await startTestStack(['temporal', 's3']);
  project.provide('services', stack);
  return stop;
}
