import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { filesNamed } from '../../src/cli/local/files.js';
import { temporaryFolder } from '../support/stack.js';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
const at = (...path: string[]) => join(folder.path, ...path);

beforeAll(async () => {
  folder = await temporaryFolder('files');
  for (const name of [
    'dt=1/a.json',
    'dt=1/deep/b.json',
    'dt=1/.DS_Store',
    'dt=2/a.json',
    'dt=2/_SUCCESS',
    'x*.json',
    'xy.json',
  ]) {
    await mkdir(dirname(at(name)), { recursive: true });
    await writeFile(at(name), name);
  }
});
afterAll(() => folder.remove());

const namesOf = async (...given: string[]) => (await filesNamed(given.map((one) => at(one)))).map(({ name }) => name);

test('a file keeps its name, and a folder its name with everything in it but hidden files', async () => {
  expect(await namesOf('dt=1/a.json')).toEqual(['a.json']);
  expect(await namesOf('dt=1', 'dt=2/')).toEqual(['dt=1/a.json', 'dt=1/deep/b.json', 'dt=2/_SUCCESS', 'dt=2/a.json']);
});

test('a pattern that the shell left as it is names what the shell would', async () => {
  expect(await namesOf('dt=*')).toEqual(['dt=1/a.json', 'dt=1/deep/b.json', 'dt=2/_SUCCESS', 'dt=2/a.json']);
  expect(await namesOf('dt=1/*.json')).toEqual(['a.json']);
  expect(await namesOf('dt=1/**/b.json')).toEqual(['b.json']);
  expect(await namesOf('x?.json')).toEqual(['x*.json', 'xy.json']);
});

test('a file whose name looks like a pattern is that file alone', async () => {
  expect(await namesOf('x*.json')).toEqual(['x*.json']);
});

test('an argument that names nothing, and two files of one name, are refused', async () => {
  await expect(namesOf('dt=3')).rejects.toThrow(/^No file is called .*dt=3, and none matches it\./);
  await expect(namesOf('dt=[12]')).rejects.toThrow(
    /dt=\[12\], and none matches it\. Expected files, folders, or patterns with \*, \? and \*\*\. To use \[12\] or /,
  );
  await expect(namesOf('dt=?/*.txt')).rejects.toThrow(/none matches it/);
  await expect(namesOf('dt=1/a.json', 'dt=2/a.json')).rejects.toThrow(/would both become a\.json/);
});
