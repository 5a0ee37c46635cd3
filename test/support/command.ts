import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import type { Stack } from '../../src/local/stack-file.js';
import { testVariables } from './stack.js';

export const DAYBOOK = fileURLToPath(new URL('../../bin/daybook.js', import.meta.url));

/** How a command ended. */
export interface CommandEnd {
  code: number;
  stdout: string;
  stderr: string;
}

/** A stack's variables, some of them replaced. */
export const environment = (stack: Stack, changes: Record<string, string> = {}): Record<string, string> => ({
  ...testVariables(stack),
  ...changes,
});

/** Starts the real command as a process of its own, with the given environment and nothing of the developer's shell. */
export const start = (args: readonly string[], env: Record<string, string>, cwd = process.cwd()) =>
  execa(process.execPath, [DAYBOOK, ...args], { env, cwd, extendEnv: false, reject: false, stdin: 'ignore' });

/** Runs the real command to its end. */
export async function daybook(args: readonly string[], env: Record<string, string>, cwd?: string): Promise<CommandEnd> {
  const { exitCode, signal, stdout, stderr } = await start(args, env, cwd);
  if (exitCode === undefined)
    throw new Error(`daybook ${args.join(' ')} was ended by ${signal ?? 'no signal'}: ${stderr}`);
  return { code: exitCode, stdout, stderr };
}

/** Returns a function that runs commands on a project of a stack. `project` is called each time: tests open theirs before they run. */
export const commandOf =
  (stack: Stack, project: () => { app: { project: { dir: string } } }) =>
  (...args: string[]): Promise<CommandEnd> =>
    daybook([...args, '--project', project().app.project.dir], environment(stack));
