import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { App } from '../../app.js';
import { namesServices, processVariables, readEnv, type Env } from '../../env.js';
import { readStack, stackVariables } from '../../local/stack-file.js';
import { STACK_DIR } from './options.js';
import { note, printCommandsFor } from './output.js';

/** The example project is the repository itself. */
export const EXAMPLE = fileURLToPath(new URL('../../..', import.meta.url));

/** Options of every command that works on a project. */
export interface ProjectOptions {
  project?: string | undefined;
}

/**
 * Reads the environment of a command. If no service address is set, it uses a running local stack and prints that to stderr.
 * If some are set, it never mixes the two, so that a production password is never sent to a local server.
 */
export async function commandEnv(): Promise<Env> {
  const vars = processVariables();
  if (namesServices(vars)) return readEnv(vars);
  const stack = await readStack(STACK_DIR);
  if (!stack) return readEnv(vars);
  note(`Using the local stack in ${STACK_DIR}/ (no service address is set)`);
  return readEnv({ ...vars, ...stackVariables(stack) });
}

/** Returns `--project`, else `DAYBOOK_PROJECT`, else this folder if it is a project, else the example. */
export function projectDir(env: Env, given: string | undefined): string {
  const found = projectHere(env);
  const dir = given === undefined ? found : resolve(given);
  printCommandsFor(dir === found ? undefined : given);
  return dir;
}

function projectHere(env: Env): string {
  if (env.projectDir !== undefined) return resolve(env.projectDir);
  const here = ['ts', 'js', 'mjs', 'json'].some((ending) => existsSync(`daybook.config.${ending}`));
  return here ? resolve('.') : EXAMPLE;
}

/** Opens the project for one command, and closes its connections in every case. */
export async function withApp<T>(options: ProjectOptions, use: (app: App) => Promise<T>): Promise<T> {
  const env = await commandEnv();
  const { openApp } = await import('../../app.js');
  const app = await openApp(env, projectDir(env, options.project));
  try {
    return await use(app);
  } finally {
    await app.close();
  }
}
