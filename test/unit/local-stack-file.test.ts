import { readdir, stat, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { namesServices, readEnv } from '../../src/env.js';
import {
  readStack,
  removeStack,
  stackFile,
  stackVariables,
  writeStack,
  type Stack,
} from '../../src/local/stack-file.js';
import { temporaryFolder } from '../support/stack.js';

const stackIn = (dir: string): Stack => ({
  format: 1,
  supervisor: { pid: 10 },
  dir,
  temporal: { address: '127.0.0.1:7233', uiUrl: 'http://127.0.0.1:8233', namespace: 'default' },
  clickhouse: {
    url: 'http://127.0.0.1:8123',
    nativeAddress: '127.0.0.1:9000',
    user: 'daybook',
    password: 'password',
    reader: { user: 'reader', password: 'password of the reader' },
    admin: { user: 'admin', password: 'password of the administrator' },
  },
  s3: {
    endpoint: 'http://127.0.0.1:7070',
    region: 'us-east-1',
    accessKeyId: 'daybook',
    secretAccessKey: 'secret',
    kind: 'versitygw',
  },
  processes: [{ name: 'temporal', pid: 11, port: 7233 }],
});

test('what is written is read back; only its owner can read it, and no temporary file stays', async () => {
  const { path, remove } = await temporaryFolder('file');
  expect(await readStack(path)).toBeUndefined();
  await writeStack(stackIn(path));
  expect(await readStack(path)).toEqual(stackIn(path));
  expect((await stat(stackFile(path))).mode & 0o777).toBe(0o600);
  expect(await readdir(path)).toEqual(['stack.json']);
  await removeStack(path);
  expect(await readStack(path)).toBeUndefined();
  await remove();
});

test('a file of another format is refused with what was found and what to do', async () => {
  const { path, remove } = await temporaryFolder('file');
  await writeFile(stackFile(path), JSON.stringify({ ...stackIn(path), format: 2 }));
  await expect(readStack(path)).rejects.toThrow(
    /stack\.json is not a stack file of format 1 .*format.*delete the file/,
  );
  await remove();
});

test('the variables lead every Daybook command to the stack', () => {
  const variables = stackVariables(stackIn('stack'));
  expect(namesServices(variables)).toBe(true);
  expect(readEnv(variables)).toMatchObject({
    temporal: { TEMPORAL_ADDRESS: '127.0.0.1:7233', TEMPORAL_NAMESPACE: 'default' },
    clickhouse: { url: 'http://127.0.0.1:8123', user: 'daybook', password: 'password' },
    s3: {
      endpoint: 'http://127.0.0.1:7070',
      region: 'us-east-1',
      credentials: { accessKeyId: 'daybook', secretAccessKey: 'secret' },
    },
  });
});
