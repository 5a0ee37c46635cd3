import { readdir, stat } from 'node:fs/promises';
import { basename, isAbsolute, join } from 'node:path';
import { LocalStackError } from '../../local/local-error.js';
import { matchesAny } from '../../project/config/patterns.js';

/** A file to upload, and the name that it gets behind the prefix. */
export interface NamedFile {
  path: string;
  name: string;
}

/**
 * Lists the files that arguments name, as `cp -r` would: a file under its own name, a folder with its name and everything in it. An
 * argument with `*`, `?` or `**` that no file is called is expanded as a shell would.
 *
 * @throws LocalStackError if an argument names nothing, or if two files would get one name
 */
export async function filesNamed(given: readonly string[]): Promise<NamedFile[]> {
  const found = new Map<string, NamedFile>();
  for (const argument of given)
    for (const path of await expanded(argument))
      for (const file of await filesBelow(path, basename(path))) {
        const other = found.get(file.name);
        if (other && other.path !== file.path)
          throw new LocalStackError(
            `${other.path} and ${file.path} would both become ${file.name}. Upload them with two commands, or name their folders.`,
          );
        found.set(file.name, file);
      }
  return [...found.values()];
}

/** What a pattern may contain. Node 20.3, the oldest that is supported, has no globs of its own. */
const WILDCARDS = '*, ? and **';

async function expanded(argument: string): Promise<string[]> {
  const path = argument.replace(/(?<=.)\/+$/, '');
  if (await exists(path)) return [path];
  const paths = /[*?]/.test(path) ? await matching(isAbsolute(path) ? '/' : '', path.split('/').filter(Boolean)) : [];
  if (paths.length > 0) return paths;
  throw new LocalStackError(
    `No file is called ${argument}, and none matches it. Expected files, folders, or patterns with ${WILDCARDS}. ` +
      'To use [12] or {1,2}, leave the argument without quotes, so that the shell expands it.',
  );
}

/** Lists the paths below a folder that match the segments of a pattern. */
async function matching(folder: string, [segment, ...rest]: readonly string[]): Promise<string[]> {
  if (segment === undefined) return [folder];
  if (!/[*?]/.test(segment)) {
    const path = join(folder, segment);
    return (await exists(path)) ? await matching(path, rest) : [];
  }
  const paths = segment === '**' ? await matching(folder, rest) : [];
  const entries = await readdir(folder || '.', { withFileTypes: true }).catch(() => []);
  for (const entry of entries.filter(({ name }) => !name.startsWith('.')).sort(byPath)) {
    const path = join(folder, entry.name);
    if (segment === '**') paths.push(...(entry.isDirectory() ? await matching(path, [segment, ...rest]) : []));
    else if (matchesAny(entry.name, [segment])) paths.push(...(await matching(path, rest)));
  }
  return paths;
}

/** Lists a file, or the files of a folder; names that begin with a dot are notes of the system. */
async function filesBelow(path: string, name: string): Promise<NamedFile[]> {
  if (!(await stat(path)).isDirectory()) return [{ path, name }];
  const files: NamedFile[] = [];
  for (const entry of (await readdir(path, { withFileTypes: true })).sort(byPath))
    if (!entry.name.startsWith('.')) files.push(...(await filesBelow(join(path, entry.name), `${name}/${entry.name}`)));
  return files;
}

const byPath = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1);

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );
