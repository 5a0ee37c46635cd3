import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { addDays } from '../../src/shared/day.js';
import { openCountingProxies, type Counted, type CountingProxies } from '../support/counting-proxy.js';
import { openDays, type DayProject } from '../support/day.js';
import { keyOf, lines, payment, PAYMENTS } from '../support/payments.js';

/* What a day costs in requests. Counts are exact on any machine, where clocks are not. */

/** A source and three models, one of which looks back six days. */
const FILES = {
  ...PAYMENTS,
  'sql/aggregates/weekly.sql': `-- lookback: 6 days
CREATE TABLE weekly (day Date, days UInt8, amount Decimal(18, 2)) ENGINE = MergeTree PARTITION BY day ORDER BY day;
SELECT {day:Date} AS day, uniqExact(events.day) AS days, sum(amount) AS amount FROM events;`,
};

const MOST_UNCHANGED = 8;
const TABLES = 4;
const MOST_BUILT = 15 + 9 * TABLES;

const DAY = '2026-05-08';
const EARLIER = Array.from({ length: 6 }, (_, index) => addDays(DAY, index - 6));
const FOLDERS = [addDays(DAY, -1), DAY, addDays(DAY, 1)];

let proxies: CountingProxies;
let project: DayProject;

beforeAll(async () => {
  proxies = await openCountingProxies(inject('stack'));
  project = await openDays(proxies.stack, FILES, {
    timezone: 'UTC',
    start: EARLIER[0],
    sources: { events: { prefix: 'raw/{YYYY}-{MM}-{DD}/', dedupeBy: ['id'] } },
  });
  for (const day of [...EARLIER, DAY]) await project.put(keyOf(day, 'a'), lines(payment(day, `${day} one`)));
  for (const day of EARLIER) await project.run(day);
  // The first archive of a project creates their database.
  const [first = ''] = EARLIER;
  await project.put(keyOf(first, 'b'), lines(payment(first, `${first} two`)));
  await project.run(first);
});
afterAll(async () => {
  await project.close();
  await proxies.close();
});

/** The requests of a failed count, one a line, without what differs from run to run. */
const shown = ({ statements, listings }: Counted): string =>
  [...statements.map((sql) => sql.replaceAll(/_\d{8}_\d+`/g, '_DAY`').slice(0, 160)), ...listings].join('\n');

const rawListings = ({ listings }: Counted) => listings.filter((prefix) => prefix.startsWith('raw/')).sort();

const prefixes = FOLDERS.map((day) => `raw/${day}/`);

test('a built day of four tables with a lookback of six days sends at most 51 statements, and lists each folder once', async () => {
  const built = await proxies.during(() => project.run(DAY));
  expect(built.result.outcome).toBe('published');
  expect(built.statements.length, shown(built)).toBeLessThanOrEqual(MOST_BUILT);
  expect(rawListings(built)).toEqual(prefixes);
});

test('a day that is built again after new data has come costs two statements more, archives included', async () => {
  await project.put(keyOf(DAY, 'b'), lines(payment(DAY, 'two')));
  const built = await proxies.during(() => project.run(DAY));
  expect(built.result.outcome).toBe('published');
  expect(built.statements.length, shown(built)).toBeLessThanOrEqual(MOST_BUILT + 2);
  expect(rawListings(built)).toEqual(prefixes);
});

test('an unchanged day sends at most 8 statements and one listing per folder', async () => {
  const unchanged = await proxies.during(() => project.run(DAY));
  expect(unchanged.result.outcome).toBe('unchanged');
  expect(unchanged.statements.length, shown(unchanged)).toBeLessThanOrEqual(MOST_UNCHANGED);
  expect([...unchanged.listings].sort(), shown(unchanged)).toEqual(prefixes);
});
