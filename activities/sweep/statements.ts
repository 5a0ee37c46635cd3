import { question, type Question } from '../../src/clickhouse/question.js';
import type { Statement } from '../../src/clickhouse/statement.js';
import { archivePart, readArchiveName } from '../../src/shared/names.js';

/** A table that holds a table's day as it was before a publish. */
export interface HeldArchive {
  name: string;
  table: string;
  day: string;
  generation: number;
  /** Seconds since it was made. */
  age: number;
  /** Bytes of its parts; shared parts count each time. */
  bytes: number;
}

/** Selects the archives of a database, all or those of one day. */
export const archivesHeld = (database: string, day?: string): Question<HeldArchive[]> =>
  question(
    {
      sql: `
SELECT name, dateDiff('second', metadata_modification_time, now()) AS age, ifNull(total_bytes, 0) AS bytes
FROM system.tables WHERE database = {database:String} AND position(name, {part:String}) > 0
ORDER BY name`,
      params: { database, part: day === undefined ? '__' : archivePart(day) },
    },
    (rows: readonly { name: string; age: string; bytes: string }[]) =>
      rows.flatMap(({ name, age, bytes }) => {
        const named = readArchiveName(name);
        return named && (day === undefined || named.day === day)
          ? [{ ...named, name, age: Number(age), bytes: Number(bytes) }]
          : [];
      }),
  );

/** Selects databases by prefix, with seconds since the newest of their tables was made; a very large number for an empty one. */
export const stagesHeld = (prefix: string): Statement => ({
  sql: `
SELECT name, dateDiff('second', newest, now()) AS age
FROM system.databases
LEFT JOIN (
  SELECT database, max(metadata_modification_time) AS newest FROM system.tables
  WHERE startsWith(database, {prefix:String}) GROUP BY database
) AS held ON held.database = name
WHERE startsWith(name, {prefix:String})
ORDER BY name`,
  params: { prefix },
});
