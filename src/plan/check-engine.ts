import { randomUUID } from 'node:crypto';
import type { ClickHouse } from '../clickhouse/client.js';
import { objectTable } from '../clickhouse/object-table.js';
import { isFinal, messageOf } from '../errors.js';
import { error, warning } from '../project/problems.js';
import type { Problem, Project } from '../project/project.js';
import { engineBucket } from '../step/engine-bucket.js';
import type { Store } from '../store/store.js';

const FIX =
  'Check DAYBOOK_S3_ENGINE_ENDPOINT and DAYBOOK_S3_COLLECTION: ClickHouse reads and writes the store by itself; see docs/production.md.';

const MAY_NOT_REMOVE =
  'Without it, expired chunks stay, and `daybook erase` fails. For the policy that Daybook needs, see docs/production.md.';

/** A check must end soon: no retries, and no statement that waits. */
const SOON = { s3_retry_attempts: 1, max_execution_time: 20 };

/** The parts of the services that the check needs. */
interface Reached {
  clickhouse: Pick<ClickHouse, 'run' | 'rows'>;
  store: Pick<Store, 'engine' | 'holds' | 'remove'>;
}

/**
 * Checks that ClickHouse reaches the store as every build does: it writes a tiny object into the normalized zone and reads it back, and
 * looks for an object at each source. An engine that does not respond at all is not reported here.
 */
export async function checkEngineStore(project: Project, services: Reached): Promise<Problem[]> {
  const { bucket, normalized } = project.config.store;
  const key = `${normalized}${project.config.project}/_check/${randomUUID()}.parquet`;
  const written = await writeAndRead(bucket, key, services);
  const left = await services.store.remove(bucket, [key]).then(
    () => [],
    (thrown: unknown) => [warning('S3', messageOf(thrown), MAY_NOT_REMOVE)],
  );
  // A store that is not reached at all is reported once.
  return written.length > 0 ? written : [...left, ...(await readSources(project, services))];
}

async function writeAndRead(bucket: string, key: string, { clickhouse, store }: Reached): Promise<Problem[]> {
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
    return notReached(thrown, `the store of ${bucket}`);
  }
}

/** Looks for an object that no source has, below each prefix: a store that allows reading says that there is none. */
async function readSources({ config }: Project, { clickhouse, store }: Reached): Promise<Problem[]> {
  const found = Object.entries(config.sources).map(async ([name, { bucket, prefix }]) => {
    const key = `${prefix.replace(/\{.*/, '')}_daybook_check`;
    try {
      const { sql, params } = objectTable(
        await engineBucket({ store }, bucket),
        [key],
        ...(['LineAsString', '`line` String', 'check'] as const),
      );
      await clickhouse.rows(
        { sql: `SELECT count() AS lines FROM ${sql}`, params, settings: SOON },
        { what: `read s3://${bucket}/${key}` },
      );
      return [];
    } catch (thrown) {
      return isFinal(thrown) && thrown.type === 'ObjectVanished'
        ? []
        : notReached(thrown, `the objects of the source ${name}`);
    }
  });
  return (await Promise.all(found)).flat();
}

/** What ClickHouse says when it refuses Daybook's own login, which is reported of ClickHouse. */
const LOGIN = 'ClickHouse says 516 ';

function notReached(thrown: unknown, what: string): Problem[] {
  const text = messageOf(thrown);
  if (text.includes(LOGIN)) return [];
  return /: ClickHouse says \d+/.test(text) ? [error('S3', `ClickHouse does not reach ${what}: ${text}`, FIX)] : [];
}
