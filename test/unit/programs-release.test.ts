import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { processVariables } from '../../src/env.js';
import { release } from '../../src/local/programs/release.js';
import { temporaryFolder } from '../support/stack.js';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let server: Server | undefined;

beforeEach(async () => {
  folder = await temporaryFolder('release');
  await mkdir(join(folder.path, 'cache'));
});
afterEach(async () => {
  server?.closeAllConnections();
  server?.close();
  server = undefined;
  await folder.remove();
});

/** Archive of a release: the folder `tool_v1` with an executable in it. */
async function archive(): Promise<{ bytes: Buffer; sha256: string }> {
  await mkdir(join(folder.path, 'tool_v1'));
  await writeFile(join(folder.path, 'tool_v1', 'tool'), 'the tool');
  await chmod(join(folder.path, 'tool_v1', 'tool'), 0o755);
  execFileSync('tar', ['-czf', 'tool_v1.tar.gz', 'tool_v1'], { cwd: folder.path });
  const bytes = await readFile(join(folder.path, 'tool_v1.tar.gz'));
  return { bytes, sha256: createHash('sha256').update(bytes).digest('hex') };
}

async function serve(listener: RequestListener): Promise<string> {
  const listening = createServer(listener);
  server = listening;
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(listening.address() as AddressInfo).port}`;
}

const get = (address: string, sha256: string, platform = `${process.platform}-${process.arch}`) =>
  release({ version: '1', address, archives: { [platform]: { archive: 'tool_v1', sha256 } } }).get({
    name: 'tool',
    target: join(folder.path, 'cache', 'tool'),
    variables: processVariables(),
    onProgress: () => undefined,
  });

const cached = () => readdir(join(folder.path, 'cache'));

test('a release with the pinned checksum is unpacked, executable and alone in the cache', async () => {
  const { bytes, sha256 } = await archive();
  let asked: string | undefined;
  await get(
    await serve(({ url }, response) => {
      asked = url;
      response.end(bytes);
    }),
    sha256,
  );
  expect(asked).toBe('/tool_v1.tar.gz');
  expect(await cached()).toEqual(['tool']);
  expect(await readFile(join(folder.path, 'cache', 'tool'), 'utf8')).toBe('the tool');
});

test('a release with another checksum is never unpacked', async () => {
  const { bytes, sha256 } = await archive();
  const getting = get(await serve((_, response) => response.end(bytes)), '0'.repeat(64));
  await expect(getting).rejects.toThrow(`tool_v1.tar.gz has the SHA-256 ${sha256}, expected ${'0'.repeat(64)}`);
  expect(await cached()).toEqual([]);
});

test('an address that refuses, and one that has no such release, fail with the reason', async () => {
  await expect(get('http://127.0.0.1:65534', '')).rejects.toThrow(/ECONNREFUSED/);
  const missing = await serve((_, response) => response.writeHead(404).end());
  await expect(get(missing, '')).rejects.toThrow('the server responded with status 404');
});

test('a platform without a release fails without a request', async () => {
  await expect(get('http://127.0.0.1:65534', '', 'plan9-mips')).rejects.toThrow(
    `there is no release for ${process.platform}-${process.arch}`,
  );
});

test('a server that never answers is given up after 5 s', async () => {
  await expect(get(await serve(() => undefined), '')).rejects.toThrow('no answer within 5 s');
}, 15_000);

test('a server that stops in the middle is given up after 10 s', async () => {
  const half = await serve((_, response) => {
    response.writeHead(200, { 'content-length': '1000' });
    response.write('half');
  });
  await expect(get(half, '')).rejects.toThrow('nothing arrived for 10 s');
}, 20_000);
