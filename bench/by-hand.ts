import { InvalidArgumentError } from '@commander-js/extra-typings';
import type { Statement } from '../src/clickhouse/statement.js';
import { rawTable, type World } from './world.js';

const TYPED =
  "event_id String, ts DateTime64(3, 'UTC'), user_id UInt64, type LowCardinality(String), country LowCardinality(String), amount Decimal(10, 2), url String";

/** What a person would type to load a day: no rejects, no accounts; a bad line stops it or is lost. */
export const handWritten = (world: World, day: string, database: string): Statement => ({
  ...readByHand(world, day),
  sql: `INSERT INTO ${database}.events ${selected(world, day)}`,
});

/** The same rows, only read: the engine's own JSON reader with nothing behind it. */
export const readByHand = (world: World, day: string): Statement => ({
  sql: `${selected(world, day)} FORMAT Null`,
  settings: { date_time_input_format: 'best_effort' },
});

const selected = (world: World, day: string) =>
  `SELECT toDate(ts) AS day, ts, event_id, user_id, type, country, amount, url
FROM ${rawTable(world, day, 'part-{0..15}.json.gz', 'JSONEachRow', TYPED)}`;

/** An option's value: `2000000` or `2_000_000`. */
export const wholeNumber = (text: string): number => {
  const value = Number(text.replaceAll('_', ''));
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('Expected a whole number.');
  return value;
};
