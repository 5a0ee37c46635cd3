import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, inject, test, vi } from 'vitest';
import { check } from '../../src/cli/check/index.js';
import { initProject } from '../../src/cli/init/index.js';
import { connectClickHouse } from '../../src/clickhouse/client.js';
import { readEnv } from '../../src/env.js';
import { checkEngineStore } from '../../src/plan/check-engine.js';
import { checkFolders } from '../../src/plan/check-folders.js';
import { checkProject, type CheckServices } from '../../src/project/check.js';
import { loadProject, readProject } from '../../src/project/load.js';
import type { Project } from '../../src/project/project.js';
import { plain } from '../../src/shared/sentence.js';
import { connectStore } from '../../src/store/store.js';
import { connectTemporal } from '../../src/temporal/client.js';
import { missingSearchAttributes } from '../../src/temporal/namespace.js';
import { openProxy } from '../support/fault-proxy.js';
import { projectFolder, RIGHT } from '../support/project.js';
import { temporaryFolder, testVariables } from '../support/stack.js';

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let services: CheckServices;
let close: () => Promise<void>;

/** Services by the variables of a stack, some of them changed. */
function connect(changes: Record<string, string> = {}) {
  const env = readEnv({ ...testVariables(inject('stack')), ...changes });
  const clickhouse = connectClickHouse(env.clickhouse);
  const store = connectStore(env.s3);
  const temporal = connectTemporal(env.temporal);
  temporal.catch(() => undefined);
  return {
    services: {
      clickhouse,
      store,
      folders: (project: Project) => checkFolders(project, store, new Date()),
      engineStore: (project: Project) => checkEngineStore(project, { clickhouse, store }),
      localStack: false,
      chosen: env.clickhouse.chosen ?? false,
      otherProject: () => Promise.resolve(undefined),
      missingSearchAttributes: async () => missingSearchAttributes(await temporal),
      named: env.named,
    },
    close: async () => {
      store.close();
      await clickhouse.close();
      await (await temporal.catch(() => undefined))?.connection.close();
    },
  };
}

async function makeBuckets(...buckets: string[]) {
  const { endpoint, region, accessKeyId, secretAccessKey } = inject('stack').s3;
  const s3 = new S3Client({ endpoint, region, forcePathStyle: true, credentials: { accessKeyId, secretAccessKey } });
  for (const Bucket of buckets) await s3.send(new CreateBucketCommand({ Bucket })).catch(() => undefined);
  s3.destroy();
}

beforeAll(async () => {
  folder = await temporaryFolder('check');
  ({ services, close } = connect());
  await makeBuckets('checked-data', 'shop-data');
});

afterAll(async () => {
  await close();
  await folder.remove();
});

/** Nothing was applied yet, which every check says. */
const PENDING = [
  {
    severity: 'warning',
    where: 'ClickHouse',
    what: expect.stringMatching(/^These tables do not exist yet: /) as string,
  },
];

/** The problems of a project, without {@link PENDING}. */
const problemsBeside = async (...of: Parameters<typeof checkProject>) =>
  (await checkProject(...of)).filter(({ what }) => !what.startsWith('These tables do not exist yet: '));

test('what init writes passes check, which says that it is not applied yet', async () => {
  const { dir } = await initProject(join(folder.path, 'checked'));
  expect(await checkProject(dir, services)).toMatchObject(PENDING);
});

test.each(['.', 'test/fixtures/sparkify'])('the project in %s of the repository passes check', async (dir) => {
  const { config } = await loadProject(join(REPOSITORY, dir));
  await makeBuckets(config.store.bucket);
  expect(await checkProject(join(REPOSITORY, dir), services)).toMatchObject(PENDING);
});

test('problems of config, files, bucket and Temporal are reported together, and the SQL is checked once the files are valid', async () => {
  const dir = join(folder.path, 'broken');
  await mkdir(dir);
  await writeFile(join(dir, 'daybook.config.ts'), 'export default { project: "Broken" }');
  expect((await checkProject(dir, services)).map(({ where }) => where)).toEqual(['project', 'store', 'sources']);

  const { dir: right, remove } = await projectFolder({
    ...RIGHT,
    'daybook.config.ts': (RIGHT['daybook.config.ts'] ?? '').replace("'shop-data'", "'no-such-bucket'"),
    'sql/tests/no_empty_country.sql': 'SELECT countri FROM daily_sales',
  });
  const problems = await checkProject(right, {
    ...services,
    missingSearchAttributes: () => Promise.resolve([{ name: 'DaybookDay', create: 'create DaybookDay' }]),
  });
  await remove();
  expect(problems.map(({ where, fix }) => `${where}: ${plain(fix)}`)).toEqual([
    'sql/tests/no_empty_country.sql:1: Correct the statement; it must run unchanged in any ClickHouse client.',
    'S3: Create the bucket, or name another one in the config.',
    'Temporal: create DaybookDay',
  ]);
});

