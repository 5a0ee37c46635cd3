// Over 300 lines: one table lists queries with the tables that each reads.
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { connectClickHouse, type ClickHouse } from '../../src/clickhouse/client.js';
import { readProject } from '../../src/project/load.js';
import { inspectSchema } from '../../src/project/schema/schema.js';
import { plain } from '../../src/shared/sentence.js';
import { projectFolder, type ProjectFiles } from '../support/project.js';
import { connectAdmin } from '../support/stack.js';

/** A database of things that are not tables of the project: a dictionary, a view, a foreign table. */
const ELSEWHERE = `corpus_${Date.now().toString(36)}`;

/** What a query reads, or what is said against it. */
type Expected = string[] | RegExp;

const E = ['events'];
const V = ['visits'];
const EV = ['events', 'visits'];

const QUERIES: Record<string, [sql: string, expected: Expected]> = {
  // Plain, and named in every way
  plain: ['SELECT id FROM events WHERE day = {day:Date}', E],
  no_table: ['SELECT 1 AS one', []],
  backticks: ['SELECT `id` FROM `events`', E],
  double_quotes: ['SELECT "id" FROM "events"', E],
  other_case_keywords: ['select id from events', E],
  alias_of_another_table: ['SELECT visits.id FROM events AS visits', E],
  names_in_comments: ['SELECT id /* FROM visits */ FROM events -- JOIN daily', E],
  names_in_strings: ["SELECT 'SELECT * FROM visits' AS text FROM events WHERE id != 'daily'", E],
  column_named_as_a_table: ['SELECT visits FROM (SELECT id AS visits FROM events)', E],
  qualified_with_a_stranger: [
    `SELECT * FROM ${ELSEWHERE}.events`,
    /reads corpus_\w+\.events, which is not one of the project's/,
  ],
  qualified_with_nothing: ['SELECT * FROM nowhere.events', /nowhere/],
  system_table: ['SELECT name FROM system.tables', /reads system\.tables, which is not one of the project's tables/],
  raw_table: ['SELECT id FROM raw_events', /reads raw_events, which is empty outside of normalization/],
  misspelt: [
    'SELECT * FROM evnts',
    /found the table 'evnts', expected one of the project: daily, events, summary or visits/,
  ],

  // Common table expressions
  cte: ['WITH a AS (SELECT * FROM events) SELECT id FROM a', E],
  cte_of_a_cte: [
    'WITH a AS (SELECT * FROM events), b AS (SELECT id FROM a) SELECT id FROM b JOIN visits USING (id)',
    EV,
  ],
  cte_named_as_a_table: ['WITH events AS (SELECT * FROM visits) SELECT id FROM events', V],
  cte_over_its_own_name: ['WITH events AS (SELECT * FROM events WHERE day = {day:Date}) SELECT id FROM events', E],
  cte_shadowed_inside: [
    'WITH a AS (SELECT id FROM events) SELECT id FROM (WITH a AS (SELECT id FROM visits) SELECT id FROM a)',
    V,
  ],
  cte_used_twice: ['WITH a AS (SELECT id FROM events) SELECT x.id FROM a AS x JOIN a AS y ON x.id = y.id', E],
  cte_unused: ['WITH a AS (SELECT id FROM visits) SELECT id FROM events', E],
  cte_recursive: [
    'WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM t WHERE n < 3) SELECT n, id FROM t CROSS JOIN visits',
    V,
  ],
  cte_recursive_over_a_table: [
    'WITH RECURSIVE t AS (SELECT id, 1 AS n FROM events UNION ALL SELECT e.id, n + 1 FROM events AS e JOIN t ON e.id = t.id WHERE n < 2) SELECT n FROM t',
    E,
  ],
  with_of_an_expression: ['WITH (SELECT max(day) FROM visits) AS last SELECT id FROM events WHERE day = last', EV],

  // Joins
  inner_join: ['SELECT e.id FROM events AS e JOIN visits AS v ON e.id = v.id', EV],
  left_right_full: [
    'SELECT e.id FROM events AS e LEFT JOIN visits AS v USING (id) RIGHT JOIN daily AS d ON d.day = e.day',
    ['daily', 'events', 'visits'],
  ],
  comma_join: ['SELECT e.id FROM events AS e, visits AS v WHERE e.id = v.id', EV],
  cross_join: ['SELECT count() AS n FROM events CROSS JOIN visits', EV],
  asof_join: ['SELECT e.id FROM events AS e ASOF JOIN visits AS v ON e.id = v.id AND e.ts >= v.ts', EV],
  semi_anti: [
    'SELECT id FROM events SEMI LEFT JOIN visits USING (id) ANTI LEFT JOIN daily ON daily.day = events.day',
    ['daily', 'events', 'visits'],
  ],
  self_join: ['SELECT a.id FROM events AS a JOIN events AS b ON a.id = b.id AND a.day = b.day + 1', E],
  join_of_a_subquery: [
    'SELECT id FROM events JOIN (SELECT id, max(ts) AS last FROM visits GROUP BY id) AS v USING (id)',
    EV,
  ],

  // Subqueries everywhere
  in_subquery: ['SELECT id FROM events WHERE id IN (SELECT id FROM visits)', EV],
  not_in_subquery: ['SELECT id FROM events WHERE id NOT IN (SELECT id FROM visits)', EV],
  global_in: ['SELECT id FROM events WHERE id GLOBAL IN (SELECT id FROM visits)', EV],
  in_table: ['SELECT number FROM numbers(3) WHERE toDate(number) IN summary', ['summary']],
  exists: ['SELECT id FROM events WHERE EXISTS (SELECT 1 FROM visits)', EV],
  scalar: ['SELECT (SELECT count() FROM visits) AS n', V],
  scalar_array: ['SELECT (SELECT groupArray(id) FROM visits) AS ids', V],
  scalar_tuple: ['SELECT (SELECT (max(day), min(day)) FROM visits) AS ends', V],
  scalar_map: ["SELECT (SELECT map('n', count()) FROM visits) AS counts", V],
  scalar_low_cardinality: ['SELECT (SELECT max(toLowCardinality(id)) FROM visits) AS most', V],
  scalar_of_a_scalar: [
    'SELECT (SELECT groupArray(id) FROM visits WHERE day = (SELECT max(day) FROM events)) AS ids',
    EV,
  ],
  scalar_aggregate_state: ['SELECT (SELECT uniqState(id) FROM visits) AS state', V],
  scalar_in_limit: ['SELECT id FROM events ORDER BY id LIMIT 3 OFFSET 1', E],
  in_from: ['SELECT id FROM (SELECT id FROM (SELECT id FROM events))', E],
  in_having: ['SELECT id FROM events GROUP BY id HAVING count() > (SELECT count() FROM visits)', EV],
  in_order_by: ['SELECT id FROM events ORDER BY id IN (SELECT id FROM visits), id', EV],
  in_group_by: ['SELECT id IN (SELECT id FROM visits) AS visited, count() AS n FROM events GROUP BY visited', EV],
  in_a_lambda: ['SELECT arrayFilter(tag -> tag IN (SELECT id FROM visits), tags) AS found FROM events', EV],
  in_a_dead_branch: ['SELECT if(0, (SELECT count() FROM visits), 1) AS n FROM events', EV],
  where_never: ['SELECT id FROM events WHERE 0 AND id IN (SELECT id FROM visits)', EV],
  correlated_by_name_only: ['SELECT id, (SELECT max(v.ts) FROM visits AS v) AS last FROM events', EV],

  // Sets of SELECTs
  union_all: ['SELECT id FROM events UNION ALL SELECT id FROM visits', EV],
  union_distinct: ['SELECT id FROM events UNION DISTINCT SELECT id FROM visits', EV],
  except: ['SELECT id FROM events EXCEPT SELECT id FROM visits', EV],
  intersect: ['SELECT id FROM events INTERSECT SELECT id FROM visits', EV],
  union_inside: [
    'SELECT count() AS n FROM (SELECT id FROM events UNION ALL SELECT id FROM visits UNION ALL SELECT toString(day) FROM daily)',
    ['daily', 'events', 'visits'],
  ],

  // Clauses
  window: [
    'SELECT id, sum(amount) OVER (PARTITION BY id ORDER BY ts ROWS BETWEEN 6 PRECEDING AND CURRENT ROW) AS rolling FROM events',
    E,
  ],
  named_window: ['SELECT id, row_number() OVER w AS n FROM events WINDOW w AS (PARTITION BY id ORDER BY ts)', E],
  qualify: ['SELECT id FROM events QUALIFY row_number() OVER (PARTITION BY id ORDER BY ts) = 1', E],
  array_join: ['SELECT tag FROM events ARRAY JOIN tags AS tag', E],
  left_array_join: ['SELECT tag, n FROM events LEFT ARRAY JOIN tags AS tag, arrayEnumerate(tags) AS n', E],
  array_join_function: ['SELECT arrayJoin(tags) AS tag FROM events', E],
  map_access: ["SELECT attrs['country'] AS country, mapKeys(attrs) AS keys FROM events", E],
  tuple_access: ['SELECT pair.a AS a, pair.2 AS b, tupleElement(pair, 1) AS c FROM events', E],
  grouping_sets: ['SELECT day, id, count() AS n FROM events GROUP BY GROUPING SETS ((day, id), (day), ())', E],
  rollup: ['SELECT day, id, count() AS n FROM events GROUP BY day, id WITH ROLLUP', E],
  cube_totals: ['SELECT day, count() AS n FROM events GROUP BY day WITH TOTALS', E],
  with_fill: [
    'SELECT day, count() AS n FROM events GROUP BY day ORDER BY day WITH FILL FROM {day:Date} - 6 TO {day:Date} STEP 1',
    E,
  ],
  limit_by: ['SELECT id FROM events ORDER BY ts DESC LIMIT 1 BY id', E],
  distinct_on: ['SELECT DISTINCT ON (id) id, ts FROM events ORDER BY id, ts', E],
  prewhere: ["SELECT id FROM events PREWHERE id != '' WHERE amount > 0", E],
  settings: ['SELECT id FROM events SETTINGS max_threads = 1', E],
  conditional_aggregates: [
    'SELECT sumIf(amount, id IN (SELECT id FROM visits)) AS n, quantiles(0.5, 0.9)(amount) AS q FROM events',
    EV,
  ],
  column_matchers: [
    "SELECT COLUMNS('^(id|day)$'), * EXCEPT (ts, tags, attrs, pair) REPLACE (amount + 1 AS amount) FROM events",
    E,
  ],
  another_parameter: [
    'SELECT id FROM events WHERE id = {who:String}',
    /uses the parameter 'who', which has no value here/,
  ],

  // Models of models
  a_model: ['SELECT day FROM summary JOIN daily USING (day)', ['daily', 'summary']],

  // What hides tables in names and functions
  dictionary: [`SELECT dictGet('${ELSEWHERE}.names', 'name', id) AS name FROM events`, E],
  join_get: [
    `SELECT joinGet('${ELSEWHERE}.joined', 'name', id) AS name FROM events`,
    /calls joinGet\(\), which reads a table named in a string/,
  ],
  join_get_or_null: [
    `SELECT joinGetOrNull('${ELSEWHERE}.joined', 'name', id) AS name FROM events`,
    /calls joinGetOrNull\(\)/,
  ],
  a_view: [`SELECT * FROM ${ELSEWHERE}.seen`, /reads corpus_\w+\.seen, which is not one of the project's tables/],
  inline_view: ['SELECT * FROM view(SELECT id FROM events)', /reads from view\(\)/],
  merge_function: ["SELECT id FROM merge(currentDatabase(), '^events$')", /reads from merge\(\)/],
  random_function: ["SELECT * FROM generateRandom('id String') LIMIT 1", /reads from generateRandom\(\)/],
  harmless_functions: [
    "SELECT number, x FROM numbers(10) AS n JOIN values('x UInt64', 1, 2) AS v ON n.number = v.x JOIN events ON 1 = 1",
    E,
  ],
};

const normalized = (name: string) => `
CREATE TABLE ${name} (
  day Date, id String, ts DateTime64(3, 'UTC'), amount Int64, tags Array(String), attrs Map(String, String), pair Tuple(a UInt8, b String)
) ENGINE = MergeTree PARTITION BY day ORDER BY id;
SELECT toDate(ts) AS day, id, ts, amount, tags, map() AS attrs, (0, '') AS pair, _source FROM raw_${name};`;

const raw = (name: string) => `
CREATE TABLE raw_${name} (
  id String, ts DateTime64(3, 'UTC'), amount Int64, tags Array(String),
  _source Tuple(object String, line UInt64, text String, error String)
) ENGINE = MergeTree ORDER BY tuple();`;

const model = (name: string, select: string, header = '') =>
  `${header}\nCREATE TABLE ${name} (day Date) ENGINE = MergeTree PARTITION BY day ORDER BY day;\n${select}`;

const FILES: ProjectFiles = {
  'daybook.config.json': JSON.stringify({
    project: 'corpus',
    timezone: 'UTC',
    store: { bucket: 'corpus' },
    sources: { events: { prefix: 'events/{YYYY}/{MM}/{DD}/' }, visits: { prefix: 'visits/{YYYY}/{MM}/{DD}/' } },
  }),
  'sql/raw/events.sql': raw('events'),
  'sql/raw/visits.sql': raw('visits'),
  'sql/normalized/events.sql': normalized('events'),
  'sql/normalized/visits.sql': normalized('visits'),
  'sql/aggregates/daily.sql': model('daily', 'SELECT DISTINCT day FROM events'),
  'sql/aggregates/summary.sql': model('summary', 'SELECT DISTINCT day FROM daily'),
};

let clickhouse: ClickHouse;
let admin: ClickHouse;

beforeAll(async () => {
  clickhouse = connectClickHouse(inject('stack').clickhouse);
  admin = connectAdmin(inject('stack'));
  for (const sql of [
    `CREATE DATABASE ${ELSEWHERE}`,
    `CREATE TABLE ${ELSEWHERE}.events (day Date, id String) ENGINE = MergeTree ORDER BY id`,
    `CREATE VIEW ${ELSEWHERE}.seen AS SELECT * FROM ${ELSEWHERE}.events`,
    `CREATE TABLE ${ELSEWHERE}.joined (id String, name String) ENGINE = Join(ANY, LEFT, id)`,
    `CREATE DICTIONARY ${ELSEWHERE}.names (id String, name String) PRIMARY KEY id SOURCE(NULL()) LAYOUT(COMPLEX_KEY_HASHED()) LIFETIME(0)`,
  ])
    await admin.run({ sql });
});
afterAll(async () => {
  await admin.run({ sql: `DROP DATABASE ${ELSEWHERE} SYNC` });
  await admin.close();
  await clickhouse.close();
});

/** What the engine makes of the project with more files: the inputs of each file, and what is said against it. */
async function inspect(more: ProjectFiles) {
  const { dir, remove } = await projectFolder({ ...FILES, ...more });
  try {
    const { project, problems: unread } = await readProject(dir);
    if (!project) throw new Error(JSON.stringify(unread));
    const { schema, problems } = await inspectSchema(project, clickhouse);
    const errors = [...unread, ...problems].filter(({ severity }) => severity === 'error');
    return {
      inputs: new Map([...schema.tables, ...schema.tests].map(({ file, inputs }) => [file.path, inputs])),
      levels: new Map(schema.tables.map(({ name, level }) => [name, level])),
      errors: errors.map(({ where, what, fix }) => `${where}: ${what} | ${plain(fix)}`),
    };
  } finally {
    await remove();
  }
}

describe('every table that a query reads is found, or the query is refused', () => {
  let found: Awaited<ReturnType<typeof inspect>>;
  const path = (name: string) => `sql/tests/${name}.sql`;

  beforeAll(async () => {
    found = await inspect(Object.fromEntries(Object.entries(QUERIES).map(([name, [sql]]) => [path(name), `${sql};`])));
  });

  test.each(Object.entries(QUERIES))('%s', (name, [, expected]) => {
    const errors = found.errors.filter((text) => text.startsWith(`${path(name)}:`));
    if (Array.isArray(expected)) {
      expect(errors).toEqual([]);
      expect(found.inputs.get(path(name))).toEqual(expected);
    } else expect(errors.join('\n')).toMatch(expected);
  });
});

test('a model is one level above the highest of its inputs, however it reads them', async () => {
  const { levels, errors } = await inspect({
    'sql/aggregates/mixed.sql': model(
      'mixed',
      'SELECT day FROM daily WHERE length((SELECT groupArray(id) FROM visits)) > 0 AND day IN (SELECT day FROM summary)',
    ),
  });
  expect(errors).toEqual([]);
  expect(Object.fromEntries(levels)).toMatchObject({ events: 0, visits: 0, daily: 1, summary: 2, mixed: 3 });
});

describe('models without a possible order are refused, with what to do instead', () => {
  test.each([
    ['two', { a: 'SELECT day FROM b', b: 'SELECT day FROM a' }, 'a -> b -> a'],
    [
      'three, through a scalar subquery that gives an array',
      { a: 'SELECT (SELECT groupArray(day) FROM b)[1] AS day', b: 'SELECT day FROM c', c: 'SELECT day FROM a' },
      'a -> b -> c -> a',
    ],
  ])('a circular dependency of %s', async (_, models, circle) => {
    const files = Object.entries(models).map(([name, select]) => [`sql/aggregates/${name}.sql`, model(name, select)]);
    const { errors } = await inspect(Object.fromEntries(files) as ProjectFiles);
    expect(errors).toEqual([`sql/aggregates/a.sql: has a circular dependency: ${circle} | Remove one of these reads.`]);
  });

  test('a model that reads itself without a lookback', async () => {
    const select = 'SELECT day FROM daily UNION DISTINCT SELECT {day:Date} FROM running';
    const path = 'sql/aggregates/running.sql';
    const { errors } = await inspect({ [path]: model('running', select) });
    expect(errors).toEqual([
      `${path}: reads itself (running), but has no lookback, so that it would read nothing | ` +
        `Add '-- lookback: 1 day' at the head of the file to read the day before.`,
    ]);
    const recovered = await inspect({ [path]: model('running', select, '-- lookback: 1 day') });
    expect(recovered.errors).toEqual([]);
    expect(recovered.inputs.get(path)).toEqual(['daily', 'running']);
  });

  test('a view in place of a table', async () => {
    const { errors } = await inspect({
      'sql/aggregates/seen.sql': 'CREATE VIEW seen AS SELECT * FROM events; SELECT day FROM events;',
    }).catch((error: unknown) => ({ errors: [String(error)] }));
    expect(errors.join()).toContain('sql/aggregates/seen.sql');
    expect(errors.join()).toContain('CREATE TABLE');
  });
});
