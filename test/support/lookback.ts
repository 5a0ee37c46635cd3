import { addDays } from '../../src/shared/day.js';
import type { DayConfig } from './day.js';
import { PAYMENTS } from './payments.js';
import type { ProjectFiles } from './project.js';

const table = (name: string, columns: string) =>
  `CREATE TABLE ${name} (day Date, ${columns}) ENGINE = MergeTree PARTITION BY day ORDER BY day;\n`;

/** Two sources, and models that look back in every way: far and near, on themselves, on other models, and not at all. */
export const LOOKBACK: ProjectFiles = {
  'sql/raw/events.sql': PAYMENTS['sql/raw/events.sql'] ?? '',
  'sql/normalized/events.sql': PAYMENTS['sql/normalized/events.sql'] ?? '',
  'sql/raw/visits.sql': `
CREATE TABLE raw_visits (
  id String, ts DateTime64(3, 'UTC'), _source Tuple(object String, line UInt64, text String, error String)
) ENGINE = MergeTree ORDER BY tuple();`,
  'sql/normalized/visits.sql': `
${table('visits', 'id String')}
SELECT toDate(ts) AS day, id, _source FROM raw_visits;`,
  // No WHERE: what it sees is what it declared.
  'sql/aggregates/rolling.sql': `-- lookback: 2 days
${table('rolling', 'amount Decimal(18, 2), days UInt8')}
SELECT {day:Date} AS day, sum(amount) AS amount, uniqExact(events.day) AS days FROM events;`,
  'sql/aggregates/smoothed.sql': `-- lookback: 1 day
${table('smoothed', 'amount Float64')}
SELECT {day:Date} AS day, avg(toFloat64(amount)) AS amount FROM rolling;`,
  'sql/aggregates/running.sql': `-- lookback: 1 day
${table('running', 'total Decimal(18, 2)')}
SELECT {day:Date} AS day, sum(amount) AS total
FROM (SELECT total AS amount FROM running UNION ALL SELECT amount FROM events AS running WHERE day = {day:Date});`,
  'sql/aggregates/first_seen.sql': `-- lookback: 1 day
${table('first_seen', 'id String, since Date')}
SELECT {day:Date} AS day, id, min(seen) AS since
FROM (SELECT id, day AS seen FROM events WHERE day = {day:Date} UNION ALL SELECT id, since FROM first_seen)
GROUP BY id;`,
  'sql/aggregates/weekly.sql': `-- lookback: 6 days
-- holes: allow
${table('weekly', 'seen Array(Date), visits UInt64')}
SELECT {day:Date} AS day, (SELECT arraySort(groupUniqArray(events.day)) FROM events) AS seen,
  (SELECT count() FROM visits) AS visits;`,
  'sql/aggregates/days_seen.sql': `
CREATE TABLE days_seen (day Date) ENGINE = MergeTree PARTITION BY day ORDER BY day;
SELECT DISTINCT day FROM events;`,
  'sql/aggregates/far.sql': `-- lookback: 5 days
-- holes: allow
${table('far', 'days UInt64')}
SELECT {day:Date} AS day, (SELECT count() FROM days_seen) AS days;`,
  // Seven days of `events` are in the stage; every column must see one.
  'sql/aggregates/blind.sql': `
${table('blind', 'seen Map(String, UInt64)')}
WITH renamed AS (SELECT * FROM events), visits AS (SELECT * FROM events)
SELECT {day:Date} AS day, map(
  'max', (SELECT toUInt64({day:Date} - min(events.day)) + 1 FROM events),
  'aliased', (SELECT uniqExact(rolling.day) FROM events AS rolling),
  'cte', (SELECT uniqExact(renamed.day) FROM renamed),
  'shadowing cte', (SELECT uniqExact(visits.day) FROM visits),
  'joined', (SELECT uniqExact(b.day) FROM numbers(1) AS a CROSS JOIN events AS b),
  'self-joined', (SELECT uniqExact(a.day, b.day) FROM events AS a JOIN events AS b USING (id)),
  'asof', (SELECT uniqExact(b.day) FROM events AS a ASOF JOIN events AS b ON a.note = b.note AND a.ts >= b.ts) + 1,
  'in subquery', (SELECT count() FROM numbers(30) WHERE {day:Date} - number IN (SELECT day FROM events)),
  'in table', (SELECT count() FROM numbers(30) WHERE {day:Date} - number IN days_seen),
  'trivial count', (SELECT count() FROM days_seen),
  'final', (SELECT uniqExact(d.day) FROM (SELECT * FROM events UNION ALL SELECT * FROM events) AS d),
  'window', (SELECT max(n) FROM (SELECT uniqExact(events.day) OVER () AS n FROM events)),
  'prewhere', (SELECT uniqExact(events.day) FROM events PREWHERE id != ''),
  'qualified', (SELECT count() FROM (SELECT DISTINCT day FROM events LIMIT 100))
) AS seen;`,
  'sql/tests/one_day.sql': `SELECT uniqExact(events.day) AS days FROM events HAVING days != 1;`,
  'sql/tests/never_less.sql': `-- lookback: 1 day
SELECT total FROM running WHERE day = {day:Date} AND total < (SELECT max(total) FROM running)
UNION ALL
SELECT count() AS total FROM (SELECT DISTINCT day FROM running) HAVING total > 2;`,
};

const only = (...paths: string[]): ProjectFiles =>
  Object.fromEntries(paths.map((path) => [`sql/${path}.sql`, LOOKBACK[`sql/${path}.sql`] ?? '']));

/** One source, one model that looks back on it, one that looks back on itself, one that takes what is there. */
export const SMALL: ProjectFiles = {
  ...only('raw/events', 'normalized/events', 'aggregates/rolling', 'aggregates/running', 'tests/never_less'),
};
export const SPARSE: ProjectFiles = {
  ...only('raw/events', 'normalized/events'),
  'sql/aggregates/sparse.sql': `-- lookback: 6 days
-- holes: allow
${table('sparse', 'seen Array(Date)')}
SELECT {day:Date} AS day, (SELECT arraySort(groupUniqArray(events.day)) FROM events) AS seen;`,
};

export const FIRST = '2026-05-01';
export const DAYS = Array.from({ length: 6 }, (_, index) => addDays(FIRST, index));

const events = { prefix: 'raw/{YYYY}-{MM}-{DD}/', arrival: { before: 0, after: 0 }, dedupeBy: ['id'] };

export const SMALL_CONFIG: DayConfig = { timezone: 'UTC', sources: { events } };

export const LOOKBACK_CONFIG: DayConfig = {
  timezone: 'UTC',
  start: FIRST,
  sources: {
    events,
    visits: { prefix: 'visits/{YYYY}-{MM}-{DD}/', arrival: { before: 0, after: 0 } },
  },
};
