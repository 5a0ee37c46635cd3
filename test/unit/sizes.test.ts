import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** Files that a folder holds side by side. */
const MOST_FILES = 15;
/** Lines of a file that gives no reason for more in its first line: `// Over 300 lines: …`. */
const MOST_LINES = 300;

const filesBelow = (...folders: string[]) =>
  folders.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => ({ folder: entry.parentPath, path: join(entry.parentPath, entry.name) })),
  );

test('no folder of the sources has more files side by side than a reader overlooks', () => {
  const counts = new Map<string, number>();
  for (const { folder } of filesBelow('src', 'activities', 'workflows'))
    counts.set(folder, (counts.get(folder) ?? 0) + 1);
  const large = [...counts].filter(([, files]) => files > MOST_FILES).map(([folder]) => folder);
  expect(large).toEqual([]);
});

test('a file of more than 300 lines says in its first line why', () => {
  const long = filesBelow('src', 'activities', 'workflows', 'test', 'bench', 'bin')
    .filter(({ path }) => /\.[jt]s$/.test(path) && !path.includes('fixtures'))
    .filter(({ path }) => {
      const lines = readFileSync(path, 'utf8').split('\n');
      return lines.length > MOST_LINES + 1 && !(lines[0] ?? '').startsWith('// Over 300 lines: ');
    });
  expect(long.map(({ path }) => path.slice(ROOT.length))).toEqual([]);
});
