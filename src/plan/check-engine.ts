import { randomUUID } from 'node:crypto';
import type { ClickHouse } from '../clickhouse/client.js';
import { objectTable } from '../clickhouse/object-table.js';
import { messageOf } from '../errors.js';
import { error } from '../project/problems.js';
import type { Problem, Project } from '../project/project.js';
import { engineBucket } from '../step/engine-bucket.js';
import type { Store } from '../store/store.js';

const FIX =
  'Check DAYBOOK_S3_ENGINE_ENDPOINT and DAYBOOK_S3_COLLECTION: ClickHouse reads and writes the store by itself; see docs/production.md.';

/** A check must end soon: no retries, and no statement that waits. */
const SOON = { s3_retry_attempts: 1, max_execution_time: 20 };

/**
 * Writes a tiny object as ClickHouse does, reads it back both ways, and removes it: every load goes that way. An engine that does not
 * respond at all is not reported here.
 */
export async function checkEngineStore(
  { config }: Project,
  {
    clickhouse,
    store,
  }: { clickhouse: Pick<ClickHouse, 'run' | 'rows'>; store: Pick<Store, 'engine' | 'holds' | 'remove'> },
): Promise<Problem[]> {
  const { bucket, normalized } = config.store;
  const key = `${normalized}${config.project}/_check/${randomUUID()}.parquet`;
  const place = `s3://${bucket}/${key}`;
  try {
    const { sql, params } = objectTable(await engineBucket({ store }, bucket), [key], 'Parquet', '`x` UInt8', 'check');
    const statement = (text: string) => ({ sql: text, params, settings: SOON });
    await clickhouse.run(statement(`INSERT INTO FUNCTION ${sql} SELECT 1`), { what: `write ${place}` });
    if (!(await store.holds(bucket, key)))
      return [
        error('S3', `ClickHouse wrote ${place}, but Daybook does not find it: they use two different stores`, FIX),
      ];
    await clickhouse.rows(statement(`SELECT x FROM ${sql}`), { what: `read ${place}` });
    return [];
  } catch (thrown) {
    const text = messageOf(thrown);
    return /: ClickHouse says \d+/.test(text)
      ? [error('S3', `ClickHouse does not reach the store of ${bucket}: ${text}`, FIX)]
      : [];
  } finally {
    await store.remove(bucket, [key]).catch(() => undefined);
  }
}
