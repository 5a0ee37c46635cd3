import { once } from 'node:events';
import { connect } from 'node:net';
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { createClient } from '@clickhouse/client';
import { Connection } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { processVariables, readEnv } from '../../src/env.js';
import { liveStack } from '../../src/local/live-stack.js';
import { isAlive, signal, waitUntilGone } from '../../src/local/processes/processes.js';
import { answers } from '../../src/local/readiness.js';
import { readStack, type Stack, type StackProcess } from '../../src/local/stack-file.js';
import { startStack, stopStack, type StartedStack } from '../../src/local/stack.js';
import { SEARCH_ATTRIBUTES } from '../../src/shared/names.js';
import { temporaryFolder } from '../support/stack.js';

const env = readEnv(processVariables());
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let running: StartedStack;

beforeAll(async () => {
  folder = await temporaryFolder('local');
  running = await startStack({ dir: folder.path, env });
});

afterAll(async () => {
  await stopStack(folder.path);
  await folder.remove();
});

const s3 = ({ s3: { endpoint, region, accessKeyId, secretAccessKey } }: Stack) =>
  new S3Client({ endpoint, region, forcePathStyle: true, credentials: { accessKeyId, secretAccessKey } });

const read = async (client: S3Client, key: string) => {
  const { Body } = await client.send(new GetObjectCommand({ Bucket: 'days', Key: key }));
  return Body?.transformToString();
};

test('S3 keeps objects, and refuses a second conditional put of the same key', async () => {
  const client = s3(running.stack);
  await client.send(new CreateBucketCommand({ Bucket: 'days' }));
  const put = { Bucket: 'days', Key: 'raw/dt=2026-11-01/a.json', Body: 'first', IfNoneMatch: '*' };
  await client.send(new PutObjectCommand(put));
  await expect(client.send(new PutObjectCommand({ ...put, Body: 'second' }))).rejects.toMatchObject({
    $metadata: { httpStatusCode: 412 },
  });
  expect(await read(client, put.Key)).toBe('first');
});

test('Temporal knows the search attributes and keeps closed histories for 30 days', async () => {
  const { address, namespace } = running.stack.temporal;
  const connection = await Connection.connect({ address });
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  expect(Object.keys(customAttributes)).toEqual(expect.arrayContaining([...SEARCH_ATTRIBUTES]));
  const { config } = await connection.workflowService.describeNamespace({ namespace });
  expect(config?.workflowExecutionRetentionTtl?.seconds?.toNumber()).toBe(30 * 24 * 60 * 60);
  await connection.close();
});

test("Temporal's Web UI answers at its address", async () => {
  const response = await fetch(running.stack.temporal.uiUrl);
  expect(response.status).toBe(200);
});

test('ClickHouse answers queries of its own client', async () => {
  const { url, user, password } = running.stack.clickhouse;
  const client = createClient({ url, username: user, password });
  const result = await client.query({ query: 'SELECT 1 + 1 AS two', format: 'JSONEachRow' });
  expect(await result.json()).toEqual([{ two: 2 }]);
  await client.close();
});

/** The first bytes of a client of the native protocol. */
function hello(user: string, password: string, database = ''): Buffer {
  const text = (value: string) => Buffer.concat([Buffer.of(Buffer.byteLength(value)), Buffer.from(value)]);
  // Packet 0; version 1.1 of the client; revision 54,432 of the protocol.
  return Buffer.concat([
    Buffer.of(0),
    text('a test'),
    Buffer.of(1, 1, 0xa0, 0xa9, 0x03),
    text(database),
    text(user),
    text(password),
  ]);
}

/** Sends bytes to the native port and gives back what came first, nothing where the connection ended without an answer. */
async function answerTo(bytes: Buffer): Promise<Buffer> {
  const [host = '', port = ''] = running.stack.clickhouse.nativeAddress.split(':');
  const socket = connect(Number(port), host);
  socket.on('error', () => undefined);
  const closed = once(socket, 'close').then(() => [Buffer.alloc(0)]);
  socket.write(bytes);
  const [answer] = (await Promise.race([once(socket, 'data'), closed])) as [Buffer];
  // Not in order: as a client that is killed.
  socket.resetAndDestroy();
  return answer;
}

