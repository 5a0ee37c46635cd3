/** Returns the bucket of a new project. */
export const bucketOf = (project: string): string => `${project.replaceAll('_', '-')}-data`;

/** Returns the files of a new project by path: one source, one model, one test. They pass `daybook check` unchanged. */
export const projectFiles = (project: string, id: string): Record<string, string> => ({
  'daybook.config.ts': `export default {
  // Prefix of every task queue, workflow ID and ledger row.
  project: '${project}',

  // Distinguishes this project from others of the same name. Leave it as it is.
  id: '${id}',

  // A day is a calendar day in this zone. Columns with a time carry the same zone, because toDate uses the column's.
  timezone: 'UTC',

  // When the nightly run starts, in the zone above.
  schedule: '30 4 * * *',

  // The database that readers query.
  database: '${project}_analytics',

  // The bucket of the raw events. Daybook keeps a normalized copy of them under 'daybook/'.
  store: { bucket: '${bucketOf(project)}' },

  sources: {
    // One feed of raw events; its files are sql/raw/events.sql and sql/normalized/events.sql.
    events: {
      // One folder per date with JSON lines: plain, .gz or .zst.
      prefix: 'raw/events/dt={YYYY}-{MM}-{DD}/',
      dedupeBy: ['event_id'],
    },
  },
};
`,
  'sql/raw/events.sql': `-- The contract of one raw JSON line. A Nullable column may be missing; a line that lacks any other column is rejected,
-- and so is a line with a value that does not fit its type.
CREATE TABLE raw_events
(
    event_id String,
    ts       DateTime64(3, 'UTC'), -- ISO text such as 2026-11-05T08:15:30.123Z
    type     String,
    user_id  Nullable(String),

    -- The origin of the line. Daybook fills it, and the normalizing SELECT passes it on.
    _source  Tuple(object String, line UInt64, text String, error String)
)
ENGINE = MergeTree
ORDER BY tuple();
`,
  'sql/normalized/events.sql': `-- One row per valid raw line. The SELECT works row by row, and its columns are matched to the table's by name.
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

-- Events and users by type. The option above is checked in every build.
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

-- {day:Date} is a ClickHouse query parameter: in a client, run SET param_day = '2026-11-05' first.
SELECT
    day,
    type,
    count() AS events,
    uniqExactIf(user_id, user_id != '') AS users
FROM events
WHERE day = {day:Date}
GROUP BY day, type;
`,
  'sql/tests/daily_events_match_events.sql': `-- A test selects rows that must not exist. This one checks that the model counts every event once.
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
