import type { DayConfig } from './day.js';
import type { ProjectFiles } from './project.js';

const COLUMNS = `ts DateTime64(3, 'UTC'), id String, amount Decimal(10, 2), pieces Nullable(UInt8), ratio Nullable(Float64),
  since Nullable(Date32), paid Nullable(Bool), device Tuple(os Nullable(String), version Nullable(UInt32)), tags Array(String),
  prices Map(String, Decimal(38, 2)), moments Array(DateTime64(3, 'Europe/Berlin'))`;

/** A project whose source is Parquet, with a column of each kind. */
export const READINGS: ProjectFiles = {
  'sql/raw/events.sql': `
CREATE TABLE raw_events (
  ${COLUMNS}, _source Tuple(object String, line UInt64, text String, error String)
) ENGINE = MergeTree ORDER BY tuple();`,
  'sql/normalized/events.sql': `
CREATE TABLE events (
  day Date, ${COLUMNS}, _object String, _line UInt64, CONSTRAINT not_too_much CHECK amount < 1000
) ENGINE = MergeTree PARTITION BY day ORDER BY id;
SELECT toDate(ts) AS day, *, if(id = 'skip me', 'on purpose', '') AS skip_reason FROM raw_events;`,
};

export const READINGS_CONFIG: DayConfig = {
  timezone: 'UTC',
  sources: {
    events: {
      prefix: 'raw/{YYYY}-{MM}-{DD}/',
      arrival: { before: 0, after: 0 },
      format: 'parquet',
      maxRejects: 1000,
      onVanish: 'rebuild',
    },
  },
};
