import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectClickHouse, type ClickHouse } from '../src/clickhouse/client.js';
import { literal } from '../src/clickhouse/text.js';
import { processVariables, readEnv, type Env } from '../src/env.js';
import { stackVariables, type Stack } from '../src/local/stack-file.js';
import { startStack, type StartOptions } from '../src/local/stack.js';
import { connectStore } from '../src/store/store.js';

/** The bucket and the folders of the project in `bench/project`. */
export const BUCKET = 'bench-data';
export const folderOf = (day: string): string => `raw/dt=${day}/`;

/** Objects in a day's folder: enough for parallel reads. */
const OBJECTS = 16;

/** A separate local stack, with everything that the three ways share. */
export interface World {
  env: Env;
  stack: Stack;
  clickhouse: ClickHouse;
  /** Environment of a child process: only the stack's addresses. */
  variables: Record<string, string>;
  close(): Promise<void>;
}

/** @param only services to start; by default all */
export async function openWorld(only?: StartOptions['only']): Promise<World> {
  const dir = await mkdtemp(join(tmpdir(), 'daybook-bench-'));
  const { local } = readEnv(processVariables());
  const { stack, stop } = await startStack({ dir, env: { local }, ...(only ? { only } : {}) });
  const variables = { ...stackVariables(stack), LOG_LEVEL: 'error' };
  const env = readEnv(variables);
  const clickhouse = connectClickHouse(env.clickhouse);
  const store = connectStore(env.s3);
  await store.createBucket(BUCKET);
  store.close();
  return {
    env,
    stack,
    clickhouse,
    variables,
    close: async () => {
      await clickhouse.close();
      await stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** Builds `s3(…)` over a day's folder, as a person would write it. */
export function rawTable(
  { env }: World,
  day: string,
  file: string,
  format: string,
  structure: string,
  compression = 'gzip',
): string {
  const { accessKeyId = '', secretAccessKey = '' } = env.s3.credentials ?? {};
  const url = `${env.s3.endpoint ?? ''}/${BUCKET}/${folderOf(day)}${file}`;
  return `s3(${[url, accessKeyId, secretAccessKey, format, structure, compression].map(literal).join(', ')})`;
}

const EVENT =
  'event_id String, ts String, user_id UInt64, type String, country String, amount Decimal(10, 2), url String';

/** Objects that one statement writes: each has buffers until all are written. */
const WRITTEN_AT_ONCE = 1_000;

/** Writes `rows` events of a day as gzip NDJSON, in a few objects. */
export async function generate(world: World, day: string, rows: number): Promise<void> {
  await write(world, day, { from: 0, rows, prefix: "''", object: `toString(cityHash64(event_id) % ${OBJECTS})` });
}

/** Writes events of a day as gzip NDJSON, in many objects with `lines` events each. */
export async function generateSmall(world: World, day: string, objects: number, lines: number): Promise<void> {
  for (let from = 0; from < objects; from += WRITTEN_AT_ONCE) {
    const count = Math.min(WRITTEN_AT_ONCE, objects - from);
    const prefix = `leftPad(toString(intDiv(number, ${lines})), 6, '0')`;
    await write(world, day, { from: from * lines, rows: count * lines, prefix, object: 'substring(event_id, 1, 6)' });
  }
}

/**
 * The engine derives the events from the row number, so every run has the same.
 *
 * @param prefix expression of what the ids of the events begin with
 * @param object expression of the object's name
 */
async function write(
  world: World,
  day: string,
  { from, rows, prefix, object }: { from: number; rows: number; prefix: string; object: string },
): Promise<void> {
  await world.clickhouse.run({
    sql: `
INSERT INTO FUNCTION ${rawTable(world, day, 'part-{_partition_id}.json.gz', 'JSONEachRow', EVENT)}
PARTITION BY ${object}
SELECT
    concat(${prefix}, hex(sipHash128(number, {day:String}))) AS event_id,
    concat({day:String}, 'T', formatDateTime(toDateTime(number % 86400, 'UTC'), '%H:%i:%S', 'UTC'), '.', leftPad(toString(number % 1000), 3, '0'), 'Z') AS ts,
    intHash32(number) % 200000 AS user_id,
    ['page_view', 'page_view', 'page_view', 'add_to_cart', 'purchase'][1 + intHash32(number + 1) % 5] AS type,
    ['DE', 'AT', 'CH', 'NL', 'FR'][1 + intHash32(number + 2) % 5] AS country,
    toDecimal64(intHash32(number + 3) % 20000 / 100, 2) AS amount,
    concat('/product/', toString(intHash32(number + 4) % 5000), '?ref=', hex(intHash32(number + 5))) AS url
FROM numbers({from:UInt64}, {rows:UInt64})`,
    params: { day, from, rows },
    settings: { max_partitions_per_insert_block: '0' },
  });
}
