import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { objectTable } from '../../src/clickhouse/object-table.js';
import type { Dependencies } from '../../src/step/dependencies.js';
import { engineBucket } from '../../src/step/engine-bucket.js';
import { openDays, type DayProject } from '../support/day.js';
import { keyOf, lines, payment, PAYMENTS } from '../support/payments.js';

/* Lines that get lost, or are there twice, between the reader of the raw objects and the chunk. */

let project: DayProject;

beforeAll(async () => {
  project = await openDays(
    inject('stack'),
    PAYMENTS,
    { timezone: 'UTC', sources: { events: { prefix: 'raw/{YYYY}-{MM}-{DD}/', arrival: { before: 0, after: 0 } } } },
    { worker: false },
  );
});
afterAll(() => project.close());

/** Stores an object of four lines and one of two, which become one chunk. */
async function plannedChunk(day: string) {
  await project.put(keyOf(day, 'a'), lines(...['1', '2', '3', '4'].map((id) => payment(day, id))));
  await project.put(keyOf(day, 'b'), lines(...['5', '6'].map((id) => payment(day, id))));
  const { build, todo } = await project.attempt().list({ day, force: false });
  expect(todo).toBe(1);
  return build;
}

/** A world in which the normalizing statement reads something else than the raw lines. Collects what is asked. */
function reading(from: string, of = project): { world: Partial<Dependencies>; asked: string[] } {
  const { clickhouse } = of.app;
  const asked: string[] = [];
  const world: Partial<Dependencies> = {
    clickhouse: {
      ...clickhouse,
      run: (statement, options) =>
        clickhouse.run(
          statement.sql.includes('__judged')
            ? { ...statement, sql: statement.sql.replace('FROM raw_events', `FROM ${from}`) }
            : statement,
          options,
        ),
      rows: (statement, options) => {
        asked.push(statement.sql);
        return clickhouse.rows(statement, options);
      },
    },
  };
  return { world, asked };
}

const IN_A = "endsWith(_source.object, 'a.json')";
const without = (condition: string) => `(SELECT * FROM raw_events WHERE NOT (${condition}))`;
const times = (count: string) => `(SELECT * FROM raw_events ARRAY JOIN range(${count}) AS copy)`;
/** Gives each line another object or number, as expressions; the token is passed on. */
const given = (object: string, line = '_source.line', rest = ', _source.token') =>
  `(SELECT * REPLACE (CAST(tuple(${object}, ${line}, _source.text, _source.error${rest}), 'Tuple(object String, line UInt64, text String, error String${rest === '' ? '' : ', token UInt64'})') AS _source) FROM raw_events)`;
const IN_B = "replaceOne(_source.object, 'a.json', 'b.json')";
const moved = (condition: string) => given(`if(${condition}, ${IN_B}, _source.object)`);
/** Moves the last line of the first object to the end of the second, as its next line. */
const appended = (rest?: string) =>
  given(
    `if(${IN_A} AND _source.line = 4, ${IN_B}, _source.object)`,
    `if(${IN_A} AND _source.line = 4, 3, _source.line)`,
    rest,
  );
const swapped = given(`if(${IN_A}, ${IN_B}, replaceOne(_source.object, 'b.json', 'a.json'))`);

