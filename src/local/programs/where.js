import { access, constants, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

/*
 * The .js modules of this folder are plain JavaScript with JSDoc types and import only Node: bin/install.js runs them during
 * `npm ci`, when no compiler and no package is installed.
 */

/** @typedef {Readonly<Record<string, string | undefined>>} Variables environment variables; empty ones count as not set */

/**
 * Returns the folder of downloaded and built executables: `<folder>/<name>/<version>/<name>`.
 * @param {Variables} variables
 */
export const cacheFolder = (variables) =>
  given(variables, 'DAYBOOK_CACHE') ?? join(given(variables, 'XDG_CACHE_HOME') ?? join(homedir(), '.cache'), 'daybook');

/**
 * Returns the folder of the user's local stack, the same from every working folder.
 * @param {Variables} variables
 */
export const stackFolder = (variables) =>
  given(variables, 'DAYBOOK_STACK') ??
  join(given(variables, 'XDG_STATE_HOME') ?? join(homedir(), '.local', 'state'), 'daybook', 'stack');

/**
 * Returns the value of a variable; undefined if it is not set or empty.
 * @param {Variables} variables
 * @param {string} name
 */
export const given = (variables, name) => (variables[name] === '' ? undefined : variables[name]);

/**
 * Lists the paths at which a program could be on PATH.
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
