import { access, constants, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

/*
 * The modules of this folder are plain JavaScript on Node alone, checked by their JSDoc types: bin/install.js runs them beside
 * `npm ci`, when there is neither a compiler nor a package.
 */

/** @typedef {Readonly<Record<string, string | undefined>>} Variables environment variables; empty ones count as not set */

/**
 * Folder of downloaded and built executables: `<folder>/<name>/<version>/<name>`.
 * @param {Variables} variables
 */
export const cacheFolder = (variables) =>
  given(variables, 'DAYBOOK_CACHE') ?? join(given(variables, 'XDG_CACHE_HOME') ?? join(homedir(), '.cache'), 'daybook');

/**
 * The value of a variable; undefined if it is not set, or set to nothing.
 * @param {Variables} variables
 * @param {string} name
 */
export const given = (variables, name) => (variables[name] === '' ? undefined : variables[name]);

/**
 * Paths at which PATH could have a program.
 * @param {string} name
 * @param {Variables} variables
 */
export const onPath = (name, variables) =>
  (variables['PATH'] ?? '').split(delimiter).flatMap((folder) => (folder === '' ? [] : [join(folder, name)]));

/**
 * Finds the first path that is an executable file.
 * @param {readonly string[]} paths
 * @returns {Promise<string | undefined>}
 */
export async function firstExecutable(paths) {
  for (const path of paths) if (await isExecutable(path)) return path;
  return undefined;
}

/** @param {string} path */
export async function isExecutable(path) {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
