import { gzipSync } from 'node:zlib';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { apply } from '../../src/cli/apply/index.js';
import { connectClickHouse, type ClickHouse } from '../../src/clickhouse/client.js';
import { checkFolders } from '../../src/plan/check-folders.js';
import { checkProject } from '../../src/project/check.js';
import { readProject } from '../../src/project/load.js';
import type { Problem } from '../../src/project/project.js';
import { inspectSchema } from '../../src/project/schema/schema.js';
import { addDays, dayIn } from '../../src/shared/day.js';
import { openDays, type DayProject } from '../support/day.js';
import { ownProject } from '../support/own-project.js';
import { lines, payment, PAYMENTS, PAYMENTS_CONFIG } from '../support/payments.js';
import { RIGHT, type ProjectFiles } from '../support/project.js';

let clickhouse: ClickHouse;

beforeAll(() => {
  clickhouse = connectClickHouse(inject('stack').clickhouse);
});
afterAll(() => clickhouse.close());

/** Problems of the right project with one part of one file replaced. */
async function problemsAfter(path: string, from: string | RegExp, to: string): Promise<Problem[]> {
  const config = 'daybook.config.ts';
  const right: ProjectFiles = { ...RIGHT, [config]: (RIGHT[config] ?? '').replace("'shop'", "'warned'") };
  const files = { ...right, [path]: (right[path] ?? '').replace(from, () => to) };
  const { project, problems } = await readProject(await ownProject(files));
  if (!project) throw new Error(JSON.stringify(problems));
  return [...problems, ...(await inspectSchema(project, clickhouse)).problems];
}

const MODEL = 'sql/aggregates/daily_sales.sql';
const NORMALIZED = 'sql/normalized/events.sql';

test('the right project gives no warning', async () => {
  expect(await problemsAfter(MODEL, '', '')).toEqual([]);
});

test.each([
  ['any(amount)', 'calls any(), whose result depends on the order of the rows'],
  ['anyLastIf(amount, amount > 0)', 'calls anyLastIf(), whose result depends on the order'],
  ['length(groupArray(amount))', 'calls groupArray(), whose result depends on the order'],
])('a model that gives %s is a warning with its line', async (expression, what) => {
  const [problem, ...others] = await problemsAfter(MODEL, 'sum(amount) AS', `\n  ${expression} AS`);
  expect(others).toEqual([]);
  expect(problem).toMatchObject({ severity: 'warning', where: `${MODEL}:7` });
  expect(problem?.what).toContain(what);
});

test('a list that is sorted, and a LIMIT with an order, are none; a LIMIT without one is', async () => {
  expect(await problemsAfter(MODEL, 'sum(amount) AS', 'length(arraySort(groupArray(amount))) AS')).toEqual([]);
  expect(await problemsAfter(MODEL, 'GROUP BY day, country', 'GROUP BY day, country ORDER BY country LIMIT 3')).toEqual(
    [],
  );
  expect(await problemsAfter(MODEL, 'GROUP BY day, country', 'GROUP BY day, country\nLIMIT 3')).toMatchObject([
    {
      severity: 'warning',
      where: `${MODEL}:7`,
      what: expect.stringContaining('has a LIMIT without an ORDER BY') as string,
    },
  ]);
});

const ONE_A_DAY = 'SELECT DISTINCT ON (day) day, country, amount, 1 AS orders FROM events WHERE day = {day:Date}';

test.each([
  ['an OFFSET', 'GROUP BY day, country', (order: string) => `GROUP BY day, country ${order} OFFSET 1`],
  ['a DISTINCT ON', /SELECT.*/, (order: string) => `${ONE_A_DAY} ${order}`],
] as const)('%s without an order is a warning, as a LIMIT is', async (what, from, to) => {
  expect(await problemsAfter(MODEL, from, to('ORDER BY country'))).toEqual([]);
  expect(await problemsAfter(MODEL, from, to(''))).toMatchObject([
    { severity: 'warning', what: expect.stringContaining(`has ${what} without an ORDER BY`) as string },
  ]);
});

test('a UNION whose SELECTs name the same columns in another order is a warning, also within a subquery', async () => {
  const from = (union: string) =>
    problemsAfter(MODEL, /sum.*FROM events/, `sum(amount - cost) AS amount, count() AS orders FROM (\n  ${union}\n)`);
  const first = 'SELECT day, country, 1 AS cost, amount FROM events UNION ALL SELECT day, country';
  expect(await from(`${first}, 2 AS cost, amount FROM events`)).toEqual([]);
  expect(await from(`${first}, 2, amount AS other FROM events`)).toEqual([]);
  expect(await from(`${first}, amount, 2 AS cost FROM events`)).toMatchObject([
    {
      severity: 'warning',
      where: `${MODEL}:7`,
      what: 'combines SELECTs of which one returns amount where the first returns cost: columns are matched by position',
    },
  ]);
});

