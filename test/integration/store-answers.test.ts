import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { checkEngineStore } from '../../src/plan/check-engine.js';
import { connectStore, type Store } from '../../src/store/store.js';
import { openDays, type DayProject } from '../support/day.js';
import { openProxy, type FaultProxy } from '../support/fault-proxy.js';
import { PAYMENTS, PAYMENTS_CONFIG } from '../support/payments.js';

/* What a store answers that is neither success nor a plain error: errors with status 200, and errors about one object. */

let project: DayProject;
let proxy: FaultProxy;
let store: Store;

beforeAll(async () => {
  project = await openDays(inject('stack'), PAYMENTS, PAYMENTS_CONFIG, { worker: false });
  proxy = await openProxy(inject('stack').s3.endpoint);
  store = connectStore({ ...project.app.env.s3, endpoint: proxy.url });
});
beforeEach(() => {
  proxy.intercept(undefined);
});
afterAll(async () => {
  store.close();
  await proxy.close();
  await project.close();
});

/** Answers with status 200 to every request that `isMeant` chooses. */
function answering(isMeant: (url: URL, method: string) => boolean, xml: string): void {
  proxy.intercept(({ asked: { url, method }, answer }) => {
    if (!isMeant(url, method)) return undefined;
    answer({ status: 200, headers: { 'content-type': 'application/xml' }, body: Buffer.from(xml) });
    return Promise.resolve();
  });
}

const notDeleted = (...errors: [key: string, code: string][]) => {
  const each = errors.map(
    ([key, code]) => `<Error><Key>${key}</Key><Code>${code}</Code><Message>why</Message></Error>`,
  );
  answering((url) => url.searchParams.has('delete'), `<DeleteResult>${each.join('')}</DeleteResult>`);
};

test('a removal fails if one of its objects is left, for good if the store refuses, although the answer has status 200', async () => {
  notDeleted(['raw/a', 'InternalError'], ['raw/b', 'AccessDenied']);
  await expect(store.remove(project.bucket, ['raw/a', 'raw/b', 'raw/c'])).rejects.toMatchObject({
    type: 'AccessDenied',
    nonRetryable: true,
    message: expect.stringMatching(
      /^delete s3:\/\/.*\/raw\/b: the store answers AccessDenied \(why\), and does not delete 1 more objects?\. Allow s3:DeleteObject/,
    ) as string,
  });
  notDeleted(['raw/a', 'InternalError']);
  const passing: unknown = await store.remove(project.bucket, ['raw/a']).catch((error: unknown) => error);
  expect(passing).toMatchObject({
    message: expect.stringContaining('raw/a: the store answers InternalError') as string,
  });
  expect(passing).not.toHaveProperty('nonRetryable', true);
});

test('a removal of objects that do not exist succeeds, whatever the store says of them', async () => {
  await store.remove(project.bucket, ['never/was']);
  notDeleted(['raw/a', 'NoSuchKey']);
  await store.remove(project.bucket, ['raw/a']);
});

test('a copy of an object that no longer exists names the object, and one into a missing bucket the bucket', async () => {
  const to = { bucket: project.bucket, key: 'daybook/copy' };
  await expect(store.copy({ bucket: project.bucket, key: 'raw/{gone}.parquet' }, to)).rejects.toMatchObject({
    type: 'ObjectVanished',
    nonRetryable: true,
    message: expect.stringContaining('raw/{gone}.parquet to ') as string,
    details: [{ object: 'raw/{gone}.parquet' }],
  });
  await store.write(project.bucket, 'raw/here', 'x');
  await expect(
    store.copy({ bucket: project.bucket, key: 'raw/here' }, { bucket: 'no-such-bucket-2f6c', key: 'x' }),
  ).rejects.toMatchObject({ type: 'BadConfig', message: expect.stringContaining('has no such bucket') as string });
});

test('a stream from a missing bucket names the bucket, not the object', async () => {
  const object = { key: 'raw/a', etag: 'x', size: 1 };
  const stream = async (bucket: string) => {
    for await (const _ of store.stream(bucket, object)) throw new Error('nothing can be read');
  };
  await expect(stream(project.bucket)).rejects.toMatchObject({
    type: 'ObjectVanished',
    details: [{ object: 'raw/a' }],
  });
  await expect(stream('no-such-bucket-2f6c')).rejects.toMatchObject({ type: 'BadConfig' });
});

test.each([
  ['InternalError', undefined],
  ['AccessDenied', 'AccessDenied'],
])('a copy that the store answers with status 200 and %s has failed', async (code, type) => {
  await store.write(project.bucket, 'raw/here', 'x');
  answering(
    (_, method) => method === 'PUT',
    `<?xml version="1.0"?><Error><Code>${code}</Code><Message>why</Message></Error>`,
  );
  const thrown: unknown = await store
    .copy({ bucket: project.bucket, key: 'raw/here' }, { bucket: project.bucket, key: 'raw/copied' })
    .catch((error: unknown) => error);
  expect(thrown).toBeInstanceOf(Error);
  expect((thrown as { type?: string }).type).toBe(type);
  expect(await project.app.store.holds(project.bucket, 'raw/copied')).toBe(false);
});

test('check warns of a store that deletes nothing', async () => {
  const { clickhouse, project: own } = project.app;
  const services = { clickhouse, store: { ...store, engine: project.app.store.engine } };
  expect(await checkEngineStore(own, services)).toEqual([]);
  notDeleted(['any', 'AccessDenied']);
  expect(await checkEngineStore(own, services)).toMatchObject([
    {
      severity: 'warning',
      where: 'S3',
      what: expect.stringContaining('the store answers AccessDenied (why). Allow s3:DeleteObject') as string,
    },
  ]);
});
