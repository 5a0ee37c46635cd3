import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { objectTable } from '../../src/clickhouse/object-table.js';
import { final } from '../../src/errors.js';
import { checkEngineStore } from '../../src/plan/check-engine.js';
import { engineBucket } from '../../src/step/engine-bucket.js';
import { connectStore, type Store } from '../../src/store/store.js';
import { openDays, type DayProject } from '../support/day.js';
import { openProxy, type FaultProxy } from '../support/fault-proxy.js';
import { keyOf, lines, payment, PAYMENTS, PAYMENTS_CONFIG } from '../support/payments.js';

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
  const stream = (bucket: string) => store.stream(bucket, object)[Symbol.asyncIterator]().next();
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

/** How ClickHouse fails to read, or to write, an object of this name while the store answers so. */
async function failedInEngine(
  key: string,
  write: boolean,
  status: number,
  code: string,
  text: string,
): Promise<unknown> {
  await project.app.store.write(project.bucket, key, 'x\n');
  const body = Buffer.from(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>${text}</Message></Error>`);
  proxy.intercept(({ asked, answer }) => {
    if (asked.method !== (write ? 'PUT' : 'GET')) return undefined;
    answer({ status, headers: { 'content-type': 'application/xml' }, body });
    return Promise.resolve();
  });
  const reached = connectStore({ ...project.app.env.s3, engineEndpoint: proxy.url });
  const bucket = await engineBucket({ store: reached }, project.bucket);
  reached.close();
  const { sql, params } = objectTable(bucket, [key], 'LineAsString', '`line` String', 'read');
  const statement = write ? `INSERT INTO FUNCTION ${sql} SELECT 'y'` : `SELECT count() FROM ${sql}`;
  const settings = { s3_retry_attempts: 0, s3_truncate_on_insert: 1 };
  return await project.app.clickhouse.run({ sql: statement, params, settings }).catch((error: unknown) => error);
}

test.each([
  ['raw/part-404.json', 503, 'SlowDown', 'Please reduce your request rate.', undefined],
  ['raw/403 does not exist.json', 500, 'InternalError', 'We encountered an internal error.', undefined],
  ['raw/NoSuchKey.json', 403, 'AccessDenied', 'Access Denied', 'AccessDenied'],
  ['raw/AccessDenied.json', 404, 'NoSuchKey', 'The specified key does not exist.', 'ObjectVanished'],
])('%s: what ClickHouse says of a %d is judged without the key', async (key, status, code, text, type) => {
  const read = await failedInEngine(key, false, status, code, text);
  expect(read).toMatchObject({ message: expect.stringContaining(key) as string });
  expect((read as { type?: string }).type).toBe(type);
  if (status === 404) return;
  const written = await failedInEngine(key, true, status, code, text);
  expect(written).toMatchObject({ message: expect.stringContaining(key) as string });
  expect((written as { type?: string }).type).toBe(type);
});

test('an upload in parts that the store answers with status 200 and an error has failed in ClickHouse, too', async () => {
  let completed = 0;
  proxy.intercept(({ asked: { url, method }, answer }) => {
    if (method !== 'POST' || !url.searchParams.has('uploadId')) return undefined;
    completed++;
    const body = '<?xml version="1.0"?><Error><Code>InternalError</Code><Message>Please try again.</Message></Error>';
    answer({ status: 200, headers: { 'content-type': 'application/xml' }, body: Buffer.from(body) });
    return Promise.resolve();
  });
  const reached = connectStore({ ...project.app.env.s3, engineEndpoint: proxy.url });
  const bucket = await engineBucket({ store: reached }, project.bucket);
  reached.close();
  const { sql, params } = objectTable(bucket, ['raw/parts.json'], 'LineAsString', '`line` String', 'read');
  const settings = { s3_retry_attempts: 0, s3_max_single_part_upload_size: 1 };
  const statement = { sql: `INSERT INTO FUNCTION ${sql} SELECT 'y'`, params, settings };
  await expect(project.app.clickhouse.run(statement)).rejects.toThrow('499');
  expect(completed).toBeGreaterThan(0);
});

test('a store that refuses removals fails no chunk for what its attempts leave, and hides no reason', async () => {
  const day = '2026-05-09';
  await project.put(keyOf(day, 'a'), lines(payment(day, 'a')));
  await project.put(`raw/${day}/bad.json.gz`, 'not gzip');
  const refusing = {
    ...project.app.store,
    remove: () => Promise.reject(final('AccessDenied', 'delete: the store answers AccessDenied')),
  };
  const normalized = async (onBadObject: 'fail' | 'quarantine') => {
    await project.configure({}, { chunk: { maxObjects: 500 }, onBadObject });
    const act = project.attempt({ world: { store: refusing } });
    const { build } = await act.list({ day, force: false });
    return await act.normalize({ build, chunk: 0 });
  };
  await expect(normalized('fail')).rejects.toMatchObject({ type: 'BadObject' });
  expect(await normalized('quarantine')).toMatchObject({ rows: 1, quarantined: 1 });
});