test('a function that is not deterministic is reported with its line', async () => {
  expect(
    await problemsAfter(NORMALIZED, 'event_id, ts,', "\n  event_id, now64(3, 'Europe/Berlin') AS ts,"),
  ).toMatchObject([
    {
      severity: 'warning',
      where: `${NORMALIZED}:9`,
      what: 'calls now64(), so that a rebuilt day may differ from the first',
    },
  ]);
});

test.each([
  ["toDate(toTimeZone(ts, 'UTC'))", 'cuts days of a time in UTC'],
  ["CAST(toTimeZone(ts, 'UTC') AS Date)", 'cuts days of a time in UTC'],
  ["toTimeZone(ts, 'UTC')::Nullable(Date)", 'cuts days of a time in UTC'],
  ["toStartOfDay(toTimeZone(ts, 'UTC'))", 'cuts days of a time in UTC'],
  ["dateTrunc('day', ts, 'Asia/Tokyo')", 'cuts days of a time in Asia/Tokyo'],
  ['toStartOfDay(ts)', undefined],
  ['toDate(ts)::Date', undefined],
  ["toDate(ts, 'Europe/Berlin')", undefined],
  ["toDate(toTimeZone(ts, 'Europe/Vienna'))", undefined],
])('a day that is %s: %s', async (expression, what) => {
  const problems = await problemsAfter(NORMALIZED, 'toDate(ts)', expression);
  if (what === undefined) expect(problems).toEqual([]);
  else {
    expect(problems).toMatchObject([{ severity: 'warning', where: `${NORMALIZED}:8` }]);
    expect(problems[0]?.what).toBe(`${what}, but the project's zone is Europe/Berlin`);
    expect(problems[0]?.fix).toBe("Write toDate(…, 'Europe/Berlin'), or declare the column with that zone.");
  }
});

test('a column of another time zone is reported by name', async () => {
  expect(await problemsAfter('sql/raw/events.sql', "'Europe/Berlin'", "'UTC'")).toEqual([
    {
      severity: 'warning',
      where: `${NORMALIZED}:8`,
      what: "cuts days of ts in UTC, but the project's zone is Europe/Berlin",
      fix: "Write toDate(ts, 'Europe/Berlin'), or declare the column with that zone.",
    },
  ]);
});

test('a value with a fraction for a column of whole numbers is a warning, an aggregate state an error', async () => {
  expect(await problemsAfter(MODEL, 'count() AS orders', '2.7 AS orders')).toMatchObject([
    {
      severity: 'warning',
      where: `${MODEL}:6`,
      what: 'returns orders as Float64, but its column is UInt64: a value with a fraction fails the build',
    },
  ]);
  expect(await problemsAfter(MODEL, 'count() AS orders', 'countState() AS orders')).toMatchObject([
    {
      severity: 'error',
      what: expect.stringMatching(/^returns orders as AggregateFunction\(count\), an aggregate state/) as string,
    },
  ]);
});

