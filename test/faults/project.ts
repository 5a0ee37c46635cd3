import type { DayConfig, DayProject } from '../support/day.js';
import { lines, payment, PAYMENTS } from '../support/payments.js';
import type { ProjectFiles } from '../support/project.js';

/*
 * The project of the ring: two sources, one with duplicates and rejects, two levels of models and one that looks back, so that
 * each step has something to lose.
 */

export const FILES: ProjectFiles = {
  ...Object.fromEntries(Object.entries(PAYMENTS).filter(([path]) => !path.endsWith('daily_means.sql'))),
  'sql/raw/visits.sql': `
CREATE TABLE raw_visits (
  id String, ts DateTime64(3, 'UTC'), _source Tuple(object String, line UInt64, text String, error String)
) ENGINE = MergeTree ORDER BY tuple();`,
  'sql/normalized/visits.sql': `
CREATE TABLE visits (day Date, id String) ENGINE = MergeTree PARTITION BY day ORDER BY day;
SELECT toDate(ts) AS day, id, _source FROM raw_visits;`,
  'sql/aggregates/daily_visits.sql': `
CREATE TABLE daily_visits (day Date, visits UInt64, amount Decimal(18, 2))
ENGINE = MergeTree PARTITION BY day ORDER BY day;
SELECT {day:Date} AS day, (SELECT count() FROM visits WHERE day = {day:Date}) AS visits,
  (SELECT sum(amount) FROM daily_amounts WHERE day = {day:Date}) AS amount;`,
  'sql/aggregates/running.sql': `-- lookback: 1 day
CREATE TABLE running (day Date, total Decimal(18, 2)) ENGINE = MergeTree PARTITION BY day ORDER BY day;
SELECT {day:Date} AS day, sum(amount) AS total
FROM (SELECT total AS amount FROM running UNION ALL SELECT amount FROM daily_amounts WHERE day = {day:Date});`,
};

const source = {
  arrival: { before: 0, after: 0 },
  // Complete at once: the step is there to be struck, not to be waited in.
  ready: { quietFor: '0 seconds' },
  maxRejects: '20%',
  chunk: { maxObjects: 1 },
};

export const CONFIG: DayConfig = {
  timezone: 'UTC',
  start: '2026-11-09',
  // A killed worker's step starts again after the heartbeat, its workflow after the sticky timeout.
  timings: { heartbeat: '2 seconds', sticky: '1 second', retryFirst: '100 ms', retryMost: '500 ms' },
  limits: { normalizeSlots: 2 },
  // The days are long past, and their archives are looked at.
  keepPrevious: { days: 36_500 },
  sources: {
    events: { ...source, prefix: 'raw/{YYYY}-{MM}-{DD}/', dedupeBy: ['id'] },
    visits: { ...source, prefix: 'visits/{YYYY}-{MM}-{DD}/' },
  },
};

/** A day, and one that looks back on it. */
export const EARLIER = '2026-11-09';
export const DAY = '2026-11-10';

/** The last day of two backfills that overlap. */
export const LATER = '2026-11-11';

/** The object that is rewritten or deleted while it is read. */
export const MOVING = `raw/${DAY}/b.json`;

/** Payments of one object: duplicates in it and of its neighbour, rejects, lines that are skipped or blank. */
const payments = (day: string, name: string, neighbour: string) =>
  lines(
    ...Array.from({ length: 40 }, (_, index) => payment(day, `${name}-${index}`, { amount: index })),
    payment(day, `${name}-0`, { amount: 99 }),
    payment(day, `${neighbour}-1`, { amount: 99 }),
    payment(day, `${name}-bad`, { amount: 'much' }),
    payment(day, `${name}-skipped`, { note: 'skip me' }),
    '',
    'no JSON at all',
  );

const visits = (day: string, name: string) =>
  lines(
    ...Array.from({ length: 30 }, (_, index) => JSON.stringify({ id: `${name}-${index}`, ts: `${day}T08:00:00Z` })),
  );

export const objectsOf = (day: string): Record<string, string> => ({
  [`raw/${day}/a.json`]: payments(day, 'a', 'b'),
  [`raw/${day}/b.json`]: payments(day, 'b', 'a'),
  [`visits/${day}/v.json`]: visits(day, 'v'),
});

/** What arrives after the day was published once. */
export const lateOf = (day: string): Record<string, string> => ({
  [`raw/${day}/late.json`]: payments(day, 'late', 'a'),
  [`visits/${day}/late.json`]: visits(day, 'late'),
});

/** The other text of {@link MOVING}. */
export const REWRITTEN = payments(DAY, 'rewritten', 'a');

export async function putAll(project: DayProject, objects: Record<string, string>): Promise<void> {
  for (const [key, text] of Object.entries(objects)) await project.put(key, text);
}
