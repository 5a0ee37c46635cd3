import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { withLock } from './lock.js';
import { firstExecutable, isExecutable, onPath } from './where.js';

/** @typedef {import('./where.js').Variables} Variables */

/**
 * Program that the stack needs in addition to Node.
 * @typedef {object} Program
 * @property {'temporal' | 'versitygw'} name
 * @property {string} variable environment variable with the path of the user's own executable
 * @property {readonly string[]} versions that may be used from the cache, best first
 */

/**
 * A way to get a program into the cache.
 * @typedef {object} Way
 * @property {string} how for messages: 'built with Go'
 * @property {string} version that it provides
 * @property {(request: Request) => Promise<void>} get puts the executable at `target` atomically, so that no partial file is
 *   ever visible; rejects with the reason if it can't
 */

/**
 * @typedef {object} Request
 * @property {string} name
 * @property {string} target
 * @property {Variables} variables of the user's shell
 * @property {(text: string) => void} onProgress
 */

/**
 * @typedef {object} Place
 * @property {string} cacheDir
 * @property {Variables} variables of the user's shell
 * @property {(text: string) => void} onProgress called up to once a second
 */

/**
 * Finds a program on PATH or in the cache.
 * @param {Program} program
 * @param {Omit<Place, 'onProgress'>} place
 */
const findProgram = ({ name, versions }, { cacheDir, variables }) =>
  firstExecutable([...onPath(name, variables), ...versions.map((version) => cached(cacheDir, name, version))]);

/**
 * Finds a program, or gets it into the cache by the first way that works. Concurrent callers do the work once.
 * @param {Program} program
 * @param {readonly Way[]} ways best first
 * @param {Place} place
 * @returns {Promise<{ path: string | undefined, failures: string[] }>} no path if every way failed, with the reasons
 */
export async function obtain(program, ways, place) {
  const { name } = program;
  const { cacheDir, variables, onProgress } = place;
  const there = await findProgram(program, place);
  if (there !== undefined || ways.length === 0) return { path: there, failures: [] };

  /** @type {string[]} */
  const failures = [];
  const folder = join(cacheDir, name);
  await mkdir(folder, { recursive: true });
  const path = await withLock(
    join(folder, '.lock'),
    async () => {
      const meanwhile = await findProgram(program, place);
      if (meanwhile !== undefined) return meanwhile;
      for (const way of ways) {
        const target = cached(cacheDir, name, way.version);
        await mkdir(dirname(target), { recursive: true });
        const begun = Date.now();
        try {
          await way.get({ name, target, variables, onProgress });
          if (!(await isExecutable(target))) throw new Error('the result is not an executable file');
          onProgress(`${name} ${way.version} ${way.how}: ${((Date.now() - begun) / 1000).toFixed(1)} s`);
          return target;
        } catch (error) {
          const reason = error instanceof Error ? error.message : String(error);
          failures.push(`${way.how}: ${reason}`);
          onProgress(`no ${name} ${way.version} ${way.how}: ${reason}`);
        }
      }
      return undefined;
    },
    (seconds) => {
      onProgress(`waiting for ${name}, which another process is getting: ${seconds} s`);
    },
  );
  return { path, failures };
}

/** @param {string} cacheDir @param {string} name @param {string} version */
const cached = (cacheDir, name, version) => join(cacheDir, name, version, name);
