import { randomBytes } from 'node:crypto';
import type { ClickHouse } from '../../clickhouse/client.js';
import { createDatabase, databasesLike, dropDatabase } from '../../clickhouse/tables.js';

/** After this long a scratch database was left by a process that died, in milliseconds. */
const FORGOTTEN = 60 * 60 * 1000;

/**
 * Runs `work` with a scratch database of its own, `daybook_schema_<project>_<time and chance>`, and drops it whatever happens.
 * Forgotten ones of the same project are dropped as well.
 */
export async function withScratch<Result>(
  clickhouse: ClickHouse,
  project: string,
  work: (database: string) => Promise<Result>,
): Promise<Result> {
  const prefix = `daybook_schema_${project}_`;
  const database = `${prefix}${Date.now().toString(36)}_${randomBytes(4).toString('hex')}`;
  await clickhouse.run(createDatabase(database), { what: 'create a scratch database for the SQL of the project' });
  try {
    return await work(database);
  } finally {
    await clickhouse.run(dropDatabase(database));
    for (const { name } of await clickhouse.rows<{ name: string }>(databasesLike(prefix))) {
      const [, time] = /^([0-9a-z]+)_[0-9a-f]{8}$/.exec(name.slice(prefix.length)) ?? [];
      if (time !== undefined && Date.now() - parseInt(time, 36) > FORGOTTEN) await clickhouse.run(dropDatabase(name));
    }
  }
}
