import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Env } from '../../env.js';
import { final } from '../../errors.js';
import { command } from '../../shared/commands.js';
import { sentence } from '../../shared/sentence.js';
import { printCommandsFor } from './output.js';

/** The example project, which only the demo runs by default: the repository itself. */
export const EXAMPLE = fileURLToPath(new URL('../../..', import.meta.url));

const CONFIGS = ['ts', 'mjs', 'js', 'json'].map((ending) => `daybook.config.${ending}`);

/** Returns the first folder from `start` upwards that has a config; undefined if none has. */
export function findProject(start: string): string | undefined {
  for (let folder = resolve(start); ; folder = dirname(folder)) {
    if (CONFIGS.some((name) => existsSync(join(folder, name)))) return folder;
    if (folder === dirname(folder)) return undefined;
  }
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
      `Found no ${CONFIGS[0] ?? ''} in ${resolve('.')} or a folder above it. Name a project with --project, or write a new one: `,
      command.init('my_project'),
    ),
  );
}
