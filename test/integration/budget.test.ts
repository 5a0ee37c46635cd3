import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { addDays } from '../../src/shared/day.js';
import { grouped } from '../../src/shared/grouped.js';
import { openCountingProxies, type Counted, type CountingProxies } from '../support/counting-proxy.js';
import { openDays, type DayProject } from '../support/day.js';
import { keyOf, lines, payment, PAYMENTS } from '../support/payments.js';

/* What a day costs in requests. Counts are exact on any machine, where clocks are not. */

/** A source and three models, one of which looks back six days. */
const FILES = {
  ...PAYMENTS,
  'sql/aggregates/weekly.sql': `-- lookback: 6 days
CREATE TABLE weekly (day Date, days UInt8, amount Decimal(18, 2)) ENGINE = MergeTree PARTITION BY day ORDER BY day;
SELECT {day:Date} AS day, uniqExact(events.day) AS days, sum(amount) AS amount FROM events;`,
};

const MOST_UNCHANGED = 8;
const TABLES = 4;
const MOST_BUILT = 15 + 9 * TABLES;

const DAY = '2026-05-08';
const EARLIER = Array.from({ length: 6 }, (_, index) => addDays(DAY, index - 6));
const FOLDERS = [addDays(DAY, -1), DAY, addDays(DAY, 1)];

let proxies: CountingProxies;
let project: DayProject;

beforeAll(async () => {
  proxies = await openCountingProxies(inject('stack'));
  project = await openDays(proxies.stack, FILES, {
    timezone: 'UTC',
    start: EARLIER[0],
    sources: { events: { prefix: 'raw/{YYYY}-{MM}-{DD}/', dedupeBy: ['id'] } },
  });
  for (const day of [...EARLIER, DAY]) await project.put(keyOf(day, 'a'), lines(payment(day, `${day} one`)));
  for (const day of EARLIER) await project.run(day);
  // The first archive of a project creates their database.
  const [first = ''] = EARLIER;
  await project.put(keyOf(first, 'b'), lines(payment(first, `${first} two`)));
  await project.run(first);
});
afterAll(async () => {
  await project.close();
  await proxies.close();
});

