// Over 300 lines: each group is a table of wrong SQL with what is said of it.
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { connectClickHouse, type ClickHouse } from '../../src/clickhouse/client.js';
import { readProject } from '../../src/project/load.js';
import type { Problem } from '../../src/project/project.js';
import { inspectSchema, readSchema } from '../../src/project/schema/schema.js';
import { ownProject } from '../support/own-project.js';
import { RIGHT, type ProjectFiles } from '../support/project.js';
import { connectAdmin } from '../support/stack.js';

let clickhouse: ClickHouse;

beforeAll(() => {
  clickhouse = connectClickHouse(inject('stack').clickhouse);
});
afterAll(() => clickhouse.close());

/** No other file has it: what they do to the engine meanwhile is not this one's. */
const NAME = 'ruled';
const CONFIG = 'daybook.config.ts';
const OWN = { ...RIGHT, [CONFIG]: (RIGHT[CONFIG] ?? '').replace("'shop'", `'${NAME}'`) };

/** Loads the right project with some of its files changed. */
async function load(changes: ProjectFiles = {}) {
  const { project, problems } = await readProject(await ownProject({ ...OWN, ...changes }));
  if (!project || problems.length > 0) throw new Error(JSON.stringify(problems));
  return project;
}

const lines = (problems: Problem[]) => problems.map(({ severity, where, what }) => `${severity} ${where}: ${what}`);

/** Problems of the right project with one part of one file replaced. */
async function problemsAfter(path: string, from: string | RegExp, to: string, more: ProjectFiles = {}) {
  const before = RIGHT[path] ?? '';
  const after = before.replace(from, () => to);
  expect(after).not.toBe(before);
  return lines((await inspectSchema(await load({ [path]: after, ...more }), clickhouse)).problems);
}

const scratchDatabases = () =>
  clickhouse.rows({
    sql: 'SELECT name FROM system.databases WHERE startsWith(name, {prefix:String})',
    params: { prefix: `daybook_schema_${NAME}_` },
  });

