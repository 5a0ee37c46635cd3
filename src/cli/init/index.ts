import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { final } from '../../errors.js';
import { PROJECT } from '../../project/config/config.js';
import { print } from '../common/output.js';
import { projectFiles } from './template.js';

/**
 * Writes a small project into `dir`, which must be empty or not exist yet, and returns the paths of its files. `project` is its
 * name, by default derived from the folder's. Throws a final `BadConfig` if the folder or the name is not usable.
 */
export async function initProject(
  dir: string,
  project?: string,
): Promise<{ dir: string; project: string; files: string[] }> {
  const folder = resolve(dir);
  const name = project ?? nameFrom(basename(folder));
  if (!PROJECT.test(name))
    throw final(
      'BadConfig',
      `'${name}' is not a valid project name. Expected a lower-case letter, then up to 30 of a-z, 0-9, _. Choose one with --project.`,
    );
  const present = await readdir(folder).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  });
  if (present.length > 0)
    throw final(
      'BadConfig',
      `${folder} is not empty (it holds ${present.slice(0, 3).join(', ')}${present.length > 3 ? ', …' : ''}). Name a new or an empty folder.`,
    );
  const files = Object.entries(projectFiles(name));
  for (const [path, text] of files) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text, { flag: 'wx' });
  }
  return { dir: folder, project: name, files: files.map(([path]) => path) };
}

/** Derives a project name from a folder: `My Shop 2` becomes `my_shop_2`. */
const nameFrom = (folder: string) =>
  folder
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '_')
    .replace(/^[^a-z]+/, '')
    .replace(/_+$/, '')
    .slice(0, 31) || 'shop';

/** Writes the project; prints its files and the next steps. */
export async function writeProject(folder: string, name: string | undefined): Promise<void> {
  const { dir, project, files } = await initProject(folder, name);
  print([`Project '${project}' in ${dir}:`, ...files.map((path) => `  ${path}`), '', ...firstSteps(folder)].join('\n'));
}

const firstSteps = (folder: string) => [
  'Next:',
  '  1. Name your bucket and prefix in daybook.config.ts; write your columns into sql/.',
  `  2. daybook check --project ${folder}`,
  `  3. daybook apply --project ${folder}`,
  `  4. daybook run --project ${folder} --day YYYY-MM-DD --with-worker`,
  'To try it without your own services, start local ones first: daybook local up --detach',
];
