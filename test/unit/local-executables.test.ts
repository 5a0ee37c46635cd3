import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { processVariables, readEnv } from '../../src/env.js';
import { findTemporal, findVersitygw } from '../../src/local/executables.js';
import { temporaryFolder } from '../support/stack.js';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let bin: string;
let cache: string;

beforeEach(async () => {
  folder = await temporaryFolder('executables');
  bin = join(folder.path, 'bin');
  cache = join(folder.path, 'cache');
  await mkdir(bin);
  vi.stubEnv('PATH', [bin, '/usr/bin', '/bin'].join(delimiter));
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await folder.remove();
});

const env = (more: Record<string, string> = {}) => readEnv({ DAYBOOK_CACHE: cache, ...more });
const quiet = () => undefined;

async function script(path: string, text: string): Promise<string> {
  await writeFile(path, `#!/bin/sh\n${text}\n`);
  await chmod(path, 0o755);
  return path;
}

/** A `go` that notes each call with its environment, then "builds" after a moment. */
const slowGo = () =>
  script(
    join(bin, 'go'),
    `(echo "call $*"; env) >> ${folder.path}/calls; sleep 1.2; printf x > $GOBIN/versitygw; chmod +x $GOBIN/versitygw`,
  );

test('an executable named by the user goes before PATH and cache', async () => {
  await script(join(bin, 'temporal'), '');
  const own = await script(join(folder.path, 'my-temporal'), '');
  expect(await findTemporal(env({ DAYBOOK_TEMPORAL: own }), quiet)).toBe(own);
  expect(await findTemporal(env(), quiet)).toBe(join(bin, 'temporal'));
});

test('a named executable that is none is an error, not a reason to look elsewhere', async () => {
  await script(join(bin, 'temporal'), '');
  const named = join(folder.path, 'not-there');
  await expect(findTemporal(env({ DAYBOOK_TEMPORAL: named }), quiet)).rejects.toThrow(
    `DAYBOOK_TEMPORAL names ${named}, which is not an executable file`,
  );
});

test('two starts at the same time build once, and the next finds the build', async () => {
  await slowGo();
  const built = join(cache, 'versitygw', '1.8.0', 'versitygw');
  const lines: string[] = [];
  const find = () => findVersitygw(env(), (text) => lines.push(text));
  expect(await Promise.all([find(), find()])).toEqual([built, built]);
  expect(await find()).toBe(built);
  const calls = (await readFile(join(folder.path, 'calls'), 'utf8')).match(/^call .*/gm);
  expect(calls).toEqual(['call install -v github.com/versity/versitygw/cmd/versitygw@v1.8.0']);
  expect(lines).toContainEqual(expect.stringMatching(/^building versitygw 1\.8\.0 with Go, .* minutes: 1 s, /));
});

test('a build knows no credentials of the shell', async () => {
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'production-secret');
  vi.stubEnv('GOPROXY', 'https://proxy.example.com');
  await slowGo();
  await findVersitygw(env(), quiet);
  const calls = await readFile(join(folder.path, 'calls'), 'utf8');
  expect(calls).not.toContain('production-secret');
  expect(calls).toContain('GOPROXY=https://proxy.example.com');
});

test('where no way to the S3 gateway is left, the in-memory stand-in is announced', async () => {
  vi.stubEnv('PATH', bin);
  const lines: string[] = [];
  expect(await findVersitygw(env(), (text) => lines.push(text))).toBeUndefined();
  expect(lines.at(-1)).toMatch(/there is no `go` on PATH.*kept in memory by fauxqs/);
});

test('where no way to Temporal is left, one error names every way and why it failed', async () => {
  vi.stubEnv('PATH', bin);
  for (const name of ['https_proxy', 'HTTPS_PROXY']) vi.stubEnv(name, 'http://127.0.0.1:9');
  const failing = findTemporal(env(), quiet);
  await expect(failing).rejects.toThrow(
    /DAYBOOK_TEMPORAL is not set[^]*on PATH[^]*download: .+[^]*build with Go: there is no `go`/,
  );
  expect(processVariables()['PATH']).toBe(bin);
}, 30_000);
