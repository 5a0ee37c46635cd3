import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { temporaryFolder } from '../support/stack.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
let folder: Awaited<ReturnType<typeof temporaryFolder>>;

beforeEach(async () => {
  folder = await temporaryFolder('closing-line');
  await symlink(join(ROOT, 'node_modules'), join(folder.path, 'node_modules'));
});

afterEach(() => folder.remove());

/** Runs vitest over the files, two rings named by folder, and gives its exit code and last line. */
async function run(files: Record<string, string>, setup = 'export default () => () => console.log("torn down")') {
  const rings = ['a', 'b'].map((name) => ({
    test: { name, include: [`${name}/*.test.mjs`], globalSetup: ['./setup.mjs'] },
  }));
  const config = { test: { reporters: ['default', join(ROOT, 'test/support/closing-line.ts')], projects: rings } };
  const all = { ...files, 'setup.mjs': setup, 'vitest.config.mjs': `export default ${JSON.stringify(config)}` };
  for (const [name, text] of Object.entries(all)) {
    await mkdir(dirname(join(folder.path, name)), { recursive: true });
    await writeFile(join(folder.path, name), text);
  }
  const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs');
  const { exitCode, stdout } = await execa(process.execPath, [vitest, 'run'], {
    cwd: folder.path,
    env: { PATH: '/usr/bin:/bin', HOME: folder.path },
    extendEnv: false,
    reject: false,
  });
  return { exitCode, last: stdout.trimEnd().split('\n').at(-1) };
}

const PASSING = "import { test } from 'vitest'; test('passes', () => {});";

test('the last line of a run sums passed, failed and skipped tests of all rings, a file that cannot be loaded included', async () => {
  const mixed = `${PASSING} test.skip('is skipped', () => {}); test('fails', () => { throw new Error('no'); });`;
  const files = { 'a/x.test.mjs': mixed, 'b/x.test.mjs': PASSING, 'b/y.test.mjs': "throw new Error('cannot load')" };
  expect(await run(files)).toEqual({ exitCode: 1, last: '2 passed, 2 failed, 1 skipped' });
}, 30_000);

test('a run without failures says so after all tear-downs', async () => {
  expect(await run({ 'a/x.test.mjs': PASSING, 'b/x.test.mjs': PASSING })).toEqual({
    exitCode: 0,
    last: '2 passed, 0 failed',
  });
}, 30_000);

test('a ring whose set-up fails is a failure, though no test ran', async () => {
  const files = { 'a/x.test.mjs': PASSING, 'b/x.test.mjs': PASSING };
  const { exitCode, last } = await run(files, "export default () => { throw new Error('no stack') }");
  expect(exitCode).toBe(1);
  expect(last).toMatch(/^\d+ passed, [1-9]\d* failed$/);
}, 30_000);