/** The requests of a failed count, one a line, without what differs from run to run. */
const shown = ({ statements, listings }: Counted): string =>
  [...statements.map((sql) => sql.replaceAll(/_\d{8}_\d+`/g, '_DAY`').slice(0, 160)), ...listings].join('\n');

const rawListings = ({ listings }: Counted) => listings.filter((prefix) => prefix.startsWith('raw/')).sort();

const prefixes = FOLDERS.map((day) => `raw/${day}/`);

test('a built day of four tables with a lookback of six days sends at most 51 statements, and lists each folder once', async () => {
  const built = await proxies.during(() => project.run(DAY));
  expect(built.result.outcome).toBe('published');
  expect(built.statements.length, shown(built)).toBeLessThanOrEqual(MOST_BUILT);
  expect(rawListings(built)).toEqual(prefixes);
});

test('a day that is built again after new data has come costs two statements more, archives included', async () => {
  await project.put(keyOf(DAY, 'b'), lines(payment(DAY, 'two')));
  const built = await proxies.during(() => project.run(DAY));
  expect(built.result.outcome).toBe('published');
  expect(built.statements.length, shown(built)).toBeLessThanOrEqual(MOST_BUILT + 2);
  expect(rawListings(built)).toEqual(prefixes);
});

test('an unchanged day sends at most 8 statements and one listing per folder', async () => {
  const unchanged = await proxies.during(() => project.run(DAY));
  expect(unchanged.result.outcome).toBe('unchanged');
  expect(unchanged.statements.length, shown(unchanged)).toBeLessThanOrEqual(MOST_UNCHANGED);
  expect([...unchanged.listings].sort(), shown(unchanged)).toEqual(prefixes);
});

/** Ten years, eight tables, three versions each: what the ledger of a project holds that was never cleaned. */
const OLD_DAYS = 3_650;
const OLD_TABLES = 8;
const VERSIONS = 3;
const EVENTS = ['intent', 'done'];
/** Rows of a part that one entry of its primary index covers: the least that a read takes. */
const GRANULE = 8_192;
/** Granules: a statement reads up to two of each part of a table, and parts of other tests wait to be merged. */
const MOST_READ = 16;

/** Records days before the project's first one as built and published, each table three times. */
async function rememberYears(): Promise<void> {
  const day = `toDate('${EARLIER[0] ?? ''}') - 1 - number % ${OLD_DAYS} AS day`;
  const generation = `1 + intDiv(number, ${OLD_DAYS}) % ${VERSIONS} AS generation`;
  const table = `concat('table_', toString(intDiv(number, ${OLD_DAYS * VERSIONS}))) AS table`;
  const project_ = `'${project.name}' AS project`;
  const fill = (into: string, columns: string, count: number) =>
    project.admin.run({ sql: `INSERT INTO daybook.${into} SELECT ${columns} FROM numbers(${count})` });
  const each = OLD_DAYS * VERSIONS;
  for (const event of ['planned', 'published'])
    await fill('builds (project, day, generation, event)', `${project_}, ${day}, ${generation}, '${event}'`, each);
  for (const event of EVENTS)
    await fill(
      'publishes (project, day, generation, table, event, rows)',
      `${project_}, ${day}, ${generation}, ${table}, '${event}', 10`,
      each * OLD_TABLES,
    );
  await fill(
    'accounts (project, account, day, generation, source, rows, loaded)',
    `${project_}, 'day', ${day}, ${generation}, ${table}, 10, 10`,
    each * OLD_TABLES,
  );
  await fill(
    'chunks (project, source, folder, chunk, normalizer)',
    `${project_}, 'events', ${day.replace('AS day', 'AS folder')}, hex(MD5(toString(number))), hex(MD5('n'))`,
    each,
  );
}

/** The rows that each statement of the project has read from the ledger so far, the most first, with the statement. */
async function readFromLedger(): Promise<{ rows: number; sql: string }[]> {
  await project.admin.run({ sql: 'SYSTEM FLUSH LOGS query_log' });
  const found = await project.rows<{ rows: string; sql: string }>(
    `SELECT read_rows AS rows, query AS sql FROM system.query_log
     WHERE type = 'QueryFinish' AND query_kind = 'Select' AND position(query, {name:String}) > 0
       AND arrayExists(t -> startsWith(t, 'daybook.'), tables)
     ORDER BY rows DESC, event_time_microseconds`,
    { name: `'${project.name}'` },
  );
  return found.map(({ rows, sql }) => ({ rows: Number(rows), sql }));
}

test('ten years of days in the ledger cost a day nothing: a statement reads the parts of a table where its day is', async () => {
  await rememberYears();
  const before = (await readFromLedger()).length;
  await project.put(keyOf(DAY, 'c'), lines(payment(DAY, 'three')));
  expect((await project.run(DAY)).outcome).toBe('published');
  expect((await project.run(DAY)).outcome).toBe('unchanged');
  const reads = await readFromLedger();
  expect(reads.length).toBeGreaterThan(before);
  // Far below the records of publishes, which a read without the key would scan.
  expect(MOST_READ * GRANULE).toBeLessThan(OLD_DAYS * OLD_TABLES * VERSIONS * EVENTS.length);
  expect(reads[0]?.rows, reads[0]?.sql).toBeLessThan(MOST_READ * GRANULE);
});

/** A day of more objects than its plan names, cut into several chunks. */
const SMALL = addDays(DAY, 1);
const OBJECTS = 1_002;
const CHUNKS = Math.ceil(OBJECTS / 1_000);
/** The lines of a chunk, their fates, its accounts and its record. */
const STATEMENTS_PER_CHUNK = 4;

test('of a plan of many objects each chunk reads its own part, once, and no other activity reads any of it', async () => {
  const keys = Array.from({ length: OBJECTS }, (_, index) => keyOf(SMALL, String(index).padStart(4, '0')));
  for (const group of grouped(keys, 64))
    await Promise.all(group.map((key) => project.put(key, lines(payment(SMALL, key)))));
  const built = await proxies.during(() => project.run(SMALL));
  expect(built.result).toMatchObject({ outcome: 'published', normalized: { chunks: CHUNKS, rows: OBJECTS } });
  const [plan, ...parts] = built.plans;
  expect(plan?.text).not.toContain(keys[0]);
  const named = parts.map(({ text }) => (JSON.parse(text) as { key: string }[]).map(({ key }) => key));
  expect(named.map(({ length }) => length).sort((a, b) => b - a)).toEqual([1_000, 2]);
  expect(named.flat().sort()).toEqual(keys);
  expect(built.statements.length, shown(built)).toBeLessThanOrEqual(MOST_BUILT + (CHUNKS - 1) * STATEMENTS_PER_CHUNK);
  expect(new Set(rawListings(built)).size, shown(built)).toBe(FOLDERS.length);
});
