import { readFile, readdir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { createJiti } from 'jiti';
import { final, messageOf } from '../errors.js';
import { parseConfig } from './config/parse.js';
import { CONFIG_NAMES } from './find.js';
import { keepNothing, type Kept } from './kept.js';
import { describeProblems, error, errorsOf, meantBy, warning } from './problems.js';
import type { Problem, Project, SqlFile } from './project.js';
import { readSqlFile } from './sql/file.js';
import type { SqlKind } from './sql/header.js';
import { cachedTransform } from './transform-cache.js';

/**
 * Reads all files of a project folder each time, so that an edit needs no restart. Throws one final failure with all problems of config
 * and files: `BadConfig` if the config has any, else `BadSql`. The SQL itself is checked later, by the engine.
 *
 * @param cache folder for transformed configs, see {@link cachedTransform}; undefined: no cache
 * @param kept what was made of the files before; see {@link keepLast}
 */
export async function loadProject(dir: string, cache?: string, kept?: Kept): Promise<Project> {
  const { project, problems } = await readProject(dir, cache, kept);
  const errors = errorsOf(problems);
  if (project && errors.length === 0) return project;
  const type = errors.every(({ where }) => where.startsWith('sql/')) ? 'BadSql' : 'BadConfig';
  throw final(type, describeProblems(`the project in ${resolve(dir)}`, errors));
}

/** Like {@link loadProject}, but returns the problems, including warnings; `project` is set if its config is valid. */
export async function readProject(
  dir: string,
  cache?: string,
  kept: Kept = keepNothing,
): Promise<{ project?: Project; problems: Problem[] }> {
  const root = resolve(dir);
  const found = await readConfig(root, cache);
  if ('problem' in found) return { problems: [found.problem] };
  const { config, problems: wrong } = kept(root, found.exported, parseConfig);
  const problems = [...wrong];
  const allowed = allowedFunctions(found.exported);
  const [raw, normalized, aggregates, tests] = await Promise.all([
    readFolder(root, 'raw', allowed, kept),
    readFolder(root, 'normalized', allowed, kept),
    readFolder(root, 'aggregates', allowed, kept),
    readFolder(root, 'tests', allowed, kept),
  ]);
  problems.push(...[raw, normalized, aggregates, tests].flatMap((folder) => folder.problems));
  problems.push(
    ...(await unreadProblems(
      root,
      [raw, normalized, aggregates, tests].flatMap(({ files }) => files),
    )),
  );
  problems.push(...checkNames(sourceNames(found.exported), raw.files, normalized.files, aggregates.files));
  if (!config) return { problems };
  const files = { raw: raw.files, normalized: normalized.files, aggregates: aggregates.files, tests: tests.files };
  return { project: { dir: root, config, ...files }, problems };
}

async function readConfig(
  root: string,
  cache: string | undefined,
): Promise<{ exported: unknown } | { problem: Problem }> {
  const entries = await namesIn(root);
  const names = CONFIG_NAMES.filter((name) => entries.includes(name));
  const [name] = names;
  if (name === undefined) {
    const fix = `Name a project folder with --project or DAYBOOK_PROJECT, or create one: daybook init ${root}`;
    return { problem: error(root, `found no ${CONFIG_NAMES[0] ?? ''} here`, fix) };
  }
  if (names.length > 1)
    return { problem: error(root, `found ${names.join(' and ')}, expected one config`, 'Remove all but one.') };
  try {
    return { exported: await importConfig(join(root, name), cache) };
  } catch (cause) {
    return { problem: error(name, `cannot be loaded: ${messageOf(cause)}`, 'Correct the file.') };
  }
}

/** Imports the default export of a config without any module cache, so that edits of it and its imports are seen. */
async function importConfig(path: string, cache: string | undefined): Promise<unknown> {
  if (path.endsWith('.json')) return JSON.parse(await readFile(path, 'utf8')) as unknown;
  const fresh = { moduleCache: false, fsCache: false };
  const jiti = createJiti(import.meta.url, fresh);
  if (cache === undefined) return await jiti.import(path, { default: true });
  const transform = cachedTransform(cache, (options) => jiti.transform(options));
  const caching = createJiti(import.meta.url, { ...fresh, transform: (options) => ({ code: transform(options) }) });
  return await caching.import(path, { default: true });
}

/** Warns about SQL files below `sql/` that are not read: otherwise the tests of a misspelt folder would never run. */
async function unreadProblems(root: string, read: readonly SqlFile[]): Promise<Problem[]> {
  const entries = await readdir(join(root, 'sql'), { recursive: true }).catch((): string[] => []);
  const known = new Set(read.map(({ path }) => path));
  return entries
    .map((entry) => `sql/${entry.replaceAll('\\', '/')}`)
    .filter((path) => /\.sql$/i.test(path) && !/\/[.]/.test(path) && !known.has(path))
    .sort()
    .map((path) => warning(path, 'is not read', unreadFix(path)));
}

function unreadFix(path: string): string {
  const [, folder = '', ...rest] = path.split('/');
  const name = (rest.at(-1) ?? '').replace(/\.sql$/i, '.sql');
  const meant = FOLDERS.find((one) => one === folder) ?? meantBy(folder, FOLDERS);
  return meant === undefined || name === ''
    ? `Move it into one of ${FOLDERS.map((one) => `sql/${one}/`).join(', ')}, or out of sql/.`
    : `Move it to sql/${meant}/${name}: only files that end in .sql, directly in that folder, are read.`;
}

const FOLDERS: readonly SqlKind[] = ['raw', 'normalized', 'aggregates', 'tests'];

async function readFolder(
  root: string,
  kind: SqlKind,
  allowed: readonly string[],
  kept: Kept,
): Promise<{ files: SqlFile[]; problems: Problem[] }> {
  const entries = await namesIn(join(root, 'sql', kind));
  const names = entries.filter((name) => name.endsWith('.sql') && !name.startsWith('.')).sort();
  const results = await Promise.all(
    names.map(async (name) => {
      const path = `sql/${kind}/${name}`;
      const input = { text: await readFile(join(root, path), 'utf8'), allowed };
      return kept(join(root, path), input, ({ text }) => readSqlFile(path, kind, text, allowed));
    }),
  );
  return { files: results.map(({ file }) => file), problems: results.flatMap(({ problems }) => problems) };
}

/** Lists the names in a folder; empty if there is no such folder. */
const namesIn = (folder: string): Promise<string[]> => readdir(folder).catch((): string[] => []);

/** Lists the names of the sources, also of a config that is otherwise invalid, so that its files can be checked. */
function sourceNames(exported: unknown): string[] {
  const sources = (exported as { sources?: unknown } | null | undefined)?.sources;
  return typeof sources === 'object' && sources !== null ? Object.keys(sources) : [];
}

/** Lists the functions that a config allows, also if it is otherwise invalid. */
function allowedFunctions(exported: unknown): string[] {
  const allowed = (exported as { allowFunctions?: unknown } | null | undefined)?.allowFunctions;
  return Array.isArray(allowed) ? allowed.filter((name) => typeof name === 'string') : [];
}

/** Checks that each source has its two files, each of these files has its source, and no two files create the same table. */
function checkNames(sources: string[], raw: SqlFile[], normalized: SqlFile[], aggregates: SqlFile[]): Problem[] {
  const problems: Problem[] = [];
  for (const [kind, files] of Object.entries({ raw, normalized })) {
    for (const source of sources.filter((source) => !files.some(({ name }) => name === source)))
      problems.push(
        error(`sources.${source}`, `found no sql/${kind}/${source}.sql`, 'Write that file, or remove the source.'),
      );
    for (const { path, name } of files.filter(({ name }) => !sources.includes(name)))
      problems.push(error(path, `found no source '${name}' in the config`, `Add sources.${name}, or rename the file.`));
  }
  const owners = new Map<string, string>(raw.map(({ path, name }) => [`raw_${name}`, path]));
  for (const { path, name } of [...normalized, ...aggregates]) {
    const owner = owners.get(name);
    if (owner !== undefined)
      problems.push(
        error(path, `creates the table ${name}, as does ${owner}`, `Rename ${basename(path)} and its table.`),
      );
    owners.set(name, path);
  }
  return problems;
}
