import { InvalidArgumentError } from '@commander-js/extra-typings';
import type { Statement } from '../src/clickhouse/statement.js';
import { rawTable, type World } from './world.js';

const TYPED =
  "event_id String, ts DateTime64(3, 'UTC'), user_id UInt64, type LowCardinality(String), country LowCardinality(String), amount Decimal(10, 2), url String";

/** Returns the INSERT that a person would write to load a day: no rejects, no accounts; a bad line fails it or is lost. */
export const handWritten = (world: World, day: string, database: string, files = FEW): Statement => ({
  ...readByHand(world, day),
  sql: `INSERT INTO ${database}.events ${selected(world, day, files)}`,
});

/** Reads the same rows and discards them, to measure the engine's JSON reader alone. */
export const readByHand = (world: World, day: string): Statement => ({
  sql: `${selected(world, day)} FORMAT Null`,
  settings: { date_time_input_format: 'best_effort' },
});

/** The objects that `generate` writes. */
const FEW = 'part-{0..15}.json.gz';

const selected = (world: World, day: string, files = FEW) =>
  `SELECT toDate(ts) AS day, ts, event_id, user_id, type, country, amount, url
FROM ${rawTable(world, day, files, 'JSONEachRow', TYPED)}`;

/** Parses an option: `2000000` or `2_000_000`. */
export const wholeNumber = (text: string): number => {
  const value = Number(text.replaceAll('_', ''));
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('Expected a whole number.');
  return value;
};
