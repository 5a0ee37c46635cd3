import type { Statement } from '../clickhouse/statement.js';
import { literal } from '../clickhouse/text.js';
import { LATEST_PUBLISHES, over } from './statements.js';

/* Queries of people: reads over several days, and counts. Some are also used by nightly runs, none by the build of a day. */

/** Selects what readers have: for each table's day, the newest generation that is done and not undone. */
export const publishedTables = (project: string, first: string, last: string): Statement => ({
  sql: `
SELECT day, table, generation, rows, code, data, last_at AS at
FROM (${LATEST_PUBLISHES})
WHERE last = 'done'
ORDER BY day, table, generation DESC
LIMIT 1 BY day, table`,
  params: over(project, first, last),
});

/** Selects what readers have and what it was made from; without the chunks, so that the result of years is small. */
export const publishedInputs = (project: string, first: string, last: string): Statement => ({
  sql: `
SELECT day, table, code, data, inputs
FROM (${LATEST_PUBLISHES})
WHERE last = 'done'
ORDER BY day, table, generation DESC
LIMIT 1 BY day, table`,
  params: over(project, first, last),
});

/** Objects by key and ETag, in one order: what a chunk holds, however it is called. */
const HELD = "arraySort(arrayMap(object -> concat(object.key, ' ', object.etag), objects))";

/**
 * Days that a chunk with rows for them missed: it was recorded after their build was planned. A day that is listed again sees it
 * anyway; this finds those that nobody lists. A chunk of objects that the day was built from in other chunks brings nothing new:
 * another build grouped them differently meanwhile. Only a later chunk of the very same objects takes the place of the one that
 * was used, because its rejects were processed again.
 */
export const unusedChunks = (project: string, first: string, last: string): Statement => ({
  sql: `
SELECT DISTINCT day, table
FROM (
  SELECT published.day AS day, published.table AS table, recorded.chunk AS chunk,
    recorded.held AS held, recorded.recorded_at AS recorded_at, arrayJoin(if(empty(published.chunks), [''], published.chunks)) AS used
  FROM (
    SELECT day, table, generation, arrayMap(chunk -> toString(chunk), chunks) AS chunks FROM (${LATEST_PUBLISHES})
    WHERE last = 'done'
    ORDER BY day, table, generation DESC
    LIMIT 1 BY day, table
  ) AS published
  INNER JOIN (
    SELECT day, generation, min(at) AS at FROM daybook.builds
    WHERE project = {project:String} AND event = 'planned' AND day BETWEEN {first:Date} AND {last_day:Date}
    GROUP BY day, generation
  ) AS planned ON planned.day = published.day AND planned.generation = published.generation
  INNER JOIN (
    SELECT source, chunk, recorded_at, held, arrayJoin(mapKeys(mapFilter((of, lines) -> lines > 0, by_day))) AS day FROM (
      SELECT source, toString(chunk) AS chunk, min(at) AS recorded_at, any(rows_by_day) AS by_day, any(${HELD}) AS held FROM daybook.chunks
      WHERE project = {project:String}
      GROUP BY source, folder, chunk
    )
  ) AS recorded ON recorded.source = published.table AND recorded.day = published.day
  WHERE recorded.recorded_at > planned.at AND NOT has(published.chunks, recorded.chunk)
) AS missed
LEFT JOIN (
  SELECT source, toString(chunk) AS chunk, min(at) AS recorded_at, any(${HELD}) AS held FROM daybook.chunks
  WHERE project = {project:String}
  GROUP BY source, chunk
) AS made ON made.source = missed.table AND made.chunk = missed.used
GROUP BY day, table, missed.chunk, missed.held, missed.recorded_at
HAVING NOT hasAll(groupUniqArrayArray(made.held), missed.held)
  OR countIf(made.held = missed.held AND made.recorded_at < missed.recorded_at) > 0
ORDER BY day, table`,
  params: over(project, first, last),
});

/** Selects the first and the last day with a recorded build, up to a day. */
export const knownDays = (project: string, until: string): Statement => ({
  sql: 'SELECT min(day) AS first, max(day) AS last, count() AS records FROM daybook.builds WHERE project = {project:String} AND day <= {until:Date}',
  params: { project, until },
});