test('whatever goes wrong on the native port, ClickHouse lives on with all its rows', async () => {
  const { url, user, password, admin, nativeAddress } = running.stack.clickhouse;
  const client = createClient({ url, username: admin.user, password: admin.password });
  await client.command({ query: 'CREATE TABLE default.acknowledged (n UInt8) ENGINE = MergeTree ORDER BY n' });
  await client.insert({ table: 'default.acknowledged', values: [{ n: 7 }], format: 'JSONEachRow' });
  const before = await processOf('clickhouse');

  expect((await answerTo(hello(user, password)))[0]).toBe(0);
  const refused = await answerTo(hello(user, 'of another user'));
  expect(refused[0]).toBe(2);
  expect(refused.readInt32LE(1)).toBe(516);
  expect(refused.toString()).toContain(`${user}: Authentication failed`);
  expect((await answerTo(hello('guest\n', ''))).readInt32LE(1)).toBe(516);
  const unknown = await answerTo(hello(admin.user, admin.password, 'no_such'));
  expect(unknown.toString()).toContain('no_such does not exist');
  expect((await answerTo(Buffer.from('GET / HTTP/1.0\r\n\r\n'))).toString()).toContain(`HTTP is at ${url}`);
  expect((await answerTo(Buffer.alloc(4_096, 0xff))).toString()).toContain('native protocol');
  const [host = '', port = ''] = nativeAddress.split(':');
  const silent = connect(Number(port), host);
  await once(silent, 'connect');
  silent.resetAndDestroy();

  const rows = await client.query({ query: 'SELECT n FROM default.acknowledged', format: 'JSONEachRow' });
  expect(await rows.json()).toEqual([{ n: 7 }]);
  await client.close();
  expect(await processOf('clickhouse')).toEqual(before);
  expect(await isAlive(before.pid)).toBe(true);
});

test('a start in a folder whose stack is live finds that stack, and its stop leaves it alone', async () => {
  const second = await startStack({ dir: folder.path, env });
  expect(second.started).toBe(false);
  await second.stop();
  expect(await liveStack(folder.path)).toEqual(running.stack);
});

test.each(['temporal', 'clickhouse', 's3'] as const)('%s comes back on its port after a SIGKILL', async (name) => {
  const before = await processOf(name);
  signal(before.pid, 'SIGKILL');
  await waitUntilGone([before.pid], 5_000);
  await expect
    .poll(() => answers[name](running.stack).then(() => 'answers', String), { timeout: 30_000 })
    .toBe('answers');
  const after = await processOf(name);
  expect(after.port).toBe(before.port);
  expect(after.pid).not.toBe(before.pid);
  expect(await isAlive(after.pid)).toBe(true);
});

test('objects, tables and addresses survive the death of each service and a restart of the whole stack', async () => {
  const { url, user, password } = running.stack.clickhouse;
  const client = createClient({ url, username: user, password });
  await client.command({ query: 'CREATE DATABASE kept' });
  await client.command({ query: 'CREATE TABLE kept.t ENGINE = MergeTree ORDER BY n AS SELECT 42 AS n' });
  await running.stop();
  expect(await readStack(folder.path)).toBeUndefined();

  const former = running.stack;
  running = await startStack({ dir: folder.path, env });
  expect({ ...running.stack, supervisor: 0, processes: 0 }).toEqual({ ...former, supervisor: 0, processes: 0 });
  expect(await read(s3(running.stack), 'raw/dt=2026-11-01/a.json')).toBe('first');
  const result = await client.query({ query: 'SELECT n FROM kept.t', format: 'JSONEachRow' });
  expect(await result.json()).toEqual([{ n: 42 }]);
  await client.close();
});

/** The service's process as it is recorded now. */
async function processOf(name: string): Promise<StackProcess> {
  const stack = await readStack(folder.path);
  const found = stack?.processes.find((process) => process.name === name);
  if (!found) throw new Error(`${name} is not recorded in stack.json`);
  return found;
}