test('ClickHouse says which columns each table has, which tables it reads and its level', async () => {
  const { tables, tests } = await readSchema(await load(), clickhouse);
  expect(tables.map(({ name, kind, level, inputs }) => ({ name, kind, level, inputs }))).toEqual([
    { name: 'raw_events', kind: 'raw', level: -1, inputs: [] },
    { name: 'events', kind: 'normalized', level: 0, inputs: [] },
    { name: 'daily_sales', kind: 'aggregate', level: 1, inputs: ['events'] },
  ]);
  const events = tables.find(({ name }) => name === 'events');
  expect(events?.constraints).toEqual([{ name: 'not_negative', expression: 'amount >= 0' }]);
  expect(events?.columns).toContainEqual({ name: 'loaded_at', type: "DateTime('UTC')", defaultKind: 'DEFAULT' });
  expect(events?.selected).toContainEqual({ name: 'day', type: 'Nullable(Date)', defaultKind: '' });
  expect(events?.definition).toMatch(
    /^CREATE TABLE events \(`day` Date, .* ENGINE = MergeTree PARTITION BY day ORDER BY event_id/,
  );
  expect(tests.map(({ file, inputs }) => [file.name, inputs])).toEqual([['no_empty_country', ['daily_sales']]]);
  expect(await scratchDatabases()).toEqual([]);
});

test('a schema that cannot work is one final error with every problem, and leaves no database behind', async () => {
  const project = await load({
    'sql/tests/no_empty_country.sql': 'SELECT * FROM daily_sale',
    'sql/aggregates/daily_sales.sql': (RIGHT['sql/aggregates/daily_sales.sql'] ?? '').replace(
      'sum(amount)',
      'summ(amount)',
    ),
  });
  await expect(readSchema(project, clickhouse)).rejects.toMatchObject({ type: 'BadSql', nonRetryable: true });
  const { message } = (await readSchema(project, clickhouse).catch((error: unknown) => error)) as Error;
  expect(message).toMatchInlineSnapshot(`
    "the SQL of project ruled has 2 problems:
      sql/aggregates/daily_sales.sql:6: ClickHouse rejects it: Function with name \`summ\` does not exist. Maybe you meant: ['sum']
        Correct the statement; it must run unchanged in any ClickHouse client.
      sql/tests/no_empty_country.sql:1: found the table 'daily_sale', expected one of the project: daily_sales or events
        Did you mean 'daily_sales'?"
  `);
  expect(await scratchDatabases()).toEqual([]);
});

describe('the normalizing SELECT works row by row', () => {
  const path = 'sql/normalized/events.sql';
  test.each([
    ["FROM raw_events WHERE event_id != ''", 'WHERE'],
    ["FROM raw_events PREWHERE event_id != ''", 'PREWHERE'],
    ['FROM raw_events ORDER BY ts', 'ORDER BY'],
    ['FROM raw_events LIMIT 5', 'LIMIT'],
    ['FROM raw_events LIMIT 1 BY event_id', 'LIMIT BY'],
    ['FROM raw_events OFFSET 5', 'OFFSET'],
    ['FROM raw_events ARRAY JOIN tags', 'ARRAY JOIN'],
    ['FROM raw_events AS a JOIN raw_events AS b ON a.event_id = b.event_id', 'JOIN'],
    ['FROM raw_events GROUP BY ALL', 'GROUP BY'],
    ['FROM raw_events SETTINGS max_threads = 1', 'SETTINGS'],
    ['FROM raw_events QUALIFY row_number() OVER () = 1', 'QUALIFY'],
    ['FROM (SELECT * FROM raw_events)', 'a subquery'],
  ])('%s is refused', async (from, clause) => {
    const problems = await problemsAfter(path, 'FROM raw_events', from);
    expect(problems).toContainEqual(`error ${path}: found ${clause} in the normalizing SELECT, which works row by row`);
  });

  test.each([
    ['SELECT DISTINCT', 'DISTINCT'],
    ['WITH x AS (SELECT 1 AS one) SELECT event_id IN (SELECT toString(one) FROM x) AS skip_reason2,', 'a subquery'],
    ['SELECT arrayJoin(tags) AS tag,', 'arrayJoin()'],
    ['SELECT row_number() OVER () AS n,', 'the window function row_number'],
  ])('%s is refused', async (select, clause) => {
    const problems = await problemsAfter(path, /SELECT(?= toDate)/, select);
    expect(problems).toContainEqual(`error ${path}: found ${clause} in the normalizing SELECT, which works row by row`);
  });

  test('UNION and an aggregate function are refused', async () => {
    const union = await problemsAfter(
      path,
      'FROM raw_events;',
      "FROM raw_events UNION ALL SELECT today(), '', now64(3), 0, '', _source, '' FROM raw_events;",
    );
    expect(union.join()).toContain('found UNION in');
    const aggregate = await problemsAfter(
      path,
      /SELECT toDate[^]*FROM raw_events;/,
      'SELECT any(_source) AS _source FROM raw_events;',
    );
    expect(aggregate.join()).toContain('found the aggregate function any in');
  });

  test.each([
    ["event_id = 'x'", 'Nullable(UInt8)'],
    ['amount < 0', 'Nullable(UInt8)'],
    ["toFixedString('', 3)", 'FixedString(3)'],
    ['false', 'Bool'],
    ['[event_id]', 'Array(Nullable(String))'],
  ])('a reason that is no text is refused, because a 0 or zero bytes would be one: %s', async (reason, type) => {
    for (const [name, fate] of [
      ['skip_reason', 'skipped'],
      ['reject_reason', 'rejected'],
    ]) {
      const given = `${reason} AS ${name}`;
      expect(await problemsAfter(path, /if\(event_id[^]*skip_reason/, given)).toEqual([
        `error ${path}: the SELECT returns ${name} as ${type}, expected a String: every row whose text is not empty is ${fate}`,
      ]);
    }
  });

  test('a reason may be NULL, a value of an Enum, or of low cardinality', async () => {
    for (const reason of ['NULL', "CAST('' AS Enum('' = 0, 'bot' = 1))", "toLowCardinality(nullIf(event_id, 'x'))"]) {
      const given = `${reason} AS skip_reason`;
      expect(await problemsAfter(path, /if\(event_id[^]*skip_reason/, given)).toEqual([]);
    }
  });

  test.each([
    ['BFloat16', 'toBFloat16(1)', 'BFloat16'],
    ['Array(Time)', '[toTime(ts)]', 'Time'],
    ['Variant(String, UInt64)', "CAST(event_id, 'Variant(String, UInt64)')", 'Variant(String, UInt64)'],
    ['Point', "CAST((1.0, 2.0), 'Point')", 'Point'],
    ['JSON', "CAST('{}', 'JSON')", 'JSON'],
    ['Array(JSON(a String))', "[CAST('{}', 'JSON(a String)')]", 'JSON(a String)'],
    [
      'AggregateFunction(uniq, String)',
      "initializeAggregation('uniqState', event_id)",
      'AggregateFunction(uniq, String)',
    ],
  ])('a column that chunks cannot store is refused: %s', async (type, expression, said) => {
    const before = RIGHT[path] ?? '';
    const columns = before.replace(/(event_id +String,)/, `$1 more ${type},`);
    expect(columns).not.toBe(before);
    const project = await load({ [path]: columns.replace(/SELECT(?= toDate)/, `SELECT ${expression} AS more,`) });
    expect(lines((await inspectSchema(project, clickhouse)).problems)).toEqual([
      `error ${path}: found the column more of type ${said}, which normalized chunks can't store: they are Parquet`,
    ]);
  });

  test('WITH of an expression is not', async () => {
    const problems = await problemsAfter(path, /SELECT(?= toDate)/, "WITH 'test' AS internal SELECT");
    expect(problems).toEqual([]);
  });

  test('it reads its own raw table and nothing else', async () => {
    expect(await problemsAfter(path, 'FROM raw_events', 'FROM raw_event')).toMatchInlineSnapshot(`
      [
        "error sql/normalized/events.sql:10: found the table 'raw_event', expected one of the project: raw_events",
      ]
    `);
    const constants = (from: string) =>
      problemsAfter(
        path,
        /SELECT toDate[^]*/,
        `SELECT toDate(0) AS day, '' AS event_id, toDateTime64(0, 3) AS ts, 0 AS amount, '' AS country,
          ('', 0, '', '')::Tuple(object String, line UInt64, text String, error String) AS _source ${from}`,
      );
    expect(await constants('')).toMatchInlineSnapshot(`
      [
        "error sql/normalized/events.sql: reads no table, expected only raw_events",
      ]
    `);
    expect(await constants('FROM numbers(3)')).toMatchInlineSnapshot(`
      [
        "error sql/normalized/events.sql: reads numbers(), expected only raw_events",
      ]
    `);
    expect(await constants('FROM daily_sales')).toMatchInlineSnapshot(`
      [
        "error sql/normalized/events.sql: reads daily_sales, expected only raw_events",
      ]
    `);
  });

  test('its columns are those of the table, and _source', async () => {
    expect(await problemsAfter(path, 'amount, ifNull', 'amount AS amont, ifNull')).toMatchInlineSnapshot(`
      [
        "error sql/normalized/events.sql: the SELECT returns no column amount",
        "error sql/normalized/events.sql: the SELECT returns amont, which is not a column of the table",
      ]
    `);
    expect(await problemsAfter(path, ', _source,', ',')).toMatchInlineSnapshot(`
      [
        "error sql/normalized/events.sql: the SELECT does not return _source, which links rows to their raw lines",
      ]
    `);
    expect(await problemsAfter(path, ', _source,', ", _source, '' AS _object,")).toMatchInlineSnapshot(`
      [
        "error sql/normalized/events.sql: the SELECT returns _object, which the table fills itself",
      ]
    `);
  });

  test('it does not use the day', async () => {
    expect(await problemsAfter(path, 'toDate(ts) AS day', '{day:Date} AS day')).toMatchInlineSnapshot(`
      [
        "error sql/normalized/events.sql:8: uses the parameter 'day', which has no value here",
      ]
    `);
  });
});

describe('tables', () => {
  const path = 'sql/normalized/events.sql';
  test.each([
    ['day Date, event_id', 'day Date32, event_id'],
    ['PARTITION BY day', 'PARTITION BY toYYYYMM(day)'],
    ['PARTITION BY day ', ''],
    ["ts DateTime64(3, 'Europe/Berlin')", 'ts DateTime64(3)'],
    ["DateTime('UTC') DEFAULT", 'Nullable(DateTime) DEFAULT'],
    ['_line UInt64', '_line UInt32'],
    ['_line UInt64', "_line UInt64, _reason String DEFAULT ''"],
    ['_line UInt64', "_line UInt64, _path String DEFAULT ''"],
    ['unique: event_id', 'unique: event_id, country_code'],
    ['ORDER BY event_id', 'ORDER BY event_id TTL day + INTERVAL 1 YEAR'],
    ['LowCardinality(String)', 'LowCardinality(Sting)'],
  ])('%s written as %s', async (from, to) => {
    expect(await problemsAfter(path, from, to)).toMatchSnapshot();
  });

  test('a contract carries _source, and types that a JSON line can give', async () => {
    const raw = 'sql/raw/events.sql';
    expect(await problemsAfter(raw, 'text String, error String', 'text String')).toMatchInlineSnapshot(`
      [
        "error sql/raw/events.sql: found _source Tuple(object String, line UInt64, text String), expected Tuple(object String, line UInt64, text String, error String)",
      ]
    `);
    expect(await problemsAfter(raw, 'tags Array(String)', 'tags AggregateFunction(sum, UInt64)'))
      .toMatchInlineSnapshot(`
      [
        "error sql/raw/events.sql: found column tags of type AggregateFunction(sum, UInt64), which can't be read from JSON lines",
      ]
    `);
    expect(await problemsAfter(raw, "ts DateTime64(3, 'Europe/Berlin')", 'ts DateTime64(3)')).toMatchInlineSnapshot(`
      [
        "error sql/raw/events.sql: found ts DateTime64(3) without a time zone",
      ]
    `);
    expect(await problemsAfter(raw, 'tags Array(String)', "tags Array(String) DEFAULT ['a']")).toMatchInlineSnapshot(`
      [
        "error sql/raw/events.sql: found DEFAULT on column tags, which raw lines ignore",
      ]
    `);
  });

  test('a constraint reads what the SELECT gives', async () => {
    const path = 'sql/normalized/events.sql';
    const checking = (expression: string) => problemsAfter(path, 'CHECK amount >= 0', `CHECK ${expression}`);
    expect(await checking("match(country, '^_line$') OR upper(event_id) != 'loaded_at'")).toEqual([]);
    expect(await checking('amount >= 0 AND _line > 1 AND `loaded_at` < ts')).toMatchInlineSnapshot(`
      [
        "error sql/normalized/events.sql: CONSTRAINT not_negative reads _line, which the SELECT does not return: rows are checked before it is filled",
        "error sql/normalized/events.sql: CONSTRAINT not_negative reads loaded_at, which the SELECT does not return: rows are checked before it is filled",
      ]
    `);
  });

  test('dedupeBy names columns of the normalized table', async () => {
    expect(await problemsAfter('daybook.config.ts', "['event_id']", "['eventid']")).toMatchInlineSnapshot(`
      [
        "error sources.events.dedupeBy: found 'eventid', which is not a column of events",
      ]
    `);
    const by = "{ key: ['event_id'], keep: 'last', by: 'updated' }";
    expect(await problemsAfter('daybook.config.ts', "['event_id']", by)).toEqual([
      "error sources.events.dedupeBy: found 'updated', which is not a column of events",
    ]);
    expect(await problemsAfter('daybook.config.ts', "['event_id']", "['event_id', '_line']")).toEqual([]);
    expect(await problemsAfter('daybook.config.ts', "['event_id']", "['event_id', 'loaded_at']")).toEqual([
      "error sources.events.dedupeBy: found 'loaded_at', which the SELECT of sql/normalized/events.sql does not return: duplicates are removed before it is computed",
    ]);
  });

  test('a comment that names the unit of numbers names one that Daybook reads', async () => {
    const path = 'sql/raw/events.sql';
    const commented = (comment: string) =>
      problemsAfter(path, "'Europe/Berlin'),", `'Europe/Berlin') COMMENT '${comment}',`);
    expect(await commented('unit: milliseconds, from the till')).toEqual([]);
    expect(await commented('when it was paid')).toEqual([]);
    expect(await commented('unit: ms')).toEqual([
      "error sql/raw/events.sql: found the comment 'unit: ms' on ts, which is not a known unit of time",
    ]);
  });
});

describe('models', () => {
  const path = 'sql/aggregates/daily_sales.sql';
  test('their columns are those of the table, by name, in both directions', async () => {
    expect(await problemsAfter(path, 'count() AS orders', 'count() AS order')).toMatchInlineSnapshot(`
      [
        "error sql/aggregates/daily_sales.sql: the SELECT returns no column orders",
        "error sql/aggregates/daily_sales.sql: the SELECT returns order, which is not a column of the table",
      ]
    `);
  });

  test('a list, map or tuple comes in the shape that its column has', async () => {
    const giving = async (expression: string, type: string) => {
      const table = RIGHT[path]?.replace('orders UInt64)', `orders UInt64, shape ${type})`) ?? '';
      const changes = { [path]: table.replace('count() AS orders', `count() AS orders, ${expression} AS shape`) };
      return lines((await inspectSchema(await load(changes), clickhouse)).problems);
    };
    expect(await giving('arraySort(groupArray(event_id))', 'Array(UInt8)')).toEqual([]);
    expect(await giving('(count(), 7)', 'Tuple(a UInt8, b UInt8)')).toEqual([]);
    expect(await giving('[]', 'Array(Array(UInt8))')).toEqual([]);
    expect(await giving('toString(arraySort(groupArray(event_id)))', 'Array(String)')).toMatchInlineSnapshot(`
      [
        "error sql/aggregates/daily_sales.sql: the SELECT returns shape as String, expected Array(String) or a type that converts to it without loss",
      ]
    `);
    expect(await giving("CAST((1, 2), 'Tuple(a UInt8, b UInt8)')", 'Tuple(a UInt8, c UInt8)')).toMatchInlineSnapshot(`
      [
        "error sql/aggregates/daily_sales.sql: the SELECT returns shape as Tuple(a UInt8, b UInt8), expected Tuple(a UInt8, c UInt8) or a type that converts to it without loss",
      ]
    `);
    expect(await giving('[(1, 2, 3)]', 'Array(Tuple(UInt8, UInt8))')).toMatchInlineSnapshot(`
      [
        "error sql/aggregates/daily_sales.sql: the SELECT returns shape as Array(Tuple(UInt8, UInt8, UInt8)), expected Array(Tuple(UInt8, UInt8)) or a type that converts to it without loss",
      ]
    `);
  });

  test('they read tables of the project by their names alone', async () => {
    const reading = (from: string) =>
      problemsAfter(path, 'FROM events', `FROM (SELECT * FROM events UNION ALL ${from})`);
    const row =
      "toDate(0) AS day, '' AS event_id, toDateTime64(0, 3) AS ts, 0 AS amount, '' AS country, now() AS loaded_at, '' AS o, 0 AS l";
    expect(await reading(`SELECT ${row} FROM raw_events`)).toMatchInlineSnapshot(`
      [
        "error sql/aggregates/daily_sales.sql: reads raw_events, which is empty outside of normalization",
      ]
    `);
    expect(await reading(`SELECT ${row} FROM system.tables`)).toMatchInlineSnapshot(`
      [
        "error sql/aggregates/daily_sales.sql: reads system.tables, which is not one of the project's tables",
      ]
    `);
    expect(await reading(`SELECT ${row} FROM generateRandom('a UInt8')`)).toMatchInlineSnapshot(`
      [
        "error sql/aggregates/daily_sales.sql: reads from generateRandom(), whose content is not reproducible",
      ]
    `);
    expect(await reading(`SELECT ${row} FROM numbers(3)`)).toMatchInlineSnapshot(`[]`);
    const random = `FROM (SELECT * FROM events UNION ALL SELECT ${row} FROM generateRandom('a UInt8'))`;
    const config = (RIGHT['daybook.config.ts'] ?? '').replace(
      'timezone',
      "allowFunctions: ['generateRandom'], timezone",
    );
    expect(await problemsAfter(path, 'FROM events', random, { 'daybook.config.ts': config })).toEqual([]);
    expect(await problemsAfter(path, 'FROM events', 'FROM evnts')).toMatchInlineSnapshot(`
      [
        "error sql/aggregates/daily_sales.sql:6: found the table 'evnts', expected one of the project: daily_sales or events",
      ]
    `);
    expect(await problemsAfter(path, 'FROM events', 'FROM other.events')).toMatchInlineSnapshot(`
      [
        "error sql/aggregates/daily_sales.sql: ClickHouse rejects it: Database other does not exist",
      ]
    `);
    expect(await problemsAfter(path, 'FROM events', 'FROM view(SELECT * FROM events)')).toMatchInlineSnapshot(`
      [
        "error sql/aggregates/daily_sales.sql: reads from view(), whose content is not reproducible",
      ]
    `);
  });

  test('inputs are found in subqueries, CTEs and IN, and a circular dependency is reported with its path', async () => {
    const table = (name: string) =>
      `CREATE TABLE ${name} (day Date, country String) ENGINE = MergeTree PARTITION BY day ORDER BY country;`;
    const circle = await load({
      'sql/aggregates/a.sql': `${table('a')} WITH x AS (SELECT * FROM c) SELECT day, country FROM x WHERE day = {day:Date}`,
      'sql/aggregates/b.sql': `${table('b')} SELECT day, country FROM daily_sales WHERE country IN (SELECT country FROM a)`,
      'sql/aggregates/c.sql': `${table('c')} SELECT day, country FROM events WHERE (SELECT count() FROM b) > 0`,
    });
    const { schema, problems } = await inspectSchema(circle, clickhouse);
    expect(lines(problems)).toEqual(['error sql/aggregates/a.sql: has a circular dependency: a -> c -> b -> a']);
    expect(Object.fromEntries(schema.tables.map(({ name, inputs }) => [name, inputs]))).toMatchObject({
      a: ['c'],
      b: ['a', 'daily_sales'],
      c: ['b', 'events'],
    });
  });

  test('a build must not read a dictionary over one of its tables', async () => {
    const config = (RIGHT['daybook.config.ts'] ?? '').replace('timezone', "database: 'dictionaries', timezone");
    const admin = connectAdmin(inject('stack'));
    const run = (sql: string) => admin.run({ sql });
    await run('CREATE DATABASE dictionaries');
    try {
      for (const table of ['daily_sales', 'countries']) {
        await run(
          `CREATE TABLE dictionaries.${table} (country String, name String) ENGINE = MergeTree ORDER BY country`,
        );
        await run(`CREATE DICTIONARY dictionaries.of_${table} (country String, name String) PRIMARY KEY country
          SOURCE(CLICKHOUSE(DB 'dictionaries' TABLE '${table}')) LAYOUT(COMPLEX_KEY_HASHED()) LIFETIME(0)`);
      }
      const looking = (of: string) =>
        problemsAfter(
          path,
          'count() AS orders',
          `any(dictHas('dictionaries.of_${of}', tuple(country))) + count() AS orders`,
          {
            'daybook.config.ts': config,
          },
        );
      expect(await looking('countries')).toEqual([]);
      expect(await looking('daily_sales')).toMatchInlineSnapshot(`
        [
          "error sql/aggregates/daily_sales.sql: reads the dictionary dictionaries.of_daily_sales, which is loaded from the published daily_sales, not from the day that is being built",
        ]
      `);
      const normalizing = `dictGetOrDefault('dictionaries.of_daily_sales', 'name', tuple(event_id), '') AS country`;
      const normalized = 'sql/normalized/events.sql';
      const files = { 'daybook.config.ts': config };
      expect(await problemsAfter(normalized, "ifNull(user.country, '') AS country", normalizing, files))
        .toMatchInlineSnapshot(`
        [
          "warning sql/normalized/events.sql: reads the dictionary dictionaries.of_daily_sales, which is loaded from the published daily_sales, not from the day that is being built",
        ]
      `);
    } finally {
      await run('DROP DATABASE dictionaries SYNC');
      await admin.close();
    }
  });

  test('SQL that is not deterministic is a warning', async () => {
    expect(await problemsAfter(path, 'count() AS orders', 'count() + toUInt64(rand() * 0) AS orders'))
      .toMatchInlineSnapshot(`
      [
        "warning sql/aggregates/daily_sales.sql:6: calls rand(), so that a rebuilt day may differ from the first",
      ]
    `);
  });

  test('what names the stage or its parts is a warning: readers would get the name of a stage', async () => {
    const counted = (more: string) =>
      problemsAfter(path, 'count() AS orders', `count() + length(${more}) * 0 AS orders`);
    expect(await counted('currentDatabase()')).toEqual([
      `warning ${path}:6: calls currentDatabase(), so that a rebuilt day may differ from the first`,
    ]);
    expect(await counted('any(events._database)')).toEqual([
      `warning ${path}:6: reads _database, which says where ClickHouse stores a row while its day is built`,
      expect.stringContaining('calls any()'),
    ]);
  });

  test('a source of Parquet has the rules of one of JSON lines', async () => {
    expect(await problemsAfter('daybook.config.ts', 'dedupeBy', "format: 'parquet', dedupeBy")).toEqual([]);
  });

  test('a column of Parquet cannot have the name of what ClickHouse says about its place; a field of JSON lines can', async () => {
    const raw = 'sql/raw/events.sql';
    const given = { [raw]: RIGHT[raw]?.replace('_source', '_row_number UInt64, _source') ?? '' };
    expect(await problemsAfter('daybook.config.ts', 'dedupeBy', "format: 'ndjson', dedupeBy", given)).toEqual([]);
    expect(await problemsAfter('daybook.config.ts', 'dedupeBy', "format: 'parquet', dedupeBy", given)).toEqual([
      `error ${raw}: found the column _row_number, which is what ClickHouse calls the place of a row in its object`,
    ]);
  });
});

test('a ClickHouse that does not answer is not a problem of the SQL', async () => {
  const nowhere = connectClickHouse({ url: 'http://127.0.0.1:1', user: 'default', password: '' });
  await expect(inspectSchema(await load(), nowhere)).rejects.toThrow(/ECONNREFUSED/);
  await nowhere.close();
});
