import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { loadProject } from '../../src/project/load.js';
import { cachedTransform } from '../../src/project/transform-cache.js';
import { projectFolder, RIGHT } from '../support/project.js';
import { temporaryFolder } from '../support/stack.js';

let folder: string;
let calls: number;

beforeEach(async () => {
  const { path, remove } = await temporaryFolder('transforms');
  onTestFinished(remove);
  folder = join(path, 'cache');
  calls = 0;
});

const transform = (source: string, into = folder) =>
  cachedTransform(into, ({ source: text }) => `${++calls}: ${text}`)({ source });

test('the same text is transformed once, another one again', () => {
  expect(transform('a')).toBe('1: a');
  expect(transform('a')).toBe('1: a');
  expect(transform('b')).toBe('2: b');
  expect(transform('a')).toBe('1: a');
});

test('a damaged file on disk is made again', async () => {
  transform('a');
  const [name = ''] = await readdir(folder);
  const whole = await readFile(join(folder, name), 'utf8');
  for (const text of ['', whole.slice(0, -1), `${whole}more`]) {
    await writeFile(join(folder, name), text);
    expect(transform('a')).toBe(`${calls}: a`);
    expect(calls).toBeGreaterThan(1);
    calls = 1;
    expect(transform('a')).not.toBe('1: a');
    calls = 1;
  }
});

test('a folder that cannot be written means no cache, and no error', async () => {
  const file = `${folder}-file`;
  await writeFile(file, '');
  expect(transform('a', file)).toBe('1: a');
  expect(transform('a', file)).toBe('2: a');
});

test('an edit of the config or of what it imports counts at once', async () => {
  const { dir, remove } = await projectFolder({
    ...RIGHT,
    'daybook.config.ts': (RIGHT['daybook.config.ts'] ?? '')
      .replace("timezone: 'Europe/Berlin'", 'timezone: zone')
      .replace('export', "import { zone } from './zone.ts';\nexport"),
    'zone.ts': `export const zone: string = 'Europe/Berlin';`,
  });
  onTestFinished(remove);
  const zone = async () => (await loadProject(dir, folder)).config.timezone;
  expect(await zone()).toBe('Europe/Berlin');
  expect(await zone()).toBe('Europe/Berlin');
  await writeFile(join(dir, 'zone.ts'), `export const zone: string = 'Europe/Paris';`);
  expect(await zone()).toBe('Europe/Paris');
  expect(await readdir(folder)).toHaveLength(3);
});
