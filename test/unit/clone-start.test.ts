import { cp, mkdir, readFile, readdir, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { ownWorkflows } from '../../src/workflow-bundle.js';
import { reachable } from '../support/compiled.js';
import { temporaryFolder } from '../support/stack.js';

/* How a clone starts: compiled once for each state of its sources. A clone of a few lines replaces the whole one. */

// Starts of a second or less, but for machines on which many processes share a core.
vi.setConfig({ testTimeout: 60_000 });

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
const BUILDS = 'node_modules/.cache/daybook';
const MAIN = 'src/cli/main.ts';

let clone: string;

beforeEach(async () => {
  const folder = await temporaryFolder('clone');
  onTestFinished(folder.remove);
  clone = folder.path;
  for (const name of ['bin', 'package-lock.json'])
    await cp(join(REPOSITORY, name), join(clone, name), { recursive: true });
  await writeFile(join(clone, 'package.json'), '{ "type": "module" }');
  for (const name of ['src/cli', 'workflows', 'activities', 'node_modules'])
    await mkdir(join(clone, name), { recursive: true });
  await symlink(join(REPOSITORY, 'node_modules/esbuild'), join(clone, 'node_modules/esbuild'));
  await write(MAIN, `import { word } from '../word.js';\nconsole.log(word, ...process.argv.slice(2));`);
  await write('src/word.ts', `export const word: string = 'one';`);
});

const write = (path: string, text: string) => writeFile(join(clone, path), text);

const start = (...args: string[]) =>
  execa(process.execPath, [join(clone, 'bin/daybook.js'), ...args], { extendEnv: false, reject: false });

const builds = () => readdir(join(clone, BUILDS));

test('`--help` loads no package but the parser of the command line', async () => {
  const { packages, modules } = await reachable(REPOSITORY, MAIN.replace('.ts', '.js'), /./);
  expect(packages).toEqual(['@commander-js/extra-typings']);
  expect(modules).toContain('src/cli/status/command.js');
});

test('a clone is compiled at its first start, and only then', async () => {
  expect(await start('a', 'b')).toMatchObject({ exitCode: 0, stdout: 'one a b', stderr: '' });
  const [build = ''] = await builds();
  const compiled = join(clone, BUILDS, build, 'src/word.js');
  const { mtimeMs, ino } = await stat(compiled);
  expect((await start()).stdout).toBe('one');
  expect(await stat(compiled)).toMatchObject({ mtimeMs, ino });
  expect(await builds()).toEqual([build]);
});

test('an edit is never missed, even one that keeps size and time of the file', async () => {
  await start();
  const path = join(clone, 'src/word.ts');
  const { atime, mtime } = await stat(path);
  await write('src/word.ts', (await readFile(path, 'utf8')).replace('one', 'two'));
  await utimes(path, atime, mtime);
  expect((await start()).stdout).toBe('two');
});

test('first starts at the same time all work, and leave one build', async () => {
  const ends = await Promise.all(['1', '2', '3', '4'].map((name) => start(name)));
  expect(ends.map(({ stdout, stderr }) => stdout + stderr)).toEqual(['one 1', 'one 2', 'one 3', 'one 4']);
  expect(await builds()).toHaveLength(1);
});

test('a build that no process uses is removed later, one in use stays', async () => {
  await start();
  const [first = ''] = await builds();
  const marks = join(clone, BUILDS, first, 'used-by');
  expect(await readdir(marks)).toEqual([]);
  const mark = (pid: number) => writeFile(join(marks, String(pid)), '');
  const longAgo = new Date(Date.now() - 24 * 60 * 60 * 1000);

  await mark(process.pid);
  await utimes(marks, longAgo, longAgo);
  await write('src/word.ts', `export const word = 'two';`);
  expect((await start()).stdout).toBe('two');
  expect(await builds()).toContain(first);

  const ended = execa(process.execPath, ['-e', '']);
  await ended;
  await rm(join(marks, String(process.pid)));
  await mark(ended.pid ?? 0);
  await utimes(marks, longAgo, longAgo);
  await write('src/word.ts', `export const word = 'three';`);
  expect((await start()).stdout).toBe('three');
  expect(await builds()).not.toContain(first);
  expect(await builds()).toHaveLength(2);
});

test('a stack trace names the line of the source', async () => {
  await write(
    MAIN,
    `interface Left {\n  out: string;\n}\nconst left: Left | undefined = undefined;\nthrow new Error('here');`,
  );
  const { exitCode, stderr } = await start();
  expect(exitCode).toBe(1);
  expect(stderr).toContain(`${join(clone, MAIN)}:5:7`);
});

test('a source that is not TypeScript is named with its line', async () => {
  await write('src/word.ts', 'export const word = 1;\nexport const = 2;');
  const { exitCode, stderr, stdout } = await start();
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
  expect(stderr).toContain('src/word.ts:2:13');
  expect(await builds()).toEqual([]);
});

test('without a compiler one sentence says what is missing and how to install it', async () => {
  await rm(join(clone, 'node_modules/esbuild'));
  expect(await start()).toMatchObject({
    exitCode: 2,
    stdout: '',
    stderr: 'This clone of Daybook has no compiler, which is a development package. Install it: npm ci --include=dev',
  });
});

test('a child runs from compiled code with the arguments of its own', async () => {
  await write('src/child.ts', `console.log(process.argv[1]?.endsWith('src/child.ts'), ...process.argv.slice(2));`);
  const { stdout } = await execa(process.execPath, [
    join(clone, 'bin/source.js'),
    join(clone, 'src/child.ts'),
    '--dir',
    'D',
  ]);
  expect(stdout).toBe('true --dir D');
});

test(
  'workflows are bundled once for each state of the sources, and again after an edit',
  { timeout: 240_000 },
  async () => {
    await symlink(join(REPOSITORY, 'node_modules/@temporalio'), join(clone, 'node_modules/@temporalio'));
    await cp(join(REPOSITORY, 'src/workflow-bundle.ts'), join(clone, 'src/workflow-bundle.ts'));
    await write(
      MAIN,
      `import { ownWorkflows } from '../workflow-bundle.js';\nconsole.log(JSON.stringify(await ownWorkflows()));`,
    );
    const workflow = (word: string) => `export async function day(): Promise<string> {\n  return '${word}';\n}`;
    const bundle = async () => {
      const { stdout, stderr } = await start();
      expect(stderr).toBe('');
      const { codePath } = (JSON.parse(stdout) as { workflowBundle: { codePath: string } }).workflowBundle;
      const { mtimeMs, ino } = await stat(codePath);
      return { codePath, mtimeMs, ino, text: await readFile(codePath, 'utf8') };
    };
    await write('workflows/index.ts', workflow('before the edit'));
    const first = await bundle();
    expect(first.text).toContain('before the edit');
    expect(await bundle()).toEqual(first);
    await write('workflows/index.ts', workflow('after the edit'));
    const second = await bundle();
    expect(second.text).toContain('after the edit');
    expect(second.codePath).not.toBe(first.codePath);
  },
);

test('what `npm run build` makes uses the bundle that lies in it', async () => {
  expect(await ownWorkflows('file:///program/src/workflow-bundle.js', undefined)).toEqual({
    workflowBundle: { codePath: '/program/workflow-bundle.js' },
  });
});
