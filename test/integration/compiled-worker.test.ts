import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { connectClickHouse, type ClickHouse } from '../../src/clickhouse/client.js';
import { processVariables, quietenSdk, readEnv } from '../../src/env.js';
import { demoDays, demoObjects, demoTotals } from '../../src/local/demo/generate.js';
import type { Stack } from '../../src/local/stack-file.js';
import { startStack, type StartedStack } from '../../src/local/stack.js';
import { buildProgram, productionPackages, reachable } from '../support/compiled.js';
import { readCompose, repositoryText } from '../support/compose.js';
import { projectFolder, sqlFilesOf, type ProjectFiles } from '../support/project.js';
import { temporaryFolder, testVariables } from '../support/stack.js';

/*
 * The program as the image holds it, beside an engine whose user has the rights that docker-compose.yml grants and whose named
 * collection is the compose file's: all days of the example are built with no more than that.
 */

const PROJECT = `compiled${Date.now().toString(36)}`;
/** Milliseconds. */
const DAY = 24 * 60 * 60 * 1000;
const BUCKET = `${PROJECT.replaceAll('_', '-')}-data`;

const DOCUMENTED_PASSWORD = 'documented';
/** `clickhouse local` opens its ports as this user. */
const STARTER =
  '<default><password></password><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota></default>';

/** What the set-up made, ended in reverse. */
const ends: (() => Promise<unknown>)[] = [];
let folder: string;
let engine: StartedStack;
let statements: ClickHouse;
let launcher: string;
let variables: Record<string, string>;

beforeAll(async () => {
  const ring = inject('stack');
  const made = await temporaryFolder('compiled');
  ends.unshift(made.remove);
  folder = made.path;
  launcher = await buildProgram(join(folder, 'program'));
  engine = await startEngine(join(folder, 'stack'), ring);
  ends.unshift(engine.stop);
  const clickhouse = { ...engine.stack.clickhouse, password: DOCUMENTED_PASSWORD };
  statements = connectClickHouse(clickhouse);
  ends.unshift(() => statements.close());
  const project = await projectFolder(await exampleProject());
  ends.unshift(project.remove);
  variables = {
    ...testVariables({ ...ring, clickhouse }),
    DAYBOOK_PROJECT: project.dir,
    DAYBOOK_S3_COLLECTION: 'daybook_store',
    LOG_FORMAT: 'json',
  };
  await uploadDemo(ring);
});

afterAll(async () => {
  for (const end of ends) await end();
});

/** The engine with the compose file's user and collection, for this project. */
async function startEngine(dir: string, { s3 }: Stack): Promise<StartedStack> {
  const { configs } = readCompose({
    ...{ CLICKHOUSE_PASSWORD: DOCUMENTED_PASSWORD, POSTGRES_PASSWORD: 'of-a-test' },
    ...{ S3_ACCESS_KEY: s3.accessKeyId, S3_SECRET_KEY: s3.secretAccessKey, PROJECT_NAME: PROJECT },
  });
  const secrets: Record<string, string> = {
    DAYBOOK_USER_PASSWORD: DOCUMENTED_PASSWORD,
    STORE_ACCESS_KEY: s3.accessKeyId,
    STORE_SECRET_KEY: s3.secretAccessKey,
  };
  const filled = (name: string) =>
    (configs[name]?.content ?? '').replaceAll(
      /<(\w+) from_env="(\w+)"\/>/g,
      (_: string, tag: string, variable: string) => `<${tag}>${secrets[variable] ?? ''}</${tag}>`,
    );
  const path = join(dir, 'clickhouse', 'config.d');
  await mkdir(path, { recursive: true });
  const users = join(path, '..', 'documented-users.xml');
  await writeFile(
    users,
    filled('clickhouse-user').replace(
      '<users>',
      `<profiles><default/></profiles><quotas><default/></quotas><users>${STARTER}`,
    ),
  );
  await writeFile(join(path, 'user.xml'), `<clickhouse><users_config>${users}</users_config></clickhouse>`);
  await writeFile(join(path, 'store.xml'), filled('clickhouse-store'));
  return await startStack({ dir, env: readEnv(processVariables()), only: ['clickhouse'] });
}

async function exampleProject(): Promise<ProjectFiles> {
  const config = repositoryText('daybook.config.ts')
    .replace("project: 'shop'", `project: '${PROJECT}'`)
    .replace("bucket: 'shop-data'", `bucket: '${BUCKET}'`)
    .replace('sources: {', "giveUpAfter: '2 minutes',\n  sources: {");
  return { ...(await sqlFilesOf(fileURLToPath(new URL('../..', import.meta.url)))), 'daybook.config.ts': config };
}

async function uploadDemo({ s3 }: Stack): Promise<void> {
  quietenSdk();
  const client = new S3Client({
    endpoint: s3.endpoint,
    region: s3.region,
    forcePathStyle: true,
    credentials: { accessKeyId: s3.accessKeyId, secretAccessKey: s3.secretAccessKey },
  });
  await client.send(new CreateBucketCommand({ Bucket: BUCKET }));
  for (const { key, body } of (await demoObjects()).filter(({ act }) => act === 1))
    await client.send(new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: body }));
  client.destroy();
}

/** The queries under "What to alert on". */
const documentedQueries = (): string[] => {
  const [, alerts = ''] = repositoryText('docs/production.md').split('## What to alert on');
  const [, sql = ''] = /```sql\n([^]*?)```/.exec(alerts) ?? [];
  return sql.split(/;\n/).filter((statement) => statement.includes('SELECT'));
};

