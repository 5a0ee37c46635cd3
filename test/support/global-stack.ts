import type { TestProject } from 'vitest/node';
import type { Stack } from '../../src/local/stack-file.js';
import { startTestStack, type TestStack } from './stack.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** The local stack of this run: `inject('stack')`. */
    stack: Stack;
  }
}

/** Each ring loads this module for itself; the process that runs all of them is one, and so is its stack. */
const shared = globalThis as { daybookTestStack?: { stack: Promise<TestStack>; rings: number } | undefined };

/** Starts one stack for all rings of a run; it ends with the last of them. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const one = (shared.daybookTestStack ??= { stack: startTestStack(), rings: 0 });
  one.rings += 1;
  project.provide('stack', (await one.stack).stack);
  return async () => {
    one.rings -= 1;
    if (one.rings > 0) return;
    shared.daybookTestStack = undefined;
    await (await one.stack).stop();
  };
}
