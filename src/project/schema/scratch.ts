import { randomBytes } from 'node:crypto';
import type { ClickHouse } from '../../clickhouse/client.js';
import { createDatabase, databasesLike, dropDatabase } from '../../clickhouse/tables.js';

/** Age after which a scratch database was left behind by a crashed process, in milliseconds. */
const ORPHANED = 60 * 60 * 1000;

/**
 * Runs `work` with its own scratch database, `daybook_schema_<project>_<time>_<random>`, and drops it in every case. Also drops
 * orphaned ones of the same project.
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
      if (time !== undefined && Date.now() - parseInt(time, 36) > ORPHANED) await clickhouse.run(dropDatabase(name));
    }
  }
}
