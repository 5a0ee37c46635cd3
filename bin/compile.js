// Compiles the sources of a clone, once for each state of its sources, and keeps the result in node_modules/.cache.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const cache = join(root, 'node_modules/.cache/daybook');
const FOLDERS = ['src', 'workflows', 'activities'];
/** TypeScript, and what is JavaScript because it runs before a compiler is installed; declarations of types hold no code. */
const SOURCE = /(?<!\.d)\.(ts|js)$/;
/** A build that no process has used for this long, and none uses now, is removed when another one is made. In milliseconds. */
const UNUSED_FOR = 60 * 60 * 1000;

/**
 * Compiles the clone unless that has been done, and marks the build as used by this process.
 *
 * @returns the folder of the build, in which every module has the path that it has in the clone.
 * @throws an error with the place of the first mistake where a source is no TypeScript, one with the code
 *   ERR_MODULE_NOT_FOUND where the compiler is not installed.
 */
export async function compiledClone() {
  const sources = readSources();
  const build = join(cache, keyOf(sources));
  while (!use(build)) await compile(sources, build);
  return build;
}

/** Every source as it is now: what is compiled is the very text that the build is named after. */
function readSources() {
  return FOLDERS.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => SOURCE.test(name))
      .sort()
      .map((name) => ({ path: join(folder, name), text: readFileSync(join(root, folder, name), 'utf8') })),
  );
}

/** The compiled code holds the clone's address, and depends on the compiler and on how this file calls it. */
function keyOf(sources) {
  const hash = createHash('sha256')
    .update(root)
    .update(readFileSync(fileURLToPath(import.meta.url)));
  hash.update(readFileSync(join(root, 'package-lock.json')));
  for (const { path, text } of sources) hash.update(`\0${path}\0${text.length}\0`).update(text);
  return hash.digest('hex').slice(0, 32);
}

/** Marks a build as used by this process until it ends; false where there is no such build. */
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

/** Compiles into a folder of this process's own, which becomes the build in one step: no other process sees half of it. */
async function compile(sources, build) {
  const { stop, transform } = await import('esbuild');
  const draft = `${build}.${process.pid}.tmp`;
  try {
    mkdirSync(join(draft, 'used-by'), { recursive: true });
    writeFileSync(join(draft, 'package.json'), '{ "type": "module" }\n');
    await Promise.all(
      sources.map(async ({ path, text }) => {
        const { code, map } = await transform(text, settings(path, build));
        const target = join(draft, path.replace(/\.ts$/, '.js'));
        mkdirSync(dirname(target), { recursive: true });
        writeFileSync(target, code);
        writeFileSync(`${target}.map`, map);
      }),
    );
    removeUnused(build);
    renameSync(draft, build);
  } catch (error) {
    // Another process was quicker with the same build.
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft, { recursive: true, force: true });
    await stop();
  }
}

const settings = (path, build) => ({
  loader: path.endsWith('.ts') ? 'ts' : 'js',
  format: 'esm',
  target: 'node20.3',
  tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true, target: 'es2023' } },
  // A module's address stays that of its source, beside which lie its SQL, its siblings and the example project.
  define: {
    'import.meta.url': JSON.stringify(pathToFileURL(join(root, path)).href),
    'import.meta.build': JSON.stringify(build),
  },
  // Read by stack-traces.js alone: with a comment in the code, whoever asks Node for source maps would load each at once.
  sourcemap: 'external',
  sourcesContent: false,
  sourcefile: pathToFileURL(join(root, path)).href,
});

/** Removes builds of older sources, except those whose processes may still import from them. */
function removeUnused(build) {
  for (const name of readdirSync(cache)) {
    const folder = join(cache, name);
    if (folder === build || isUsed(folder)) continue;
    const away = name.endsWith('.tmp') ? folder : `${folder}.${process.pid}.tmp`;
    try {
      renameSync(folder, away);
    } catch (error) {
      // Another process removes it.
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
    // The folder of marks changes with every start and every end of a process.
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
