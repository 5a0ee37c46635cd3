import { join, resolve } from 'node:path';
import { isOurs } from '../../local/processes/processes.js';
import { readStack, type Stack } from '../../local/stack-file.js';
import { DEMO_STACK } from './options.js';

/**
 * Finds the running stack for a project: the one in the project's own folder, which the demo starts there, else the user's.
 *
 * @param userDir folder of the user's stack
 * @param project folder of the project; undefined for a command without one
 */
export async function runningStack(userDir: string, project: string | undefined): Promise<Stack | undefined> {
  const own = project === undefined ? undefined : await running(join(project, DEMO_STACK));
  return own ?? (await running(userDir));
}

/** Reads the stack of a folder; undefined unless its supervisor is alive. */
export async function running(dir: string): Promise<Stack | undefined> {
  const stack = await readStack(resolve(dir));
  return stack && (await isOurs(stack.supervisor.pid, stack.dir)) ? stack : undefined;
}
