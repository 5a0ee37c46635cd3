import { createHash } from 'node:crypto';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { toolEnvironment } from './tool-environment.js';
import { runTool } from './tool.js';

/** @typedef {import('./obtain.js').Way} Way */

/** Time from the request to the response headers, including redirects. */
const HEAD_MS = 5_000;
/** Time between two pieces of the body. */
const STALL_MS = 10_000;
/** Time for the whole download; on a slower network a Go build is faster. */
const DOWNLOAD_MS = 3 * 60_000;
const UNPACK_MS = 60_000;

/**
 * Downloads a program from its project's releases, and verifies it against a pinned checksum before unpacking it.
 * Uses a proxy only if Node does (`NODE_USE_ENV_PROXY=1`, Node 24).
 * @param {object} release
 * @param {string} release.version
 * @param {string} release.address of the folder of its archives
 * @param {Readonly<Record<string, { archive: string, sha256: string }>>} release.archives by `<platform>-<arch>` of Node;
 *   each unpacks to a folder of its name
 * @returns {Way}
 */
export const release = ({ version, address, archives }) => ({
  how: 'from its release',
  version,
  get: async ({ name, target, variables, onProgress }) => {
    const platform = `${process.platform}-${process.arch}`;
    const { archive, sha256 } = archives[platform] ?? {};
    if (archive === undefined) throw new Error(`there is no release for ${platform}`);
    onProgress(`downloading the release of ${name} ${version}, once`);
    const bytes = await download(`${address}/${archive}.tar.gz`);
    const found = createHash('sha256').update(bytes).digest('hex');
    if (found !== sha256) throw new Error(`${archive}.tar.gz has the SHA-256 ${found}, expected ${sha256}`);
    const folder = await mkdtemp(join(dirname(target), 'release-'));
    try {
      await writeFile(join(folder, 'archive.tar.gz'), bytes);
      const options = { cwd: folder, env: toolEnvironment(variables, 'node'), timeoutMs: UNPACK_MS };
      await runTool('tar', ['-xzf', 'archive.tar.gz', `${archive}/${name}`], options);
      await rename(join(folder, archive, name), target);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
});

/** @param {string} url */
async function download(url) {
  const abort = new AbortController();
  /** @param {string} reason */
  const abortAs = (reason) => () => {
    abort.abort(new Error(reason));
  };
  const whole = setTimeout(abortAs(`not done after ${DOWNLOAD_MS / 1000} s`), DOWNLOAD_MS);
  let quiet = setTimeout(abortAs(`no answer within ${HEAD_MS / 1000} s`), HEAD_MS);
  try {
    const response = await fetch(url, { signal: abort.signal });
    if (!response.ok || response.body === null) throw new Error(`the server responded with status ${response.status}`);
    const chunks = [];
    for await (const chunk of response.body) {
      clearTimeout(quiet);
      quiet = setTimeout(abortAs(`nothing arrived for ${STALL_MS / 1000} s`), STALL_MS);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  } catch (error) {
    // fetch reports only 'fetch failed'; the cause names the address or the certificate.
    throw error instanceof TypeError && error.cause instanceof Error ? error.cause : error;
  } finally {
    clearTimeout(whole);
    clearTimeout(quiet);
  }
}
