import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { App } from '../../app.js';
import { namesServices, processVariables, readEnv, type Env } from '../../env.js';
import { final, messageOf } from '../../errors.js';
import { runningStack } from '../../local/running-stack.js';
import { stackVariables } from '../../local/stack-file.js';
import { findProject } from '../../project/find.js';
import { command } from '../../shared/commands.js';
import { sentence } from '../../shared/sentence.js';
import { assertAddresses } from './addresses.js';
import { DEMO_STACK } from './options.js';
import { note, printCommandsFor } from './output.js';

/** The example project, which only the demo runs by default: the repository itself. */
export const EXAMPLE = fileURLToPath(new URL('../../..', import.meta.url));

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
 * @throws a final BadConfig if there is no project, or an address is none
 */
export async function commandEnv({ project }: ProjectOptions): Promise<CommandEnv> {
  const vars = processVariables();
  assertAddresses(vars);
  const env = readEnv(vars);
  const dir = projectDir(env, project);
  if (namesServices(vars)) return { env, dir };
  // The demo's stack is in its project's folder.
  const stack = await runningStack(join(dir, DEMO_STACK), env.local.stackDir);
  if (!stack) return { env, dir };
  note(`Using the local stack in ${stack.dir} (no service address is set)`);
  return { env: readEnv({ ...vars, ...stackVariables(stack) }), dir };
}

/**
 * Returns `--project`, else `DAYBOOK_PROJECT`, else the project that the working folder is in.
 *
 * @throws a final BadConfig if there is none
 */
export function projectDir(env: Pick<Env, 'projectDir'>, given: string | undefined): string {
  const found = env.projectDir === undefined ? findProject('.') : resolve(env.projectDir);
  const dir = given === undefined ? found : resolve(given);
  printCommandsFor(dir === found ? undefined : given);
  if (dir !== undefined) return dir;
  throw final(
    'BadConfig',
    sentence(
      `Found no daybook.config.ts in ${resolve('.')} or a folder above it. Name a project with --project, or write a new one: `,
      command.init('my_project'),
    ),
  );
}

/** Lets the node that a command uses catch up with the others; if it does not, the command works on, with a warning. */
async function noteLag({ clickhouse, ledger, project }: App): Promise<void> {
  const { catchUp } = await import('../../clickhouse/cluster/catch-up.js');
  await catchUp(clickhouse, [ledger.database, project.config.database]).catch((error: unknown) => {
    note(`What follows may be out of date. ${messageOf(error)}`);
  });
}

/** Opens the project for one command, and closes its connections in every case. */
export async function withApp<T>(options: ProjectOptions, use: (app: App) => Promise<T>): Promise<T> {
  const { env, dir } = await commandEnv(options);
  const { openApp } = await import('../../app.js');
  const app = await openApp(env, dir);
  try {
    if (app.clickhouse.cluster) await noteLag(app);
    return await use(app);
  } finally {
    await app.close();
  }
}