const daybook = (...args: string[]) =>
  execa(process.execPath, [launcher, ...args], { env: variables, extendEnv: false, cwd: folder, reject: false });

test('compiled code imports no package but those of a production install', async () => {
  // The local stack and the demo are for a clone; their commands import them only when they are called.
  const { modules, packages } = await reachable(
    dirname(dirname(launcher)),
    'src/cli/main.js',
    /^src\/cli\/(local\/index|demo\/command)\.js$/,
  );
  expect(modules).toContain('activities/normalize/index.js');
  expect(packages).toContain('@temporalio/worker');
  expect(packages.filter((name) => !productionPackages().includes(name))).toEqual([]);
});

test('the compiled worker publishes the example with the documented rights, reports healthy, and exits on SIGTERM', async () => {
  const applied = await daybook('apply');
  expect(applied.stderr).toBe('');
  expect(applied.stdout).toContain('created analytics.events');
  expect((await daybook('health')).exitCode).toBe(1);

  const worker = execa(process.execPath, [launcher, 'worker'], { env: variables, extendEnv: false, reject: false });
  ends.unshift(() => Promise.resolve(worker.kill('SIGKILL')));
  await expect
    .poll(async () => (await daybook('health')).stdout, { timeout: 30_000 })
    .toContain(`${worker.pid ?? ''}@${hostname()} polls`);
  for (const day of demoDays()) {
    const { stdout, stderr, exitCode } = await daybook('run', '--day', day);
    expect({ day, exitCode, stderr, last: stdout.split('\n').at(-1) }).toEqual({
      day,
      exitCode: 0,
      stderr: '',
      last: `${day} published`,
    });
  }
  worker.kill('SIGTERM');
  const { exitCode, stderr } = await worker;
  expect(exitCode).toBe(0);
  expect(stderr).toContain('stopping');
  // The server lists a worker for minutes after its end.
  expect((await daybook('health')).exitCode, 'the only worker has ended').toBe(1);
});

test('a contract changes with the documented rights; dropping what readers have needs one more right, and says so', async () => {
  const change = async (path: string, before: string, after: string) => {
    const file = join(variables['DAYBOOK_PROJECT'] ?? '', path);
    const text = await readFile(file, 'utf8');
    expect(text).toContain(before);
    await writeFile(file, text.replace(before, after));
  };
  const contract = 'sql/raw/orders.sql';
  await change(contract, '    _source ', '    weight   Nullable(UInt16),\n    _source ');
  expect((await daybook('apply')).stdout).toContain('altered analytics.raw_orders');
  await change(contract, 'Nullable(UInt16)', 'UInt32');
  await change(contract, '    _source ', '    colour   String,\n    _source ');
  const again = await daybook('apply');
  expect(again.stderr).toBe('');
  expect(again.stdout).toContain('DROP COLUMN `weight`;');
  expect((await daybook('apply')).stdout).toBe('Everything matches the project.');

  const model = 'sql/aggregates/daily_sales.sql';
  await change(model, 'revenue ', "note String DEFAULT '',\n    revenue ");
  expect((await daybook('apply')).exitCode).toBe(0);
  await change(model, "note String DEFAULT '',\n    ", '');
  const denied = await daybook('apply', '--allow-loss', 'daily_sales');
  expect(denied.exitCode).toBe(1);
  expect(denied.stderr).toMatch(/ALTER DROP COLUMN.*daily_sales/);
});

test('readers find every row, and the documented alerts are silent', async () => {
  const rows = await statements.rows<{ day: string; rows: string }>({
    sql: 'SELECT day, count() AS rows FROM analytics.events GROUP BY day ORDER BY day',
  });
  const expected = Object.entries(demoTotals(1).days).map(([day, { rows: count }]) => ({ day, rows: String(count) }));
  expect(rows).toEqual(expected);

  const [behind = '', intents = '', rejects = ''] = documentedQueries().map((sql) =>
    sql.replaceAll("'shop'", `'${PROJECT}'`),
  );
  const lastDay = Date.parse(demoDays().at(-1) ?? '');
  const [lag] = await statements.rows<{ days_behind: string }>({ sql: behind });
  expect(Math.abs(Number(lag?.days_behind) - (Date.now() - lastDay) / DAY)).toBeLessThan(2);
  expect(await statements.rows({ sql: intents })).toEqual([]);
  await statements.rows({ sql: rejects });
});

test("Daybook's user may kill its own statements, and change nothing that is not Daybook's", async () => {
  const slow = { sql: 'SELECT sleepEachRow(1) FROM numbers(60) SETTINGS max_block_size = 1' };
  const running = statements.rows(slow, { handle: 'documented/slow' }).catch((error: unknown) => error);
  await expect.poll(() => statements.endQueries('documented/')).toBe(1);
  expect(await running).toBeInstanceOf(Error);
  for (const sql of [
    'CREATE DATABASE other',
    'DROP TABLE analytics.events',
    'TRUNCATE TABLE analytics.events',
    'DROP TABLE daybook.publishes',
    'TRUNCATE TABLE daybook.builds',
    'ALTER TABLE daybook.builds DELETE WHERE 1',
    'SELECT * FROM system.users',
  ])
    await expect(statements.run({ sql }), sql).rejects.toThrow('497');
});
