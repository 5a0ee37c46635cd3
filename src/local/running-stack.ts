import { resolve } from 'node:path';
import { isOurs } from './processes/processes.js';
import { readStack, type Stack } from './stack-file.js';

/** Returns the first of the folders' stacks that is running; undefined if none is. */
export async function runningStack(...dirs: readonly string[]): Promise<Stack | undefined> {
  for (const dir of dirs) {
    const stack = await readStack(resolve(dir));
    if (stack && (await isOurs(stack.supervisor.pid, stack.dir))) return stack;
  }
  return undefined;
}
