import { expect, test } from 'vitest';
import { dayReadProblems, dayZoneProblems } from '../../src/project/schema/day-rules.js';
import { readSqlFile } from '../../src/project/sql/file.js';

/** What is said of a model that has these options and this SELECT; its SELECT begins in the third line. */
function problemsOf(select: string, options = '') {
  const sql = `${options}\nCREATE TABLE m (day Date, n UInt64) ENGINE = MergeTree PARTITION BY day ORDER BY day;\n${select};`;
  const { file } = readSqlFile('sql/aggregates/m.sql', 'aggregates', sql);
  return dayReadProblems(file).map(({ severity, where, what, fix }) => ({ severity, where, what, fix }));
}

test.each([
  ['day BETWEEN {day:Date} - 6 AND {day:Date}', 6],
  ['day >= {day:Date}-6', 6],
  ['day > {day:Date} - 7', 6],
  ['day > toDate({day:Date}) - 7', 6],
  ['day = {day:Date} - INTERVAL 1 WEEK', 7],
  ["day >= {day:Date} - INTERVAL '2' MONTH", 62],
  ['day >= {day:Date} - toIntervalDay(3)', 3],
  ['day >= subtractDays({day:Date}, 29)', 29],
  ['day >= addWeeks({day:Date}, -1)', 7],
  ['day >= toStartOfMonth({day:Date})', 30],
  ['day >= toMonday({ day : Date })', 6],
  ['day >= {day:Date} - 1 AND day > {day:Date} - 30', 29],
])('a model that reads %s reads %i days back, and has to declare them', (filter, days) => {
  const select = `SELECT {day:Date} AS day,\n  count() AS n FROM events WHERE ${filter}`;
  const declared = days === 1 ? '1 day' : `${days} days`;
  expect(problemsOf(select)).toEqual([
    {
      severity: 'warning',
      where: 'sql/aggregates/m.sql:4',
      what: `reads up to ${declared} before the built one, but declares none: days that are not declared are empty`,
      fix: `Write at the head of sql/aggregates/m.sql: -- lookback: ${declared}`,
    },
  ]);
  expect(problemsOf(select.replace('{day:Date} AS day', 'max(events.day) AS day'), `-- lookback: ${declared}`)).toEqual(
    [],
  );
  expect(problemsOf(select, `-- lookback: ${days - 1} days`)[0]?.what).toContain(`reads up to ${declared} before`);
});

test.each([
  'SELECT day, count() AS n FROM events WHERE day = {day:Date} GROUP BY day',
  'SELECT day, {day:Date} - 6 AS first_day, count() AS n FROM events WHERE day = {day:Date} GROUP BY day',
  'SELECT day, -- since {day:Date} - 6\n count() AS n FROM events WHERE day = {day:Date} GROUP BY day',
  'SELECT day, toMonday({day:Date}) AS week, count() AS n FROM events WHERE day = {day:Date} GROUP BY day',
])('%s reads its own day', (select) => {
  expect(problemsOf(select)).toEqual([]);
});

test('days after the built one are never there', () => {
  expect(problemsOf('SELECT day, count() AS n FROM events\nWHERE day <= {day:Date} + 1 GROUP BY day')).toMatchObject([
    { where: 'sql/aggregates/m.sql:4', what: 'reads days after the built one, which a build never has' },
  ]);
});

test('an alias named day hides the column in the filter of a model that looks back', () => {
  const select = 'SELECT\n  {day:Date} AS day, count() AS n FROM ev WHERE day = {day:Date}';
  expect(problemsOf(select, '-- lookback: 1 day')).toEqual([
    {
      severity: 'warning',
      where: 'sql/aggregates/m.sql:4',
      what: 'aliases {day:Date} as day, so that its filter on day compares the parameter with itself and reads all declared days',
      fix: 'Qualify the column in the filter, as in WHERE events.day = {day:Date}, or select the column day itself.',
    },
  ]);
  expect(problemsOf(select)).toEqual([]);
  expect(problemsOf(select.replace('WHERE day', 'WHERE ev.day'), '-- lookback: 1 day')).toEqual([]);
  const inside = 'SELECT {day:Date} AS day, count() AS n FROM (SELECT id FROM ev WHERE day = {day:Date} AND (id > 0))';
  expect(problemsOf(inside, '-- lookback: 1 day')).toEqual([]);
  expect(problemsOf(`${inside} WHERE (n > 1 AND day = {day:Date})`, '-- lookback: 1 day')).toHaveLength(1);
  expect(problemsOf(select.replace(' AS day', ' day').replace('WHERE', 'PREWHERE'), '-- lookback: 1 day')).toHaveLength(
    1,
  );
  const joined =
    'SELECT {day:Date} AS day, 0 AS n UNION ALL SELECT day, count() AS n FROM ev WHERE day = {day:Date} GROUP BY day';
  expect(problemsOf(joined, '-- lookback: 1 day')).toEqual([]);
});

test.each([
  ['Europe/Istanbul', 'Asia/Riyadh', true],
  ['America/New_York', 'America/Havana', true],
  ['Europe/Berlin', 'Europe/Vienna', false],
  ['UTC', 'Etc/UTC', false],
])('in %s, days cut in %s are warned of if the clocks ever differed: %s', (zone, cut, differs) => {
  const sql = `CREATE TABLE m (day Date) ENGINE = MergeTree PARTITION BY day ORDER BY day;\nSELECT toDate(ts, '${cut}') AS day FROM raw_m;`;
  const { file } = readSqlFile('sql/normalized/m.sql', 'normalized', sql);
  const problems = dayZoneProblems(file, { dayCuts: [{ column: 'ts', zone: cut }] }, zone, []);
  expect(problems.map(({ what }) => what)).toEqual(
    differs ? [`cuts days of ts in ${cut}, but the project's zone is ${zone}`] : [],
  );
});
