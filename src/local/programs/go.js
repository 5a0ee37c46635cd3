import { mkdtemp, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { toolEnvironment } from './tool-environment.js';
import { runTool } from './tool.js';

/** @typedef {import('./obtain.js').Way} Way */

/** Timeout of a build; the slowest one seen, on two cores with a slow network, took under six minutes. */
const BUILD_MS = 20 * 60_000;
/** Time to the first line, which Go prints after the first response of its module proxy. */
const FIRST_LINE_MS = 20_000;

/**
 * Builds a fixed version of a Go program. Go verifies its modules against the checksum database.
 * @param {string} goPackage
 * @param {string} version
 * @returns {Way}
 */
export const goInstall = (goPackage, version) => ({
  how: 'built with Go',
  version,
  get: async ({ name, target, variables, onProgress }) => {
    const bin = await mkdtemp(join(dirname(target), 'build-'));
    const begun = Date.now();
    let line = 'starting';
    const timer = setInterval(() => {
      const seconds = Math.round((Date.now() - begun) / 1000);
      onProgress(`building ${name} ${version} with Go, once, about 1.5 to 5 minutes: ${seconds} s, ${line}`);
    }, 1_000);
    try {
      await runTool('go', ['install', '-v', `${goPackage}@v${version}`], {
        env: { ...toolEnvironment(variables, 'go'), GOBIN: bin },
        timeoutMs: BUILD_MS,
        firstLineMs: FIRST_LINE_MS,
        onLine: (text) => (line = text),
      });
      await rename(join(bin, name), target);
    } finally {
      clearInterval(timer);
      await rm(bin, { recursive: true, force: true });
    }
  },
});
