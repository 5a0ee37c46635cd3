import { randomBytes } from 'node:crypto';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { final } from '../../errors.js';
import { PROJECT } from '../../project/config/config.js';
import { command, shellQuoted, type Command } from '../../shared/commands.js';
import type { Output } from '../common/options.js';
import { print, printJson, typed } from '../common/output.js';
import { SAMPLE_DAYS, sampleObjects } from './samples.js';
import { takenNames } from './taken-names.js';
import { bucketOf, projectFiles } from './template.js';

/** The longest name of a project. */
const LONGEST = 31;
/** The name of the example, whose bucket, tables and ledger rows the demo uses. */
const EXAMPLE_NAME = 'shop';

/**
 * Writes a small project with two days of sample objects into `dir`, which must be empty or not exist yet, and returns the paths of
 * its files. `project` is its name, by default derived from the folder's.
 *
 * @param taken names of other projects: a given one is refused, a derived one gets a number
 * @throws a final BadConfig if the folder or the name is not usable
 */
export async function initProject(
  dir: string,
  project?: string,
  taken: ReadonlySet<string> = new Set(),
): Promise<{ dir: string; project: string; files: string[] }> {
  const folder = resolve(dir);
  const isTaken = (name: string) => name === EXAMPLE_NAME || taken.has(name);
  const name = project ?? freeName(nameFrom(basename(folder)), isTaken);
  if (!PROJECT.test(name))
    throw final(
      'BadConfig',
      `'${name}' is not a valid project name. Expected a lower-case letter, then up to 30 of a-z, 0-9, _. Choose one with --project.`,
    );
  if (isTaken(name))
    throw final(
      'BadConfig',
      `The name '${name}' is ${name === EXAMPLE_NAME ? "the example project's" : 'taken by another project of the ledger'}: both would write the same tables. Choose another one with --project.`,
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
  const files = Object.entries({ ...projectFiles(name, randomBytes(6).toString('hex')), ...sampleObjects() });
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
    .slice(0, LONGEST) || 'my_project';

/** Returns the name, or the first of `name_2`, `name_3`, … that is free. */
function freeName(name: string, isTaken: (name: string) => boolean): string {
  let free = name;
  for (let number = 2; isTaken(free); number++) free = `${name.slice(0, LONGEST - 4)}_${number}`;
  return free;
}

/** Writes the project; prints its files and the next steps. */
export async function writeProject(
  folder: string,
  { project: name, output }: { project?: string | undefined; output: Output },
): Promise<void> {
  const { dir, project, files } = await initProject(folder, name, await takenNames());
  const steps = firstSteps(project);
  if (output === 'json') printJson({ project, dir, files, next: steps.map(([one]) => typed(one)) });
  else
    print(
      [`Project '${project}' in ${dir}:`, ...files.map((path) => `  ${path}`), '', ...stepsText(dir, steps)].join('\n'),
    );
}

/** Lists the commands of a first hour, which work in this order in the project's folder, each with its meaning. */
function firstSteps(project: string): [Command, string][] {
  const [first] = SAMPLE_DAYS;
  return [
    [command.local('up', '--detach'), 'Temporal, ClickHouse and S3 on this machine'],
    [command.localPut(['samples/dt=*'], `s3://${bucketOf(project)}/raw/events/`), 'two days of sample events'],
    [command.check(), 'problems of config, SQL and connections'],
    [command.apply(), 'creates the database and its tables'],
    [command.run(first, '--with-worker'), 'builds a day'],
    [command.statusOf(first), 'what was built, and from what'],
  ];
}

/** Writes a folder as a person would type it in a shell: from here, from the home folder or from the root, whichever is shortest. */
export function shortestPath(dir: string, here: string, home: string): string {
  const below = relative(home, dir);
  const isBelowHome = below !== '' && below !== '..' && !below.startsWith('../') && !isAbsolute(below);
  // A quoted ~ would be a folder of that name.
  const candidates = [relative(here, dir), dir].map(shellQuoted);
  if (isBelowHome) candidates.push(`~/${shellQuoted(below)}`);
  return candidates.sort((a, b) => a.length - b.length)[0] ?? dir;
}

function stepsText(dir: string, steps: readonly [Command, string][]): string[] {
  const width = Math.max(...steps.map(([one]) => typed(one).length));
  return [
    'Next:',
    ...(dir === resolve('.') ? [] : [`  cd ${shortestPath(dir, resolve('.'), homedir())}`]),
    ...steps.map(([one, meaning]) => `  ${typed(one).padEnd(width)}  # ${meaning}`),
    'Then write your columns and your SELECTs into sql/, and name your bucket and prefix in daybook.config.ts.',
  ];
}
