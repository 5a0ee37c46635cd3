import { mkdir, realpath, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { typed } from '../../src/cli/common/output.js';
import { shortestPath } from '../../src/cli/init/index.js';
import { processVariables } from '../../src/env.js';
import { findProject } from '../../src/project/find.js';
import { command } from '../../src/shared/commands.js';
import { daybook } from '../support/command.js';
import { temporaryFolder } from '../support/stack.js';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let root: string;
beforeEach(async () => {
  folder = await temporaryFolder('folders');
  root = await realpath(folder.path);
});
afterEach(() => folder.remove());

/** Runs a command in a folder, with no service and no project named. */
const run = (cwd: string, ...args: string[]) =>
  daybook(args, { PATH: processVariables()['PATH'] ?? '', HOME: root }, cwd);

test('from a folder below, the nearest project above is found', async () => {
  const project = join(root, 'clicks');
  await mkdir(join(project, 'sql', 'raw'), { recursive: true });
  await writeFile(join(project, 'daybook.config.json'), '{}');
  expect(findProject(join(project, 'sql', 'raw'))).toBe(project);
  expect(findProject(project)).toBe(project);
  expect(findProject(root)).toBeUndefined();
});

test('without a project, a command fails and takes no other one, also not the example', async () => {
  for (const args of [
    ['check'],
    ['apply'],
    ['status'],
    ['run', '--day', '2026-11-05'],
    ['status', '--day', 'yesterday'],
  ]) {
    const { code, stdout, stderr } = await run(root, ...args);
    expect({ code, stdout }, args.join(' ')).toEqual({ code: 1, stdout: '' });
    expect(stderr).toBe(
      `Found no daybook.config.ts in ${root} or a folder above it. ` +
        `Name a project with --project, or write a new one: ${typed(command.init('my_project'))}`,
    );
  }
});

test('a project is named, or found from below: both reach the same folder', async () => {
  const project = join(root, 'my clicks');
  await mkdir(join(project, 'sql'), { recursive: true });
  await writeFile(join(project, 'daybook.config.json'), '{}');
  const named = await run(root, 'status', '--project', 'my clicks');
  const found = await run(join(project, 'sql'), 'status');
  expect(named).toEqual(found);
  expect(named.stderr).toContain(`the project in ${project}`);
});

test.each([
  ['/home/ann/clicks', '/home/ann', 'clicks'],
  ['/home/ann/clicks', '/home/ann/daybook', '~/clicks'],
  ['/srv/data/clicks', '/srv/data/daybook', '../clicks'],
  ['/home/ann/clicks', '/srv/shop', '~/clicks'],
  ['/home/ann/My Clicks', '/srv', "~/'My Clicks'"],
  ['/tmp/clicks', '/home/ann/daybook', '/tmp/clicks'],
  ['/home/anna/clicks', '/srv/shop/deep', '/home/anna/clicks'],
])('init names the folder %s, seen from %s, as %s', (dir, here, written) => {
  expect(shortestPath(dir, here, '/home/ann')).toBe(written);
});
