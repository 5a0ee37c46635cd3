import { readFileSync } from 'node:fs';
import type { Statement } from '../clickhouse/statement.js';

/** Format of the ledger's tables; a worker refuses a newer one. */
export const LEDGER_FORMAT = 1;

/** Reads the ledger's definition, statement by statement. */
export const ledgerDefinition = (): Statement[] =>
  readFileSync(new URL('tables.sql', import.meta.url), 'utf8')
    .split(/;\s*(?:\n|$)/)
    .map((sql) => sql.trim())
    .filter((sql) => sql.replaceAll(/^--.*$/gm, '').trim() !== '')
    .map((sql) => ({ sql }));

const PUBLISHED_FIELDS = [
  ...['position', 'rows', 'hash', 'columns', 'code', 'data', 'inputs', 'chunks'],
  ...['archive', 'archived_rows', 'archived_hash'],
];

/**
 * One row for each (day, table, generation) with its latest event, which is the highest: events of a generation always follow in that
 * order, whatever the clocks say. If two attempts wrote an intent, the archive of the first one was made before any swap. Every read
 * of publishes starts here.
 */
export const LATEST_PUBLISHES = `
  SELECT day, table, generation, toString(max(event)) AS last, max(at) AS last_at,
    ${PUBLISHED_FIELDS.map((field) => `argMin(${field}, at) AS ${field}`).join(', ')}
  FROM daybook.publishes
  WHERE project = {project:String} AND day BETWEEN {first:Date} AND {last_day:Date}
  GROUP BY day, table, generation`;

/** Returns the parameters of a query over the days `first` to `last`. */
export const over = (project: string, first: string, last: string) => ({ project, first, last_day: last });

/** Selects what readers have: for each table's day, the newest generation that is done and not undone. */
export const currentPublishes = (project: string, first: string, last: string): Statement => ({
  sql: `SELECT * EXCEPT (last, last_at) FROM (${LATEST_PUBLISHES}) WHERE last = 'done' ORDER BY day, table, generation DESC LIMIT 1 BY day, table`,
  params: over(project, first, last),
});

/** Selects unfinished publishes and rollbacks. */
export const openIntents = (project: string, first: string, last: string): Statement => ({
  sql: `SELECT * EXCEPT (last_at) FROM (${LATEST_PUBLISHES}) WHERE last IN ('intent', 'rollback') ORDER BY day, generation, position`,
  params: over(project, first, last),
});

/** Selects all tables of one publish, each with its latest event, upstream first. */
export const publishesOf = (project: string, day: string, generation: number): Statement => ({
  sql: `SELECT * EXCEPT (last_at) FROM (${LATEST_PUBLISHES}) WHERE generation = {generation:UInt32} ORDER BY position`,
  params: { ...over(project, day, day), generation },
});

/**
 * Every publish of a day, oldest first, each with its latest event and the moment since which readers had it; '' where they never
 * did. A publish that was undone without having been done met an error, it was not rolled back.
 */
export const publishHistory = (project: string, day: string): Statement => ({
  sql: `
SELECT latest.* EXCEPT (last_at), if(done.at = toDateTime64(0, 3, 'UTC'), '', toString(done.at)) AS done_at
FROM (${LATEST_PUBLISHES}) AS latest
LEFT JOIN (
  SELECT table, generation, min(at) AS at FROM daybook.publishes
  WHERE project = {project:String} AND day = {first:Date} AND event = 'done'
  GROUP BY table, generation
) AS done USING (table, generation)
ORDER BY generation, position`,
  params: over(project, day, day),
});

/** Selects all archives that a publish names, with the latest event of that publish. */
export const archives = (project: string, first: string, last: string): Statement => ({
  sql: `SELECT day, table, generation, archive, last FROM (${LATEST_PUBLISHES}) WHERE archive != ''`,
  params: over(project, first, last),
});

/** Selects the days that are held, since when and why. */
export const holds = (project: string, first: string, last: string): Statement => ({
  sql: `
SELECT day, argMax(reason, at) AS reason, max(at) AS since
FROM daybook.holds
WHERE project = {project:String} AND day BETWEEN {first:Date} AND {last_day:Date}
GROUP BY day
HAVING argMax(event, (at, event)) = 'held'
ORDER BY day`,
  params: over(project, first, last),
});

export const lastGeneration = (project: string, day: string): Statement => ({
  sql: `
SELECT max(generation) AS generation FROM (
  SELECT generation FROM daybook.builds WHERE project = {project:String} AND day = {day:Date}
  UNION ALL
  SELECT generation FROM daybook.publishes WHERE project = {project:String} AND day = {day:Date}
)`,
  params: { project, day },
});

/** Selects the last event of the newest build of each day. */
export const latestBuilds = (project: string, first: string, last: string): Statement => ({
  sql: `
SELECT day, generation, toString(event) AS event, at, step, reason
FROM daybook.builds
WHERE project = {project:String} AND day BETWEEN {first:Date} AND {last_day:Date}
ORDER BY day, generation DESC, at DESC, event DESC
LIMIT 1 BY day`,
  params: over(project, first, last),
});

