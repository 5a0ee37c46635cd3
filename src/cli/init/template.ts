/** The files of a new project by their paths: one source, one model, one test. They pass `daybook check` as they stand. */
export const projectFiles = (project: string): Record<string, string> => ({
  'daybook.config.ts': `export default {
  // Leads every queue, workflow id and ledger row.
  project: '${project}',

  // A day is a calendar day in this zone. Columns with a time carry the same zone: toDate follows the column.
  timezone: 'UTC',

  // When last night's run starts, in the zone above.
  schedule: '30 4 * * *',

  // The database that readers query.
  database: '${project}_analytics',

  // Raw events lie in this bucket; Daybook keeps a normalized copy of them under 'daybook/'.
  store: { bucket: '${project.replaceAll('_', '-')}-data' },

  sources: {
    // One feed of raw events; its files are sql/raw/events.sql and sql/normalized/events.sql.
    events: {
      // One folder a date, full of JSON lines: plain, .gz or .zst.
      prefix: 'raw/events/dt={YYYY}-{MM}-{DD}/',
      dedupeBy: ['event_id'],
    },
  },
};
`,
  'sql/raw/events.sql': `-- The contract of one raw JSON line. A Nullable column may be missing; a line without one of the others is rejected,
-- and so is a line with a value that does not fit.
CREATE TABLE raw_events
(
    event_id String,
    ts       DateTime64(3, 'UTC'), -- ISO text such as 2026-11-05T08:15:30.123Z
    type     String,
    user_id  Nullable(String),

    -- Where the line came from. Daybook fills it, and the normalizing SELECT carries it through.
    _source  Tuple(object String, line UInt64, text String, error String)
)
ENGINE = MergeTree
ORDER BY tuple();
`,
  'sql/normalized/events.sql': `-- One row for each good raw line. The SELECT works row by row, and its columns find the table's by name.
CREATE TABLE events
(
    day      Date,
    event_id String,
    ts       DateTime64(3, 'UTC'),
    type     LowCardinality(String),
    user_id  String,

    -- A row that breaks a constraint is rejected with the constraint's name as the reason.
    CONSTRAINT type_is_given CHECK type != ''
)
ENGINE = MergeTree
PARTITION BY day
ORDER BY (type, ts);

SELECT
    toDate(ts) AS day,
    event_id,
    ts,
    lower(type) AS type,
    ifNull(user_id, '') AS user_id,
    _source
FROM raw_events;
`,
  'sql/aggregates/daily_events.sql': `-- unique: day, type

-- How much of what happened. The option above is checked in every build.
CREATE TABLE daily_events
(
    day    Date,
    type   LowCardinality(String),
    events UInt64,
    users  UInt64
)
ENGINE = MergeTree
PARTITION BY day
ORDER BY type;

-- {day:Date} is ClickHouse's own query parameter: in a client, SET param_day = '2026-11-05' first.
SELECT
    day,
    type,
    count() AS events,
    uniqExactIf(user_id, user_id != '') AS users
FROM events
WHERE day = {day:Date}
GROUP BY day, type;
`,
  'sql/tests/daily_events_match_events.sql': `-- The rows that this gives must not exist: the model counts every event once.
SELECT counted, expected
FROM
(
    SELECT
        (SELECT sum(events) FROM daily_events WHERE day = {day:Date}) AS counted,
        (SELECT count() FROM events WHERE day = {day:Date}) AS expected
)
WHERE counted != expected;
`,
});
