import type { DayConfig, DayProject } from './day.js';
import type { ProjectFiles } from './project.js';

/** A project as small as one can be that has all steps: one source, a model, a model of a model, a test. */
export const PAYMENTS: ProjectFiles = {
  'sql/raw/events.sql': `
CREATE TABLE raw_events (
  id String, ts DateTime64(3, 'UTC'), amount Decimal(10, 2), note Nullable(String),
  _source Tuple(object String, line UInt64, text String, error String)
) ENGINE = MergeTree ORDER BY tuple();`,
  'sql/normalized/events.sql': `
CREATE TABLE events (
  day Date, ts DateTime64(3, 'UTC'), id String, amount Decimal(10, 2), note Nullable(String), _object String, _line UInt64
) ENGINE = MergeTree PARTITION BY day ORDER BY id;
SELECT toDate(ts) AS day, ts, id, amount, note, if(note = 'skip me', 'on purpose', '') AS skip_reason, _source
FROM raw_events;`,
  'sql/aggregates/daily_amounts.sql': `
CREATE TABLE daily_amounts (day Date, events UInt32, amount Decimal(18, 2))
ENGINE = MergeTree PARTITION BY day ORDER BY day;
SELECT day, count() AS events, sum(amount) AS amount FROM events WHERE day = {day:Date} GROUP BY day;`,
  'sql/aggregates/daily_means.sql': `
CREATE TABLE daily_means (day Date, mean Float64) ENGINE = MergeTree PARTITION BY day ORDER BY day;
SELECT day, toFloat64(amount) / events AS mean FROM daily_amounts WHERE day = {day:Date};`,
  'sql/tests/no_forbidden_note.sql': `SELECT id FROM events WHERE day = {day:Date} AND note = 'forbidden';`,
};

/** Days and folders are cut in one zone, so that a folder holds exactly its day. */
export const PAYMENTS_CONFIG: DayConfig = {
  timezone: 'UTC',
  sources: {
    events: {
      prefix: 'raw/{YYYY}-{MM}-{DD}/',
      arrival: { before: 0, after: 0 },
      dedupeBy: ['id'],
      // Each object is a chunk of its own.
      chunk: { maxObjects: 1 },
    },
  },
};

/** A payment of one unit at noon of a day, as a raw line without its newline. */
export const payment = (day: string, id: string, fields: Record<string, unknown> = {}): string =>
  JSON.stringify({ id, ts: `${day}T12:00:00.000Z`, amount: 1, ...fields });

/** An object of lines; the last one ends with a newline too. */
export const lines = (...texts: string[]): string => texts.map((text) => `${text}\n`).join('');

/** The key of an object in a day's folder. */
export const keyOf = (day: string, name: string): string => `raw/${day}/${name}.json`;

/** The ids of a published day's payments, sorted. */
export const paymentIds = async ({ rows }: Pick<DayProject, 'rows'>, day: string): Promise<string[]> =>
  (await rows<{ id: string }>('SELECT id FROM events WHERE day = {day:Date} ORDER BY id', { day })).map(({ id }) => id);
