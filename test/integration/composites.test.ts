import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { objectTable } from '../../src/clickhouse/object-table.js';
import { engineBucket } from '../../src/step/engine-bucket.js';
import { openDays, type DayProject } from '../support/day.js';

const CONTRACT = `id String, ts DateTime64(3, 'UTC'), numbers Array(Nullable(Int64)), small Array(Nullable(UInt8)),
  counts Map(String, Nullable(Int64)), labels Array(Nullable(String)), days Array(Nullable(String)),
  pair Tuple(a Nullable(Int64), b Nullable(String))`;

const TABLE = `day Date, id String, numbers Array(UInt8), small Array(Nullable(UInt8)), counts Map(String, UInt8),
  labels Array(String), days Array(Date), pair Tuple(b Nullable(String), a Nullable(UInt8))`;

const filesOf = (source: string) => ({
  [`sql/raw/${source}.sql`]: `
CREATE TABLE raw_${source} (${CONTRACT}, _source Tuple(object String, line UInt64, text String, error String))
ENGINE = MergeTree ORDER BY tuple();`,
  [`sql/normalized/${source}.sql`]: `
CREATE TABLE ${source} (${TABLE}) ENGINE = MergeTree PARTITION BY day ORDER BY id;
SELECT toDate(ts) AS day, * EXCEPT (ts) FROM raw_${source};`,
});

const DAY = '2026-11-05';
const SOURCES = ['events', 'files'] as const;

let project: DayProject;

beforeAll(async () => {
  const source = (name: string, format: string) => ({
    prefix: `raw/${name}/{YYYY}-{MM}-{DD}/`,
    arrival: { before: 0, after: 0 },
    maxRejects: 1000,
    format,
  });
  project = await openDays(
    inject('stack'),
    { ...filesOf('events'), ...filesOf('files') },
    { timezone: 'UTC', sources: { events: source('events', 'ndjson'), files: source('files', 'parquet') } },
    { worker: false },
  );
});
afterAll(() => project.close());

const PARTS = {
  numbers: [1, 255],
  small: [null, 7],
  counts: { a: 7 },
  labels: ['a'],
  days: ['2026-02-28'],
  pair: { a: 7, b: 'x' },
};

const WHOLE = { ...PARTS, ts: `${DAY}T12:00:00.000Z` };

const ROWS = [
  { ...WHOLE, id: 'whole' },
  { ...WHOLE, id: 'numbers', numbers: [300, -1] },
  { ...WHOLE, id: 'null number', numbers: [null] },
  { ...WHOLE, id: 'small', small: [300] },
  { ...WHOLE, id: 'counts', counts: { a: 70000 } },
  { ...WHOLE, id: 'labels', labels: ['a', null] },
  { ...WHOLE, id: 'days', days: ['2026-02-30'] },
  { ...WHOLE, id: 'pair', pair: { a: 300, b: 'x' } },
  // So many days after the folder's that a day of two bytes wraps around into it.
  { ...WHOLE, id: 'far', ts: '2206-04-12T12:00:00.000Z' },
];

test('a part of a list, map or tuple that does not fit its column rejects its row, from lines and from Parquet alike', async () => {
  const { store, clickhouse } = project.app;
  const lines = ROWS.map((row) => JSON.stringify(row)).join('\n');
  await project.put(`raw/events/${DAY}/a.json`, lines);
  const wide = CONTRACT.replace('small Array(Nullable(UInt8))', 'small Array(Nullable(Int64))');
  const target = objectTable(
    await engineBucket({ store }, project.bucket),
    [`raw/files/${DAY}/a.parquet`],
    'Parquet',
    wide,
    'to',
  );
  await clickhouse.run({
    sql: `INSERT INTO FUNCTION ${target.sql} SELECT * FROM format(JSONEachRow, {wide:String}, {lines:String})`,
    params: { ...target.params, wide, lines },
    settings: { date_time_input_format: 'best_effort' },
  });
  await project.attempt().publish(await project.build(DAY));

  for (const source of SOURCES) {
    expect(await project.rows(`SELECT * EXCEPT day FROM ${source}`), source).toEqual([{ id: 'whole', ...PARTS }]);
    const rejects = await project.rows<{ line: string; reason: string }>(
      `SELECT line, any(reason) AS reason FROM daybook.rejected_rows
       WHERE project = {project:String} AND source = {source:String} GROUP BY line ORDER BY line`,
      { project: project.name, source },
    );
    expect(
      rejects.map(({ line, reason }) => [ROWS[Number(line) - 1]?.id, reason.replaceAll('"', '')]),
      source,
    ).toEqual([
      ['numbers', "numbers[0]: '300' does not fit UInt8"],
      ['null number', 'numbers[0]: missing, expected UInt8'],
      ['small', "small[0]: '300' does not fit Nullable(UInt8)"],
      ['counts', "counts['a']: '70000' does not fit UInt8"],
      ['labels', 'labels[1]: missing, expected String'],
      ['days', "days[0]: '2026-02-30' does not fit Date"],
      ['pair', "pair.a: '300' does not fit Nullable(UInt8)"],
      ['far', `day 2149-06-06 or later is outside of what folder ${DAY} may hold: ${DAY} to ${DAY}`],
    ]);
  }
});