/** Selects all chunks of some folders in order of first record, one row for each normalizer. */
export const chunksOf = (project: string, source: string, first: string, last: string): Statement => ({
  sql: `
SELECT folder, chunk, normalizer, any(objects) AS objects, any(rows_by_day) AS rows_by_day, min(at) AS first_at
FROM daybook.chunks
WHERE project = {project:String} AND source = {source:String} AND folder BETWEEN {first:Date} AND {last_day:Date}
GROUP BY folder, chunk, normalizer
ORDER BY folder, first_at, chunk`,
  params: { ...over(project, first, last), source },
});

/** Selects the decisions about the folders of a day, oldest first. */
export const folderAnswers = (project: string, source: string, day: string): Statement => ({
  sql: `
SELECT folder, toString(answer) AS answer, objects
FROM daybook.folder_answers
WHERE project = {project:String} AND source = {source:String} AND day = {day:Date}
ORDER BY at`,
  params: { project, source, day },
});

/** Folder accounts of the given chunks and normalizers. */
const FOLDER_ACCOUNTS = `FROM daybook.accounts
WHERE project = {project:String} AND account = 'folder' AND source = {source:String} AND day BETWEEN {first:Date} AND {last_day:Date}
  AND concat(chunk, '/', normalizer) IN {chunks:Array(String)}`;

/** Selects the folder account of each object of the given chunks and normalizers. */
export const folderAccounts = (
  project: string,
  source: string,
  first: string,
  last: string,
  chunks: readonly string[],
): Statement => ({
  sql: `
SELECT toString(day) AS folder, object, chunk, normalizer, lines, rows, rejected, skipped, blank, quarantined
${FOLDER_ACCOUNTS}
ORDER BY folder, object, at DESC
LIMIT 1 BY folder, object, chunk, normalizer`,
  params: { ...over(project, first, last), source, chunks },
});

/** Selects the quarantined objects of the given chunks, and why. */
export const quarantinedObjects = (
  project: string,
  source: string,
  first: string,
  last: string,
  chunks: readonly string[],
): Statement => ({
  sql: `
SELECT DISTINCT toString(day) AS folder, object, quarantined AS reason
${FOLDER_ACCOUNTS} AND quarantined != ''
ORDER BY folder, object`,
  params: { ...over(project, first, last), source, chunks },
});

export const dayAccounts = (project: string, day: string): Statement => ({
  sql: `
SELECT source AS table, generation, rows, loaded, duplicates
FROM daybook.accounts
WHERE project = {project:String} AND account = 'day' AND day = {day:Date}
ORDER BY source, generation DESC, at DESC
LIMIT 1 BY source, generation`,
  params: { project, day },
});

/** Selects the rejects of the given chunks, one record for each line. */
export const rejectsOf = (
  project: string,
  source: string,
  folder: string,
  chunks: readonly string[],
  most: number,
): Statement => ({
  sql: `
SELECT source, toString(day) AS folder, object, line, reason, text, text_bytes
FROM daybook.rejected_rows
WHERE project = {project:String} AND source = {source:String} AND day = {folder:Date}
  AND concat(toString(chunk), '/', toString(normalizer)) IN {chunks:Array(String)}
ORDER BY object, line
LIMIT 1 BY object, line
LIMIT {most:UInt64}`,
  params: { project, source, folder, chunks, most },
});

export const testResults = (project: string, day: string, generation: number): Statement => ({
  sql: `
SELECT test, toString(status) AS status, failing, sample
FROM daybook.test_results
WHERE project = {project:String} AND day = {day:Date} AND generation = {generation:UInt32}
ORDER BY test, at DESC
LIMIT 1 BY test`,
  params: { project, day, generation },
});

/**
 * Tests that each published day has passed as readers have it: those of its newest publish, and of later builds that found
 * nothing to publish.
 */
export const passedTests = (project: string, first: string, last: string): Statement => ({
  sql: `
SELECT passed.day AS day, groupUniqArrayArray(passed.tests) AS tests
FROM daybook.passed_tests AS passed
INNER JOIN (
  SELECT day, max(generation) AS newest FROM (${LATEST_PUBLISHES}) WHERE last = 'done' GROUP BY day
) AS published ON published.day = passed.day
WHERE passed.project = {project:String} AND passed.day BETWEEN {first:Date} AND {last_day:Date}
  AND (passed.generation = published.newest
    OR passed.generation > published.newest AND (passed.day, passed.generation) IN (
      SELECT day, generation FROM daybook.builds
      WHERE project = {project:String} AND day BETWEEN {first:Date} AND {last_day:Date} AND event = 'unchanged'))
GROUP BY day`,
  params: over(project, first, last),
});

/** Selects the highest format of any record. Fails if the tables do not exist yet. */
export const ledgerFormat = (): Statement => ({ sql: 'SELECT max(format) AS format FROM daybook.builds' });