/** Selects the newest published builds, and when they were planned and ended, in milliseconds. */
export const pastBuilds = (project: string, most: number): Statement => ({
  sql: `
SELECT day, toUnixTimestamp64Milli(minIf(at, event = 'planned')) AS begun, toUnixTimestamp64Milli(maxIf(at, event = 'published')) AS ended
FROM daybook.builds
WHERE project = {project:String}
GROUP BY day, generation
HAVING countIf(event = 'planned') > 0 AND countIf(event = 'published') > 0
ORDER BY ended DESC
LIMIT {most:UInt32}`,
  params: { project, most },
});

/** Selects the chunks that were normalized since a moment, with the bytes of their raw objects. */
export const chunksSince = (project: string, moment: number): Statement => ({
  sql: `
SELECT folder, toUnixTimestamp64Milli(at) AS made, arraySum(object -> object.size, objects) AS bytes
FROM daybook.chunks
WHERE project = {project:String} AND at >= fromUnixTimestamp64Milli({moment:Int64}, 'UTC')`,
  params: { project, moment },
});

/** Selects the plans of each day: of the newest build, and of the newest successful one. The URL is empty if there is none. */
export const plans = (project: string, first: string, last: string): Statement => ({
  sql: `
SELECT day,
  argMaxIf((plan, generation), (generation, at), plan != '') AS newest,
  argMaxIf((plan, generation), (generation, at), plan != '' AND event IN ('published', 'unchanged')) AS whole
FROM daybook.builds
WHERE project = {project:String} AND day BETWEEN {first:Date} AND {last_day:Date}
GROUP BY day
ORDER BY day`,
  params: over(project, first, last),
});

/** Selects, for each object of the folders, the chunk and normalizer that were recorded last. */
export const newestChunks = (project: string, source: string, first: string, last: string): Statement => ({
  sql: `
SELECT DISTINCT folder, newest.1 AS id, newest.2 AS normalizer FROM (
  SELECT day AS folder, object, argMax((chunk, normalizer), at) AS newest
  FROM daybook.accounts
  WHERE project = {project:String} AND account = 'folder' AND source = {source:String} AND day BETWEEN {first:Date} AND {last_day:Date}
  GROUP BY folder, object
)
ORDER BY folder, id`,
  params: { ...over(project, first, last), source },
});

/** A reason without the text of the line, so that lines with the same error are counted together. */
const FAULT = [
  [String.raw`(?s)^not a JSON object: '.*'$`, 'not a JSON object'],
  [String.raw`(?s): '.*?' does not fit `, ': does not fit '],
  [String.raw`\[(\d+|'[^']*')\]`, '[…]'],
  [String.raw`^day \S+( or earlier| or later)? is outside of `, 'its day is outside of '],
].reduce((text, [found = '', kept = '']) => `replaceRegexpAll(${text}, ${literal(found)}, ${literal(kept)})`, 'reason');

/** Faults of a line's columns, each by itself; a reason of the user's own is one. */
const FAULTS = `if(match(fault, '^\\S+: (does not fit|missing|no such column)'), arrayDistinct(splitByString('; ', fault)), [fault])`;

/** How many lines of the chunks were rejected, by fault, the most frequent first. A line with two faults counts for both. */
export const rejectReasons = (
  project: string,
  source: string,
  folder: string,
  chunks: readonly string[],
): Statement => ({
  sql: `
SELECT arrayJoin(${FAULTS}) AS reason, count() AS lines FROM (
  SELECT object, line, any(${FAULT}) AS fault
  FROM daybook.rejected_rows
  WHERE project = {project:String} AND source = {source:String} AND day = {folder:Date}
    AND concat(toString(chunk), '/', toString(normalizer)) IN {chunks:Array(String)}
  GROUP BY object, line
)
GROUP BY reason
ORDER BY lines DESC, reason`,
  params: { project, source, folder, chunks },
});

/** What the reason of a build names to run next. */
export const nextCommands = (project: string, day: string, generation: number): Statement => ({
  sql: `
SELECT argMax(commands, at) AS commands
FROM daybook.next_commands
WHERE project = {project:String} AND day = {day:Date} AND generation = {generation:UInt32}`,
  params: { project, day, generation },
});