test.each([
  ['2026-04-01', 'drops the first line of an object', without(`${IN_A} AND _source.line = 1`), 'a'],
  ['2026-04-02', 'drops a line in the middle', without(`${IN_A} AND _source.line = 2`), 'a'],
  ['2026-04-03', 'drops the last line', without(`${IN_A} AND _source.line = 4`), 'a'],
  ['2026-04-04', 'drops a whole object', without(IN_A), 'a'],
  ['2026-04-05', 'doubles a line', times(`if(${IN_A} AND _source.line = 2, 2, 1)`), 'a'],
  ['2026-04-06', 'doubles the last line', times(`if(${IN_A} AND _source.line = 4, 2, 1)`), 'a'],
  [
    '2026-04-07',
    'drops a line and doubles another of the same object',
    times(`multiIf(${IN_A} AND _source.line = 2, 0, ${IN_A} AND _source.line = 3, 2, 1)`),
    'a',
  ],
  ['2026-04-08', 'gives the first line of an object to another', moved(`${IN_A} AND _source.line = 1`), 'b'],
  ['2026-04-09', 'gives the last line of an object to another', moved(`${IN_A} AND _source.line = 4`), 'b'],
  ['2026-04-10', 'gives all lines of an object to another', moved(IN_A), 'b'],
  [
    '2026-04-13',
    'drops two lines and doubles two others with the same sum',
    times(`multiIf(${IN_A} AND _source.line IN (2, 3), 0, ${IN_A}, 2, 1)`),
    'a',
  ],
  ['2026-04-14', 'makes the last line of an object the next one of another', appended(), 'a'],
  ['2026-04-15', 'does the same without the token', appended(''), 'a'],
  ['2026-04-16', 'swaps the names of two objects', swapped, 'a'],
  [
    '2026-04-17',
    'numbers the lines of an object in reverse',
    given('_source.object', `if(${IN_A}, 5 - _source.line, _source.line)`),
    'a',
  ],
])('%s: a SELECT that %s fails its chunk by name and records nothing', async (day, _, from, object) => {
  const build = await plannedChunk(day);
  const { world } = reading(from);
  await expect(project.attempt({ world }).normalize({ build, chunk: 0 })).rejects.toMatchObject({
    type: 'AccountsDiffer',
    nonRetryable: true,
    message: expect.stringContaining(`${keyOf(day, object)}: `) as string,
  });
  expect(await project.manifests(day)).toEqual(new Map());
});

test.each([
  ['2026-04-19', 'loses a line', without(`${IN_A} AND _source.line = 2`)],
  ['2026-04-20', 'names an object of another chunk', given("'raw/elsewhere.json'")],
])('%s: the failure of a SELECT that %s names its file, and what it must return', async (day, _, from) => {
  const build = await plannedChunk(day);
  const { world } = reading(from);
  await expect(project.attempt({ world }).normalize({ build, chunk: 0 })).rejects.toMatchObject({
    type: 'AccountsDiffer',
    message: expect.stringMatching(
      /The SELECT of sql\/normalized\/events\.sql must return each line once and pass _source on unchanged\. If it does, please report/,
    ) as string,
  });
});

test('a SELECT that drops rows of a Parquet object and doubles others with the same sum fails its chunk by name', async () => {
  const events = { prefix: 'raw/{YYYY}-{MM}-{DD}/', arrival: { before: 0, after: 0 }, format: 'parquet' as const };
  const parquet = await openDays(
    inject('stack'),
    PAYMENTS,
    { timezone: 'UTC', sources: { events } },
    { worker: false },
  );
  try {
    const [day, key] = ['2026-04-18', 'raw/2026-04-18/a.parquet'];
    const { store, clickhouse } = parquet.app;
    const structure = "id String, ts DateTime64(3, 'UTC'), amount Decimal(10, 2), note Nullable(String)";
    const { sql, params } = objectTable(
      await engineBucket({ store }, parquet.bucket),
      [key],
      'Parquet',
      structure,
      'raw',
    );
    const rows = `SELECT toString(number), toDateTime64('${day} 12:00:00', 3, 'UTC'), 1, NULL FROM numbers(4)`;
    await clickhouse.run({ sql: `INSERT INTO FUNCTION ${sql} ${rows}`, params });
    const { build } = await parquet.attempt().list({ day, force: false });
    const { world } = reading(times('if(_source.line IN (2, 3), 0, 2)'), parquet);
    await expect(parquet.attempt({ world }).normalize({ build, chunk: 0 })).rejects.toMatchObject({
      type: 'AccountsDiffer',
      message: expect.stringContaining(`${key}: `) as string,
    });
  } finally {
    await parquet.close();
  }
});

test('a chunk whose lines all have a fate is accounted for without reading its raw objects again', async () => {
  const day = '2026-04-11';
  const build = await plannedChunk(day);
  const { world, asked } = reading('raw_events');
  expect(await project.attempt({ world }).normalize({ build, chunk: 0 })).toMatchObject({ lines: 6, rows: 6 });
  expect(asked.filter((sql) => sql.includes('_etag'))).toEqual([]);
});

test('an object that was rewritten after it was listed fails the statement that reads it', async () => {
  const day = '2026-04-12';
  const build = await plannedChunk(day);
  await project.put(keyOf(day, 'b'), lines(...['5', '7'].map((id) => payment(day, id))));
  await expect(project.attempt().normalize({ build, chunk: 0 })).rejects.toMatchObject({
    type: 'ObjectChanged',
    message: expect.stringContaining(keyOf(day, 'b')) as string,
  });
  expect(await project.manifests(day)).toEqual(new Map());
});
