import type { App } from '../../app.js';
import { namesServices, processVariables, readEnv, type Env } from '../../env.js';
import { stackVariables } from '../../local/stack-file.js';
import { note } from './output.js';
import { projectDir } from './project-folder.js';
import { runningStack } from './stack-folder.js';

/** Options of every command that works on a project. */
export interface ProjectOptions {
  project?: string | undefined;
}

/** The environment of a command, and the folder of the project that it works on. */
export interface CommandEnv {
  env: Env;
  /** Absolute path. */
  dir: string;
}

/**
 * Finds the project of a command and reads its environment. If no service address is set, the command uses a running local stack
 * and prints that to stderr. If some are set, it never mixes the two, so that a production password is never sent to a local server.
 *
 * @throws a final BadConfig if there is no project
 */
export async function commandEnv({ project }: ProjectOptions): Promise<CommandEnv> {
  const vars = processVariables();
  const env = readEnv(vars);
  const dir = projectDir(env, project);
  if (namesServices(vars)) return { env, dir };
  const stack = await runningStack(env.local.stackDir, dir);
  if (!stack) return { env, dir };
  note(`Using the local stack in ${stack.dir} (no service address is set)`);
  return { env: readEnv({ ...vars, ...stackVariables(stack) }), dir };
}

/** Opens the project for one command, and closes its connections in every case. */
export async function withApp<T>(options: ProjectOptions, use: (app: App) => Promise<T>): Promise<T> {
  const { env, dir } = await commandEnv(options);
  const { openApp } = await import('../../app.js');
  const app = await openApp(env, dir);
  try {
    return await use(app);
  } finally {
    await app.close();
  }
}
