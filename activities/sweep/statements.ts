import { question, type Question } from '../../src/clickhouse/question.js';
import { readStatements } from '../../src/clickhouse/sql-file.js';
import type { Statement } from '../../src/clickhouse/statement.js';
import { archivePart, readArchiveName } from '../../src/shared/names.js';

const HELD = readStatements(new URL('statements.sql', import.meta.url), [
  'archivesHeld',
  'stagesHeld',
  'replacedRejects',
  'removeRejects',
]);

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
      sql: HELD.archivesHeld,
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
  sql: HELD.stagesHeld,
  params: { prefix },
});

/** A chunk as one normalizer made it. */
export interface ChunkOfSource {
  source: string;
  folder: string;
  id: string;
  normalizer: string;
}

/** Selects the chunks with rejects that others have replaced; `before` is in milliseconds since 1970. */
export const replacedRejects = (project: string, before: number): Statement => ({
  sql: HELD.replacedRejects,
  params: { project, before },
});

/** Removes the rejects of chunks, each named source/folder/chunk/normalizer. */
export const removeRejects = (project: string, chunks: readonly string[]): Statement => ({
  sql: HELD.removeRejects,
  params: { project, chunks },
});
