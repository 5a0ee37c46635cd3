import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { processVariables } from '../../src/env.js';
import { compiledProgram, productionPackages } from '../support/compiled.js';
import { blocksOf, withoutTimes } from '../support/documented.js';
import { temporaryFolder } from '../support/stack.js';

const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));
/** No registry answers there: what is not installed is not found. */
const NO_REGISTRY = 'http://127.0.0.1:1';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeAll(async () => {
  folder = await temporaryFolder('readme');
});
afterAll(() => folder.remove());

/** The environment of a new user: an empty home, and packages installed nowhere but below it. */
const newUser = (home: string): Record<string, string> => ({
  PATH: [join(home, 'npm', 'bin'), dirname(process.execPath), processVariables()['PATH'] ?? ''].join(delimiter),
  HOME: home,
  LANG: 'C.UTF-8',
  npm_config_prefix: join(home, 'npm'),
  npm_config_registry: NO_REGISTRY,
  DAYBOOK_STACK: inject('stack').dir,
});

/** Runs a line in a shell, in a folder; answers where the shell is then. */
async function type(line: string, cwd: string, env: Record<string, string>) {
  const script = `${line}\ncode=$?; pwd >&3; exit $code`;
  const { exitCode, stdout, stderr, stdio } = await execa('bash', ['-c', script], {
    ...{ cwd, env, extendEnv: false, reject: false },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  return { exitCode, stdout, stderr, cwd: stdio[3].trim() };
}

test('the first hour of the README works line by line in an empty home, with the output that it shows', async () => {
  const env = newUser(join(folder.path, 'home'));
  await mkdir(env['HOME'] ?? '', { recursive: true });
  let at = REPOSITORY;
  let last = '';
  let compared = 0;
  const blocks = blocksOf('README.md').filter(
    ({ section, kind }) => section === 'Your own project in ten minutes' && ['sh', 'text', 'sql'].includes(kind),
  );
  for (const { kind, text } of blocks) {
    if (kind === 'sql') {
      // Its first line names its file.
      await writeFile(join(at, /^-- (sql\/.+\.sql)$/m.exec(text)?.[1] ?? ''), text);
      continue;
    }
    if (kind === 'text') {
      expect(withoutTimes(last)).toBe(withoutTimes(text));
      compared += 1;
      continue;
    }
    for (const line of text.split('\n')) {
      // The stack belongs to all tests: it is left running.
      const own = line.includes('local down') ? { DAYBOOK_STACK: join(folder.path, 'none') } : {};
      const { exitCode, stdout, stderr, cwd } = await type(line, at, { ...env, ...own });
      expect(exitCode, `${line}\n${stdout}\n${stderr}`).toBe(0);
      [at, last] = [cwd, stdout];
    }
  }
  expect(compared).toBe(2);
});

test('a packed program in a project of its own runs as npx daybook, and says how the local stack is installed', async () => {
  const project = join(folder.path, 'packed', 'project');
  const modules = join(project, 'node_modules');
  await mkdir(join(modules, '.bin'), { recursive: true });
  const program = dirname(dirname(await compiledProgram()));
  const env = newUser(join(folder.path, 'packed'));
  const packed = await execa('npm', ['pack', program, '--pack-destination', join(folder.path, 'packed'), '--json'], {
    env,
  });
  const [{ filename }] = JSON.parse(packed.stdout) as [{ filename: string }];
  await execa('tar', ['-xzf', join(folder.path, 'packed', filename), '-C', modules]);
  // What npm install does with the archive, but the packages come from the clone.
  await execa('mv', [join(modules, 'package'), join(modules, 'daybook')]);
  await symlink('../daybook/bin/daybook.js', join(modules, '.bin', 'daybook'));
  for (const name of productionPackages()) {
    await mkdir(dirname(join(modules, name)), { recursive: true });
    await symlink(join(REPOSITORY, 'node_modules', name), join(modules, name));
  }
  const { version } = JSON.parse(await readFile(join(REPOSITORY, 'package.json'), 'utf8')) as { version: string };
  expect(await type('npx daybook --version', project, env)).toMatchObject({ exitCode: 0, stdout: version });
  expect(await type('npx daybook init clicks_packed', project, env)).toMatchObject({ exitCode: 0 });
  const check = await type('npx daybook check --output json', join(project, 'clicks_packed', 'sql'), env);
  expect(JSON.parse(check.stdout), check.stderr).toMatchObject({ ok: true });
  const up = await type('npx daybook local up', project, { ...env, DAYBOOK_STACK: join(folder.path, 'none') });
  expect(up.exitCode).toBe(2);
  expect(up.stderr).toMatch(/is not installed\. The local stack needs: npm install --save-dev .*\bchdb@\d/);
});
