import type { TestProject } from 'vitest/node';
import type { Stack } from '../../src/local/stack-file.js';
import { startTestStack } from './stack.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** The embedded stack of this ring: `inject('stack')`. */
    stack: Stack;
  }
}

/** One stack for all files of a ring; it ends with the ring. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { stack, stop } = await startTestStack();
  project.provide('stack', stack);
  return stop;
}
