// Compiles the sources: those of a clone once for each state of them, cached in node_modules/.cache, and those of a build.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const cache = join(root, 'node_modules/.cache/daybook');
const FOLDERS = ['src', 'workflows', 'activities'];
/** TypeScript, and the JavaScript that runs before a compiler is installed; not .d.ts files. */
const SOURCE = /(?<!\.d)\.(ts|js)$/;
/** Age after which an unused build is removed when another one is made, in milliseconds. */
const UNUSED_FOR = 60 * 60 * 1000;

/**
 * Compiles the clone if needed, and marks the build as used by this process.
 *
 * @returns the folder of the build, in which every module has the same path as in the clone
 * @throws an error with the position of the first syntax error in a source, or with the code ERR_MODULE_NOT_FOUND if the
 *   compiler is not installed
 */
export async function compiledClone() {
  const sources = readSources();
  const build = join(cache, keyOf(sources));
  while (!use(build)) await compile(sources, build);
  return build;
}

/** Reads every source once, so that the hashed text is also the compiled one. */
export function readSources() {
  return FOLDERS.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => SOURCE.test(name))
      .sort()
      .map((name) => ({ path: join(folder, name), text: readFileSync(join(root, folder, name), 'utf8') })),
  );
}

/** Computes the key of a build: it depends on the sources, the clone's path, the compiler and this file. */
function keyOf(sources) {
  const hash = createHash('sha256')
    .update(root)
    .update(readFileSync(fileURLToPath(import.meta.url)));
  hash.update(readFileSync(join(root, 'package-lock.json')));
  for (const { path, text } of sources) hash.update(`\0${path}\0${text.length}\0`).update(text);
  return hash.digest('hex').slice(0, 32);
}

/** Marks a build as used by this process until it exits; returns false if there is no such build. */
function use(build) {
  const mark = join(build, 'used-by', String(process.pid));
  try {
    writeFileSync(mark, '');
  } catch (error) {
    if (error.code === 'ENOENT') return false;
    throw error;
  }
  process.once('exit', () => rmSync(mark, { force: true }));
  return true;
}

/** Compiles into a temporary folder and renames it atomically, so that no other process sees a partial build. */
async function compile(sources, build) {
  const draft = `${build}.${process.pid}.tmp`;
  try {
    mkdirSync(join(draft, 'used-by'), { recursive: true });
    writeFileSync(join(draft, 'package.json'), '{ "type": "module" }\n');
    await transpile(sources, draft, (path) => inClone(path, build));
    removeUnused(build);
    renameSync(draft, build);
  } catch (error) {
    // Another process has finished the same build first.
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

/**
 * Writes the JavaScript of each source into a folder, under the same path. Types are removed, not checked: `npm run types` does that.
 * @param more further options of esbuild for a path; with a source map, the map is written beside the code
 */
export async function transpile(sources, folder, more = () => ({})) {
  const { stop, transform } = await import('esbuild');
  try {
    await Promise.all(
      sources.map(async ({ path, text }) => {
        const { code, map } = await transform(text, { ...plain(path), ...more(path) });
        const target = join(folder, path.replace(/\.ts$/, '.js'));
        mkdirSync(dirname(target), { recursive: true });
        writeFileSync(target, code);
        if (map !== '') writeFileSync(`${target}.map`, map);
      }),
    );
  } finally {
    await stop();
  }
}

const plain = (path) => ({
  loader: path.endsWith('.ts') ? 'ts' : 'js',
  format: 'esm',
  target: 'node20.3',
  tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true, target: 'es2023' } },
});

const inClone = (path, build) => ({
  // Keep the URL of the source, so that modules find their SQL, their siblings and the example project.
  define: {
    'import.meta.url': JSON.stringify(pathToFileURL(join(root, path)).href),
    'import.meta.build': JSON.stringify(build),
  },
  // Only stack-traces.js reads the maps: with a comment in the code, Node would load all of them at once.
  sourcemap: 'external',
  sourcesContent: false,
  sourcefile: pathToFileURL(join(root, path)).href,
});

/** Removes builds of older sources, except those that a running process may still import from. */
function removeUnused(build) {
  for (const name of readdirSync(cache)) {
    const folder = join(cache, name);
    if (folder === build || isUsed(folder)) continue;
    const away = name.endsWith('.tmp') ? folder : `${folder}.${process.pid}.tmp`;
    try {
      renameSync(folder, away);
    } catch (error) {
      // Another process is removing it.
      if (error.code !== 'ENOENT') throw error;
    }
    rmSync(away, { recursive: true, force: true });
  }
}

function isUsed(folder) {
  const [, maker] = /\.(\d+)\.tmp$/.exec(folder) ?? [];
  if (maker !== undefined) return isAlive(Number(maker));
  try {
    const marks = join(folder, 'used-by');
    // The modification time changes whenever a process starts or exits.
    return Date.now() - statSync(marks).mtimeMs < UNUSED_FOR || readdirSync(marks).some((pid) => isAlive(Number(pid)));
  } catch (error) {
    if (error.code === 'ENOENT') return false;
    throw error;
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