test('an engine that does not reach the store, and one whose clock is wrong, are named before a night needs them', async () => {
  const { dir } = await initProject(join(folder.path, 'cut-off'));
  const { project } = await readProject(dir);
  if (project) await makeBuckets(project.config.store.bucket);
  const cut = connect({ DAYBOOK_S3_ENGINE_ENDPOINT: 'http://127.0.0.1:1' });
  const late: typeof cut.services.clickhouse = {
    ...cut.services.clickhouse,
    rows: async <Row>(...[statement, options]: Parameters<typeof cut.services.clickhouse.rows>) =>
      options?.what === 'ask for the time'
        ? [{ now: String(Date.now() - 3_600_000) } as Row]
        : await cut.services.clickhouse.rows<Row>(statement, options),
  };
  const problems = await problemsBeside(dir, { ...cut.services, clickhouse: late });
  await cut.close();
  expect(problems.map(({ severity, what }) => [severity, what])).toEqual([
    ['warning', 'its clock is 3600 seconds behind the clock of this machine'],
    [
      'error',
      expect.stringMatching(/^ClickHouse does not reach the store of .*: write s3:.*_check.*: ClickHouse says /),
    ],
  ]);
});

test('a store whose clock is wrong is a warning, and the time comes from the store itself', async () => {
  const { dir } = await initProject(join(folder.path, 'early'));
  const { project } = await readProject(dir);
  const bucket = project?.config.store.bucket ?? '';
  await makeBuckets(bucket);
  const time = (await services.store.timeOf(bucket)) ?? 0;
  expect(Math.abs(time - Date.now())).toBeLessThan(30_000);
  const ahead = { ...services.store, timeOf: () => Promise.resolve(Date.now() + 5_000) };
  expect(await problemsBeside(dir, { ...services, store: ahead })).toMatchObject([
    { severity: 'warning', where: 'S3', what: 'its clock is 5 seconds ahead of the clock of this machine' },
  ]);
});

test('a source whose objects ClickHouse may not read is named, although it may write its own', async () => {
  const { dir } = await initProject(join(folder.path, 'denied'));
  const { project } = await readProject(dir);
  if (project) await makeBuckets(project.config.store.bucket);
  const proxy = await openProxy(inject('stack').s3.endpoint);
  proxy.intercept(({ asked, answer }) => {
    if (!asked.url.pathname.includes('/raw/')) return undefined;
    const body = Buffer.from('<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>');
    answer({ status: 403, headers: { 'content-type': 'application/xml' }, body });
    return Promise.resolve();
  });
  const denied = connect({ DAYBOOK_S3_ENGINE_ENDPOINT: proxy.url });
  const problems = await problemsBeside(dir, denied.services);
  await denied.close();
  await proxy.close();
  expect(problems.map(({ severity, what }) => [severity, what])).toEqual([
    [
      'error',
      expect.stringMatching(
        /^ClickHouse does not reach the objects of the source events: read s3:.*\/raw\/events\/dt=_daybook_check/,
      ),
    ],
  ]);
});

test.each([
  [{}, 'SLACK_WEBHOOK_URL is not set here'],
  [{ SLACK_WEBHOOK_URL: 'hush' }, 'SLACK_WEBHOOK_URL is not an http or https URL here'],
  [{ SLACK_WEBHOOK_URL: 'https://hooks.example/T1/hush' }, undefined],
])('a webhook without a valid address is a warning that does not show the address (%#)', async (changes, what) => {
  const { dir, remove } = await projectFolder({
    ...RIGHT,
    'daybook.config.ts': (RIGHT['daybook.config.ts'] ?? '').replace(
      '{\n',
      "{\n  alerts: { webhook: { env: 'SLACK_WEBHOOK_URL' } },\n",
    ),
  });
  const { services: here, close: end } = connect(changes);
  const problems = await problemsBeside(dir, here);
  await end();
  await remove();
  expect(problems.map((problem) => [problem.severity, problem.where, problem.what])).toEqual(
    what === undefined ? [] : [['warning', 'alerts.webhook', what]],
  );
});

