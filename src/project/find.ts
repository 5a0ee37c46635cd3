import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** File names of a project's config. */
export const CONFIG_NAMES = ['ts', 'mjs', 'js', 'json'].map((extension) => `daybook.config.${extension}`);

/** Returns the first folder from `start` upwards that has a config; undefined if none has. */
export function findProject(start: string): string | undefined {
  for (let folder = resolve(start); ; folder = dirname(folder)) {
    if (CONFIG_NAMES.some((name) => existsSync(join(folder, name)))) return folder;
    if (folder === dirname(folder)) return undefined;
  }
}
