import { resolve } from 'node:path';
import { isOurs } from './processes.js';
import { accepts } from './readiness.js';
import { readStack, type Stack } from './stack-file.js';

/** The stack that runs in `dir`: its supervisor is alive and every service accepts connections. Else undefined. */
export async function liveStack(dir: string): Promise<Stack | undefined> {
  const stack = await readStack(resolve(dir));
  if (!stack || !(await isOurs(stack.supervisor.pid, stack.dir))) return undefined;
  const answering = await Promise.all(stack.processes.map(({ port }) => accepts(port)));
  return answering.includes(false) ? undefined : stack;
}
