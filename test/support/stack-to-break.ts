import type { TestProject } from 'vitest/node';
import { startTestStack } from './stack.js';

/** Starts a stack for one ring alone, whose tests kill its services while other rings run. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { stack, stop } = await startTestStack();
  project.provide('stack', stack);
  return stop;
}