test('a server that answers with a failure of its own is not advised to be started', async () => {
  const { dir } = await initProject(join(folder.path, 'checked-failing'), 'checked');
  const failing = { ...services.clickhouse, rows: () => Promise.reject(new Error('159 (TIMEOUT_EXCEEDED)')) };
  expect(await problemsBeside(dir, { ...services, clickhouse: failing })).toContainEqual({
    severity: 'error',
    where: 'ClickHouse',
    what: '159 (TIMEOUT_EXCEEDED)',
    fix: 'Check what answers at CLICKHOUSE_URL, and its log.',
  });
});

test('a server older than the first safe release is an error', async () => {
  const { dir } = await initProject(join(folder.path, 'checked-old'), 'checked');
  const versions: Record<string, string[]> = {
    '26.6.0.5': ['ClickHouse'],
    '25.12.9.1': ['ClickHouse'],
    '26.6.1.1': [],
    '27.1.0.1': [],
  };
  for (const [version, where] of Object.entries(versions)) {
    const clickhouse = { ...services.clickhouse, version: () => Promise.resolve(version) };
    const problems = await problemsBeside(dir, { ...services, clickhouse });
    expect(problems.map((problem) => problem.where)).toEqual(where);
    expect(problems.every(({ severity }) => severity === 'error')).toBe(true);
  }
});

test('a user who may not remove rejected lines is a warning with the statement that grants it', async () => {
  const { dir } = await initProject(join(folder.path, 'checked-grants'), 'checked');
  const { url, reader } = inject('stack').clickhouse;
  const other = connectClickHouse({ url, ...reader });
  const clickhouse = { ...services.clickhouse, granted: (right: string) => other.granted(right) };
  const problems = await problemsBeside(dir, { ...services, clickhouse });
  await other.close();
  expect(problems).toEqual([
    {
      severity: 'warning',
      where: 'ClickHouse',
      what: 'the user may not remove rejected lines: those of replaced chunks stay in daybook.rejected_rows, and `daybook erase` fails',
      fix: 'As an administrator, run in ClickHouse: GRANT ALTER DELETE ON daybook.rejected_rows TO `daybook`',
    },
  ]);
});

test('a setting that the server does not know fails a statement at once, and names the release that is needed', async () => {
  const statement = { sql: 'SELECT 1', settings: { a_setting_to_come: 1 } };
  await expect(services.clickhouse.run(statement)).rejects.toMatchObject({
    type: 'BadSql',
    nonRetryable: true,
    message: expect.stringMatching(/115 .*a_setting_to_come.*Daybook needs ClickHouse 26\.6\.1 or newer$/) as string,
  });
});

test('the command prints one JSON document, and its exit code says whether a build could run', async () => {
  const { dir } = await initProject(join(folder.path, 'command'), 'checked');
  const run = async () => {
    const printed: string[] = [];
    const spy = vi.spyOn(process.stdout, 'write').mockImplementation((text) => printed.push(String(text)) > 0);
    const before = process.exitCode;
    process.exitCode = 0;
    try {
      await check({ output: 'json' }, () => Promise.resolve({ dir, services, close: () => Promise.resolve() }));
      return {
        code: process.exitCode,
        answer: JSON.parse(printed.join('')) as { ok: boolean; problems: unknown[] },
      };
    } finally {
      process.exitCode = before;
      spy.mockRestore();
    }
  };
  expect(await run()).toMatchObject({ code: 0, answer: { ok: true, dir, problems: PENDING } });
  await writeFile(join(dir, 'sql/tests/daily_events_match_events.sql'), 'SELECT 1 FROM dayly_events');
  expect(await run()).toMatchObject({
    code: 1,
    answer: { ok: false, problems: [{ fix: "Did you mean 'daily_events'?" }] },
  });
});

test('credentials sent to another host in statements are a warning, and a named collection removes it', async () => {
  const { dir } = await initProject(join(folder.path, 'keys'), 'checked');
  const elsewhere = { DAYBOOK_S3_ENGINE_ENDPOINT: 'https://s3.example.com' };
  const problemsWith = async (changes: Record<string, string>) => {
    const { services: changed, close: end } = connect(changes);
    // That host does not exist: nothing is sent there.
    const problems = await problemsBeside(dir, { ...changed, engineStore: () => Promise.resolve([]) });
    await end();
    return problems;
  };
  expect(await problemsWith(elsewhere)).toMatchObject([
    { severity: 'warning', where: 'S3', fix: expect.stringContaining('set DAYBOOK_S3_COLLECTION') as string },
  ]);
  expect(await problemsWith({ ...elsewhere, DAYBOOK_S3_COLLECTION: 'daybook_store' })).toEqual([]);
});