describe('what only services know', () => {
  let project: DayProject;
  const yesterday = addDays(dayIn('UTC', new Date()), -1);

  beforeAll(async () => {
    project = await openDays(inject('stack'), PAYMENTS, PAYMENTS_CONFIG, { worker: false });
  });
  afterAll(() => project.close());

  const folderProblems = async () => {
    const { dependencies, store } = project.app;
    return await checkFolders(await dependencies.loadProject(), store, new Date());
  };

  test('a marker that no folder has, names of unfinished objects and the log of a table above are warnings', async () => {
    await project.configure({}, { ready: { marker: '_DONE' } });
    expect(await folderProblems()).toEqual([]);
    await project.put(`raw/${yesterday}/a.json`, lines(payment(yesterday, 'a')));
    await project.put(`raw/${yesterday}/b.json.tmp`, 'half');
    await project.put('raw/_delta_log/0.json', '{}');
    expect((await folderProblems()).map(({ where, what }) => `${where}: ${what}`)).toEqual([
      `sources.events.ready.marker: found 1 folder with data in the last 3 days, but no marker: looked for raw/${yesterday}/_DONE`,
      `sources.events.prefix: found 1 object named as if not finished, first raw/${yesterday}/b.json.tmp: they are not read`,
      'sources.events.prefix: raw/_delta_log/ is the log of a table, which Daybook does not read: files that the log has removed or replaced are loaded, too',
    ]);
    await project.put(`raw/${yesterday}/_DONE`, '');
    expect((await folderProblems()).map(({ where }) => where)).toEqual([
      'sources.events.prefix',
      'sources.events.prefix',
    ]);
    await project.configure({}, {});
  });

  test('an object with a Content-Encoding, and objects in an archive storage class, are warnings', async () => {
    const key = `raw/${yesterday}/z.json.gz`;
    const { endpoint, region, accessKeyId, secretAccessKey } = inject('stack').s3;
    const s3 = new S3Client({ endpoint, region, forcePathStyle: true, credentials: { accessKeyId, secretAccessKey } });
    const Body = gzipSync(lines(payment(yesterday, 'z')));
    await s3.send(new PutObjectCommand({ Bucket: project.bucket, Key: key, Body, ContentEncoding: 'gzip' }));
    s3.destroy();
    const { dependencies, store } = project.app;
    // No store of this machine has storage classes.
    const archiving: typeof store = {
      ...store,
      list: async (...asked) => (await store.list(...asked)).map((one) => ({ ...one, storageClass: 'DEEP_ARCHIVE' })),
    };
    const problems = await checkFolders(await dependencies.loadProject(), archiving, new Date());
    expect(problems.map(({ what }) => what).slice(-2)).toEqual([
      expect.stringMatching(/^found \d objects? in an archive storage class, first raw.* \(DEEP_ARCHIVE\)/),
      expect.stringContaining(`${key} has Content-Encoding gzip`),
    ]);
    await project.app.store.remove(project.bucket, [key]);
  });

  test('a materialized view on a published table is a warning', async () => {
    const name = `${project.database}.fed`;
    await project.admin.run({
      sql: `CREATE MATERIALIZED VIEW ${name} ENGINE = MergeTree ORDER BY tuple() AS SELECT day, count() AS n FROM ${project.database}.events GROUP BY day`,
    });
    const { clickhouse: engine, store } = project.app;
    const problems = await checkProject(project.app.project.dir, {
      ...{ clickhouse: engine, store, localStack: true, named: () => undefined },
      folders: () => Promise.resolve([]),
      engineStore: () => Promise.resolve([]),
      otherProject: () => Promise.resolve(undefined),
      missingSearchAttributes: () => Promise.resolve([]),
      chosen: false,
    });
    await project.admin.run({ sql: `DROP TABLE ${name}` });
    expect(problems.filter(({ where }) => where === NORMALIZED)).toMatchObject([
      {
        severity: 'warning',
        what: expect.stringContaining(
          `the materialized view ${name} reads events, but gets none of its rows`,
        ) as string,
      },
    ]);
  });
});

test('a filter on day that an alias hides counts both days, and only that model has a warning', async () => {
  const model = (name: string, filter: string) => `-- lookback: 1 day
CREATE TABLE ${name} (day Date, n UInt64) ENGINE = MergeTree PARTITION BY day ORDER BY day;
SELECT {day:Date} AS day, count() AS n FROM events WHERE ${filter};`;
  const files = {
    ...PAYMENTS,
    'sql/aggregates/hidden.sql': model('hidden', 'day = {day:Date}'),
    'sql/aggregates/meant.sql': model('meant', 'events.day = {day:Date}'),
  };
  const days = ['2026-05-01', '2026-05-02'];
  const project = await openDays(inject('stack'), files, PAYMENTS_CONFIG, { worker: false });
  try {
    const { problems } = await inspectSchema(project.app.project, project.app.clickhouse);
    expect(problems.map(({ severity, where }) => ({ severity, where }))).toEqual([
      { severity: 'warning', where: 'sql/aggregates/hidden.sql:3' },
    ]);
    for (const day of days) {
      await project.put(`raw/${day}/a.json`, lines(payment(day, 'a'), payment(day, 'b')));
      await project.publish(day);
    }
    const counts = (table: string) => project.rows(`SELECT n FROM ${table} ORDER BY day`);
    expect(await counts('meant')).toEqual([{ n: '2' }, { n: '2' }]);
    expect(await counts('hidden')).toEqual([{ n: '2' }, { n: '4' }]);
  } finally {
    await project.close();
  }
});

test('a type that the CREATE TABLE itself allows is built and published', async () => {
  const files = Object.fromEntries(
    Object.entries(PAYMENTS).map(([path, sql]) => [
      path,
      path === 'sql/aggregates/daily_amounts.sql'
        ? sql
            .replace('events UInt32', 'events LowCardinality(UInt32)')
            .replace('ORDER BY day;', 'ORDER BY day SETTINGS allow_suspicious_low_cardinality_types = 1;')
        : sql,
    ]),
  );
  const day = '2026-05-01';
  const project = await openDays(inject('stack'), files, PAYMENTS_CONFIG, { worker: false });
  try {
    await project.put(`raw/${day}/a.json`, lines(payment(day, 'a'), payment(day, 'b')));
    await project.attempt().publish(await project.build(day));
    await apply(project.app);
    expect(await project.rows('SELECT events FROM daily_amounts WHERE day = {day:Date}', { day })).toEqual([
      { events: 2 },
    ]);
  } finally {
    await project.close();
  }
});
