import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { apply } from '../../src/cli/apply.js';
import { openDays, type DayProject } from '../support/day.js';
import { openStrictProxy, type StrictProxy } from '../support/strict-proxy.js';

const DAY = '2026-07-01';
const COLUMNS = 300;

/** Types of each kind, with a value that a line may hold, and how the table shows it. */
const KINDS: [type: string, given: unknown, shown: unknown][] = [
  ['String', 'text', 'text'],
  ['Nullable(String)', null, null],
  ['LowCardinality(String)', 'few', 'few'],
  ['Int32', -7, -7],
  ['Nullable(UInt64)', 18446744073709551n, '18446744073709551'],
  ['Decimal(18, 4)', 1.5, 1.5],
  ['Nullable(Float64)', 2.5, 2.5],
  ['Date', '2026-02-28', '2026-02-28'],
  ["DateTime64(3, 'Europe/Berlin')", '2026-07-01T10:00:00.250Z', '2026-07-01 12:00:00.250'],
  ['Bool', true, true],
  ['UUID', '61f0c404-5cb3-11e7-907b-a6006ad3dba0', '61f0c404-5cb3-11e7-907b-a6006ad3dba0'],
  ["Enum8('new' = 1, 'paid' = 2)", 'paid', 'paid'],
  ['Array(String)', ['a', 'b'], ['a', 'b']],
  ['Map(String, Int64)', { k: 1 }, { k: '1' }],
  ['Tuple(a Nullable(String), b Int64)', { a: 'x', b: 2 }, { a: 'x', b: '2' }],
];
const columns = Array.from({ length: COLUMNS }, (_, index) => {
  const [type, given, shown] = KINDS[index % KINDS.length] ?? ['', null, null];
  return { name: `measurement_number_${index}`, type, given, shown };
});
const list = columns.map(({ name, type }) => `${name} ${type}`).join(',\n  ');

const SOURCE = '_source Tuple(object String, line UInt64, text String, error String)';
const FILES = {
  'sql/raw/events.sql': `CREATE TABLE raw_events (id String,\n  ${list},\n  ${SOURCE}) ENGINE = MergeTree ORDER BY tuple();`,
  'sql/normalized/events.sql': `CREATE TABLE events (day Date, id String,\n  ${list},\n  _object String, _line UInt64)
ENGINE = MergeTree PARTITION BY day ORDER BY id;
SELECT toDate('${DAY}') AS day, * FROM raw_events;`,
  'sql/aggregates/latest.sql': `CREATE TABLE latest (day Date, id String,\n  ${list})
ENGINE = MergeTree PARTITION BY day ORDER BY id;
SELECT * EXCEPT (_object, _line) FROM events WHERE day = {day:Date};`,
  'sql/tests/has_no_empty_id.sql': `SELECT * FROM latest WHERE day = {day:Date} AND id = '';`,
};

let proxy: StrictProxy;
let project: DayProject;

beforeAll(async () => {
  proxy = await openStrictProxy(inject('stack'));
  project = await openDays(
    proxy.stack,
    FILES,
    {
      timezone: 'UTC',
      sources: {
        events: { prefix: 'raw/{YYYY}-{MM}-{DD}/', arrival: { before: 0, after: 0 }, dedupeBy: ['id'], maxRejects: 1 },
      },
    },
    { worker: false },
  );
});
afterAll(async () => {
  await project.close();
  await proxy.close();
});

/** A raw line; integers beyond a double are written with all their digits. */
const line = (id: string, changed: Record<string, unknown> = {}): string =>
  JSON.stringify(
    { id, ...Object.fromEntries(columns.map(({ name, given }) => [name, given])), ...changed },
    (_, value) => (typeof value === 'bigint' ? `bigint ${value}` : (value as unknown)),
  ).replaceAll(/"bigint (\d+)"/g, '$1');

test(`a day of a contract with ${COLUMNS} columns of all kinds is published as its lines have it`, async () => {
  const broken = columns.find(({ type }) => type === 'Int32')?.name ?? '';
  const text = [line('a'), line('b'), line('a'), line('c', { [broken]: 'seven' })].join('\n');
  await project.put(`raw/${DAY}/a.json`, text);
  await project.attempt().publish(await project.build(DAY));

  const row = Object.fromEntries(columns.map(({ name, shown }) => [name, shown]));
  for (const table of ['events', 'latest'])
    expect(await project.rows(`SELECT * EXCEPT (day) FROM ${table} ORDER BY id`), table).toMatchObject([
      { id: 'a', ...row },
      { id: 'b', ...row },
    ]);
  const chunks = [...(await project.manifests(DAY)).values()].map(({ chunk, normalizer }) => ({
    id: chunk,
    normalizer,
  }));
  expect(await project.app.ledger.rejectsOf('events', DAY, chunks, 10)).toMatchObject([
    { line: 4, reason: `${broken}: 'seven' does not fit Int32` },
  ]);
  expect(await project.attempt().verify({ first: DAY, last: DAY })).toMatchObject({ tables: 2, found: 0 });
  await apply(project.app);
  expect(proxy.refused).toEqual([]);
});
