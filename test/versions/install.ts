import { readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { buildProgram } from '../support/compiled.js';

const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));

/**
 * Installs the version of a commit into a folder, and compiles it. If it needs the same packages as this clone, they are linked.
 *
 * @returns path of its launcher.
 */
export async function installVersion(commit: string, folder: string): Promise<string> {
  const git = execa('git', ['-C', REPOSITORY, 'archive', commit], { encoding: 'buffer', reject: false });
  const { stdout, exitCode } = await git;
  if (exitCode !== 0)
    throw new Error(`This clone has no commit ${commit}. Fetch the whole history, or name another one.`);
  const clone = join(folder, 'clone');
  await execa('mkdir', [clone]);
  await execa('tar', ['-x', '-C', clone], { input: stdout });
  const lockOf = (of: string) => readFile(join(of, 'package-lock.json'), 'utf8');
  if ((await lockOf(clone)) === (await lockOf(REPOSITORY)))
    await symlink(join(REPOSITORY, 'node_modules'), join(clone, 'node_modules'));
  else await execa('npm', ['ci'], { cwd: clone });
  return await buildProgram(join(folder, 'program'), clone);
}
