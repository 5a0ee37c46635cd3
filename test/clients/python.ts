import { createHash } from 'node:crypto';
import { access, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import lockfile from 'proper-lockfile';
import { processVariables, readEnv } from '../../src/env.js';

const requirementsOf = (file: string) => fileURLToPath(new URL(file, import.meta.url));

/** Version of the machine's `python3`, such as `3.11.7`; undefined when there is none that the clients can use. */
export async function pythonVersion(): Promise<string | undefined> {
  const { stdout, failed } = await execa('python3', ['--version'], { reject: false });
  const [, version = '', minor = ''] = /^Python (3\.(\d+)\S*)/.exec(failed ? '' : stdout) ?? [];
  return Number(minor) < 10 ? undefined : version;
}

/**
 * The folder of a virtual environment's executables that has the packages of a file beside this one. It is made once for
 * each set of versions, and kept in the cache folder.
 * @throws Error with pip's words when a package cannot be installed.
 */
export async function pythonTools(version: string, file = 'requirements.txt'): Promise<string> {
  const requirements = requirementsOf(file);
  const key = createHash('sha256')
    .update(await readFile(requirements))
    .update(version)
    .digest('hex')
    .slice(0, 12);
  const { cacheDir } = readEnv(processVariables()).local;
  const folder = join(cacheDir, `python-clients-${key}`);
  const ready = join(folder, 'ready');
  await mkdir(cacheDir, { recursive: true });
  const release = await lockfile.lock(folder, {
    realpath: false,
    stale: 60_000,
    retries: { retries: 600, factor: 1, minTimeout: 1_000 },
  });
  try {
    const done = await access(ready).then(
      () => true,
      () => false,
    );
    if (!done) {
      await rm(folder, { recursive: true, force: true });
      await execa('python3', ['-m', 'venv', folder]);
      const pip = join(folder, 'bin', 'pip');
      await execa(pip, ['install', '--quiet', '--disable-pip-version-check', '-r', requirements]);
      await writeFile(ready, '');
    }
  } finally {
    await release();
  }
  return join(folder, 'bin');
}
