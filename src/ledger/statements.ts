import { readFileSync } from 'node:fs';
import { readStatements, statementsIn } from '../clickhouse/sql-file.js';
import type { Statement } from '../clickhouse/statement.js';

/** Format of the ledger's tables; a worker refuses a newer one. */
export const LEDGER_FORMAT = 1;

/** Reads the ledger's definition, statement by statement. */
export const ledgerDefinition = (): Statement[] =>
  statementsIn(readFileSync(new URL('tables.sql', import.meta.url), 'utf8')).map((sql) => ({ sql }));

/** Every read of publishes starts from `latestPublishes`. */
export const READS = readStatements(new URL('reads.sql', import.meta.url), [
  'latestPublishes',
  'knownPublishes',
  'currentPublishes',
  'openIntents',
  'standingPublishes',
  'publishesOf',
  'archives',
  'holds',
  'lastGeneration',
  'latestBuilds',
  'chunksOf',
  'folderAnswers',
  'folderAccounts',
  'quarantinedObjects',
  'dayAccounts',
  'rejectsOf',
  'testResults',
  'ledgerFormat',
  'publishedTables',
  'publishedInputs',
  'unusedChunks',
  'publishHistory',
  'passedTests',
  'owner',
  'builtBefore',
]);

/** Returns the parameters of a query over the days `first` to `last`. */
export const over = (project: string, first: string, last: string) => ({ project, first, last_day: last });

/** Selects what readers have: for each table's day, the newest generation that is done and not undone. */
export const currentPublishes = (project: string, first: string, last: string): Statement => ({
  sql: READS.currentPublishes,
  params: over(project, first, last),
});

/** Selects unfinished publishes and rollbacks. */
export const openIntents = (project: string, first: string, last: string): Statement => ({
  sql: READS.openIntents,
  params: over(project, first, last),
});

/** Selects both of the above: what readers have, and unfinished publishes. */
export const standingPublishes = (project: string, first: string, last: string): Statement => ({
  sql: READS.standingPublishes,
  params: over(project, first, last),
});

/** Selects all tables of one publish, each with its latest event, upstream first. */
export const publishesOf = (project: string, day: string, generation: number): Statement => ({
  sql: READS.publishesOf,
  params: { ...over(project, day, day), generation },
});

/** Selects every publish of a day, oldest first, each with its latest event and the moment since which readers had it. */
export const publishHistory = (project: string, day: string): Statement => ({
  sql: READS.publishHistory,
  params: over(project, day, day),
});

/** Selects all archives that a publish names, with the latest event of that publish. */
export const archives = (project: string, first: string, last: string): Statement => ({
  sql: READS.archives,
  params: over(project, first, last),
});

/** Selects the days that are held, since when and why. */
export const holds = (project: string, first: string, last: string): Statement => ({
  sql: READS.holds,
  params: over(project, first, last),
});

export const lastGeneration = (project: string, day: string): Statement => ({
  sql: READS.lastGeneration,
  params: { project, day },
});

/** Selects the last event of the newest build of each day. */
export const latestBuilds = (project: string, first: string, last: string): Statement => ({
  sql: READS.latestBuilds,
  params: over(project, first, last),
});

/** Selects all chunks of some folders in order of first record, one row for each normalizer. */
export const chunksOf = (project: string, source: string, first: string, last: string): Statement => ({
  sql: READS.chunksOf,
  params: { ...over(project, first, last), source },
});

const ofWindow = (n: number) =>
  `(source = {source_${n}:String} AND folder BETWEEN {first_${n}:Date} AND {last_${n}:Date})`;

/** Selects the same for the folders of several sources; without objects, of which there may be many, if only rows matter. */
export const chunksOfWindows = (
  project: string,
  windows: readonly { source: string; first: string; last: string }[],
  { objects = true }: { objects?: boolean } = {},
): Statement => ({
  sql: `
SELECT source, folder, chunk, normalizer, ${objects ? 'any(objects)' : '[]'} AS objects, any(rows_by_day) AS rows_by_day, min(at) AS first_at
FROM daybook.chunks
WHERE project = {project:String} AND (${['false', ...windows.map((_, n) => ofWindow(n))].join(' OR ')})
GROUP BY source, folder, chunk, normalizer
ORDER BY source, folder, first_at, chunk`,
  params: {
    project,
    ...Object.fromEntries(
      windows.flatMap(({ source, first, last }, n) => [
        [`source_${n}`, source],
        [`first_${n}`, first],
        [`last_${n}`, last],
      ]),
    ),
  },
});

/** Selects the decisions about the folders of a day, oldest first. */
export const folderAnswers = (project: string, source: string, day: string): Statement => ({
  sql: READS.folderAnswers,
  params: { project, source, day },
});

/** Selects the folder account of each object of the given chunks and normalizers. */
export const folderAccounts = (
  project: string,
  source: string,
  first: string,
  last: string,
  chunks: readonly string[],
): Statement => ({
  sql: READS.folderAccounts,
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
  sql: READS.quarantinedObjects,
  params: { ...over(project, first, last), source, chunks },
});

export const dayAccounts = (project: string, day: string): Statement => ({
  sql: READS.dayAccounts,
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
  sql: READS.rejectsOf,
  params: { project, source, folder, chunks, most },
});

export const testResults = (project: string, day: string, generation: number): Statement => ({
  sql: READS.testResults,
  params: { project, day, generation },
});

/** Selects the tests that each published day passed as readers have it. */
export const passedTests = (project: string, first: string, last: string): Statement => ({
  sql: READS.passedTests,
  params: over(project, first, last),
});

/** Selects the project that a name belongs to. */
export const owner = (project: string): Statement => ({ sql: READS.owner, params: { project } });

/** Selects the bucket that builds from before such records used. */
export const builtBefore = (project: string): Statement => ({ sql: READS.builtBefore, params: { project } });

/** Selects the highest format of any record. Fails if the tables do not exist yet. */
export const ledgerFormat = (): Statement => ({ sql: READS.ledgerFormat });
