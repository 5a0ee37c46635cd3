import { memoryOfOthers } from '../clickhouse/catalog.js';
import { oneRow, type ClickHouse } from '../clickhouse/client.js';
import { exceedsServerMemory } from '../clickhouse/errors.js';
import { final, messageOf } from '../errors.js';
import { clipped } from '../shared/format.js';

/** From this attempt on, a statement that runs alone and finds too little memory is not tried again. */
const LAST_ATTEMPT = 3;
/** Bytes that other queries may hold while a statement still counts as alone: what lists and counts need. */
const NEGLIGIBLE = 64 * 1024 * 1024;
/** Characters of ClickHouse's own words. */
const SHOWN = 400;

/**
 * Makes a failure final if the server lacks the memory for a statement although no other query holds any: a retry would end the same.
 * While others hold memory, the failure is returned as it is, and retried.
 */
export async function judgeServerMemory(clickhouse: ClickHouse, attempt: number, thrown: unknown): Promise<unknown> {
  if (attempt < LAST_ATTEMPT || !exceedsServerMemory(thrown)) return thrown;
  const held = await oneRow<{ bytes: string }>(clickhouse, memoryOfOthers()).then(
    ({ bytes }) => Number(bytes),
    () => Infinity,
  );
  if (held > NEGLIGIBLE) return thrown;
  const words = clipped(messageOf(thrown).replace(/[.\s]+$/, ''), SHOWN);
  return final(
    'LimitReached',
    `${words}. This was attempt ${attempt}, and no other query uses memory. Give the ClickHouse server or its user more, or lower limits.memory in the config, so that sorting and grouping spill to disk earlier.`,
  );
}
