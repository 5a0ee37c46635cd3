import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { readEnv } from '../../src/env.js';
import { LocalStackError } from '../../src/local/local-error.js';
import { readStack } from '../../src/local/stack-file.js';
import { startStack } from '../../src/local/stack.js';
import { temporaryFolder } from '../support/stack.js';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;

beforeEach(async () => {
  folder = await temporaryFolder('fallbacks');
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await folder.remove();
});

test('without versitygw, its release and Go, S3 is served from memory, and the user is warned', async () => {
  vi.stubEnv('PATH', '/nowhere');
  const lines: string[] = [];
  const { stack, stop } = await startStack({
    dir: join(folder.path, 'stack'),
    env: readEnv({
      DAYBOOK_CACHE: join(folder.path, 'cache'),
      DAYBOOK_VERSITYGW_RELEASE: 'http://127.0.0.1:65534',
    }),
    only: ['s3'],
    onProgress: (text) => lines.push(text),
  });
  try {
    expect(stack.s3.kind).toBe('fauxqs');
    expect(lines).toContainEqual(
      expect.stringMatching(/kept in memory by fauxqs, and its objects are lost when the stack stops/),
    );
    const { endpoint, region, accessKeyId, secretAccessKey } = stack.s3;
    const client = new S3Client({
      endpoint,
      region,
      forcePathStyle: true,
      credentials: { accessKeyId, secretAccessKey },
    });
    await client.send(new CreateBucketCommand({ Bucket: 'days' }));
    await client.send(new PutObjectCommand({ Bucket: 'days', Key: 'a', Body: 'text' }));
    const { Body } = await client.send(new GetObjectCommand({ Bucket: 'days', Key: 'a' }));
    expect(await Body?.transformToString()).toBe('text');
  } finally {
    await stop();
  }
});

test('a service that cannot start ends the start with its name and its log file, and leaves no process', async () => {
  const dir = join(folder.path, 'stack');
  const starting = startStack({ dir, env: readEnv({ DAYBOOK_VERSITYGW: '/bin/false' }), only: ['s3'] });
  await expect(starting).rejects.toThrow(LocalStackError);
  await expect(starting).rejects.toThrow(/did not start.*\n[^]*s3 exited with code 1, 4 times in a row/);
  expect(await readStack(dir)).toBeUndefined();
  expect(await readFile(join(dir, 'logs', 'supervisor.log'), 'utf8')).toContain('s3 exited with code 1');
});
