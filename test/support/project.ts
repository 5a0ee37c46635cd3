import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A project folder by paths and texts; a path in `without` is left out. */
export type ProjectFiles = Record<string, string>;

const RAW = `CREATE TABLE raw_events (
  event_id String, ts DateTime64(3, 'Europe/Berlin'), amount Decimal(10, 2), user Tuple(id UInt64, country Nullable(String)),
  tags Array(String), _source Tuple(object String, line UInt64, text String, error String)
) ENGINE = MergeTree ORDER BY event_id;`;

const NORMALIZED = `-- unique: event_id
CREATE TABLE events (
  day Date, event_id String, ts DateTime64(3, 'Europe/Berlin'), amount Decimal(10, 2), country LowCardinality(String),
  loaded_at DateTime('UTC') DEFAULT toDateTime(0), _object String, _line UInt64,
  CONSTRAINT not_negative CHECK amount >= 0
) ENGINE = MergeTree PARTITION BY day ORDER BY event_id;

SELECT toDate(ts) AS day, event_id, ts, amount, ifNull(user.country, '') AS country, _source,
  if(event_id = 'test', 'a test event', '') AS skip_reason
FROM raw_events;`;

const AGGREGATE = `-- Sales by country, as the finance team counts them: without refunds.
-- unique: day, country
CREATE TABLE daily_sales (day Date, country LowCardinality(String), amount Decimal(18, 2), orders UInt64)
ENGINE = MergeTree PARTITION BY day ORDER BY country;

SELECT day, country, sum(amount) AS amount, count() AS orders FROM events WHERE day = {day:Date} GROUP BY day, country`;

const TEST = `-- severity: warn
SELECT country FROM daily_sales WHERE day = {day:Date} AND orders = 0`;

/** A small project in which everything is right. */
export const RIGHT: ProjectFiles = {
  'daybook.config.ts': `export default {
  project: 'shop',
  timezone: 'Europe/Berlin',
  store: { bucket: 'shop-data' },
  sources: { events: { prefix: 'raw/{YYYY}/{MM}/{DD}/', dedupeBy: ['event_id'] } },
};`,
  'sql/raw/events.sql': RAW,
  'sql/normalized/events.sql': NORMALIZED,
  'sql/aggregates/daily_sales.sql': AGGREGATE,
  'sql/tests/no_empty_country.sql': TEST,
};

/** Writes a project folder outside of the repository. */
export async function projectFolder(files: ProjectFiles): Promise<{ dir: string; remove: () => Promise<void> }> {
  const dir = await mkdtemp(join(tmpdir(), 'daybook-project-'));
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(dir, path)), { recursive: true });
    await writeFile(join(dir, path), text);
  }
  return { dir, remove: () => rm(dir, { recursive: true, force: true }) };
}

/** The SQL files of a project folder, by their paths in it. */
export async function sqlFilesOf(dir: string): Promise<ProjectFiles> {
  const names = (await readdir(join(dir, 'sql'), { recursive: true })).filter((name) => name.endsWith('.sql'));
  const texts = await Promise.all(names.map((name) => readFile(join(dir, 'sql', name), 'utf8')));
  return Object.fromEntries(names.map((name, index) => [`sql/${name}`, texts[index] ?? '']));
}
