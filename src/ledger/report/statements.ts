import { readStatements } from '../../clickhouse/sql-file.js';
import type { Statement } from '../../clickhouse/statement.js';
import { literal } from '../../clickhouse/text.js';
import { over, READS } from '../statements.js';

/* Queries of people: reads over several days, and counts. Some are also used by nightly runs, none by the build of a day. */

const REPORTS = readStatements(new URL('statements.sql', import.meta.url), [
  'knownDays',
  'recordedDays',
  'pastBuilds',
  'chunksSince',
  'plans',
  'newestChunks',
  'nextCommands',
]);

/** Selects what readers have: for each table's day, the newest generation that is done and not undone. */
export const publishedTables = (project: string, first: string, last: string): Statement => ({
  sql: READS.publishedTables,
  params: over(project, first, last),
});

/** Selects what readers have and what it was made from; without the chunks, so that the result of years is small. */
export const publishedInputs = (project: string, first: string, last: string): Statement => ({
  sql: READS.publishedInputs,
  params: over(project, first, last),
});

/** Selects days with rows in a chunk that their build missed and a rebuild would use. */
export const unusedChunks = (project: string, first: string, last: string): Statement => ({
  sql: READS.unusedChunks,
  params: over(project, first, last),
});

/** Selects the first and the last day that was published. */
export const knownDays = (project: string): Statement => ({ sql: REPORTS.knownDays, params: { project } });

/** Selects the days with a recorded build, up to a day. */
export const recordedDays = (project: string, until: string): Statement => ({
  sql: REPORTS.recordedDays,
  params: { project, until },
});

/** Selects the newest published builds, and when they were planned and ended, in milliseconds. */
export const pastBuilds = (project: string, most: number): Statement => ({
  sql: REPORTS.pastBuilds,
  params: { project, most },
});

/** Selects the chunks that were normalized since a moment, with the bytes of their raw objects. */
export const chunksSince = (project: string, moment: number): Statement => ({
  sql: REPORTS.chunksSince,
  params: { project, moment },
});

/** Selects the plans of each day: of the newest build, and of the newest successful one. The URL is empty if there is none. */
export const plans = (project: string, first: string, last: string): Statement => ({
  sql: REPORTS.plans,
  params: over(project, first, last),
});

/** Selects, for each object of the folders, the chunk and normalizer that were recorded last. */
export const newestChunks = (project: string, source: string, first: string, last: string): Statement => ({
  sql: REPORTS.newestChunks,
  params: { ...over(project, first, last), source },
});

/** How the reason begins of an event whose only fault is that no day takes it; such lines do not count for `maxRejects`. */
const OUTSIDE = 'its day is outside of ';

/** Counts the lines whose only fault is their day. */
export const linesOutside = (reasons: readonly { reason: string; lines: number }[]): number =>
  reasons.filter(({ reason }) => reason.startsWith(OUTSIDE)).reduce((sum, { lines }) => sum + lines, 0);

/** A reason without the text of the line, so that lines with the same error are counted together. */
const FAULT = [
  [String.raw`(?s)^not a JSON object: '.*'$`, 'not a JSON object'],
  [String.raw`(?s): '.*?' does not fit `, ': does not fit '],
  [String.raw`\[(\d+|'[^']*')\]`, '[…]'],
  [String.raw`^day \S+ is outside of `, OUTSIDE],
  [String.raw`^day \S+ or (earlier|later) is outside of `, 'its day is far outside of '],
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
  sql: REPORTS.nextCommands,
  params: { project, day, generation },
});
