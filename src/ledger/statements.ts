import { readFileSync } from 'node:fs';
import { readStatements, statementsIn } from '../clickhouse/sql-file.js';
import { plainSelect, selectOf, type Statement } from '../clickhouse/statement.js';

/** Format of the ledger's tables; a worker refuses a newer one. */
export const LEDGER_FORMAT = 1;

/** Reads the ledger's definition, statement by statement. */
export const ledgerDefinition = (): Statement[] =>
  statementsIn(readFileSync(new URL('tables.sql', import.meta.url), 'utf8')).map((sql) => ({ sql }));

export const READS = readStatements(new URL('reads.sql', import.meta.url), [
  'publishRows',
  'publishEvents',
  'reproducedRows',
  'buildRows',
  'holdRows',
  'passedRows',
  'ownerRows',
  'latestPublishes',
  'knownPublishes',
  'currentPublishes',
  'openIntents',
  'latestBuilds',
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
  'builtBefore',
  'planOfBuild',
]);

/** Returns the parameters of a query over the days `first` to `last`. */
export const over = (project: string, first: string, last: string) => ({ project, first, last_day: last });

/** Selects all records of publishes of some days. */
export const publishRows = (project: string, first: string, last: string): Statement => ({
  ...plainSelect(READS.publishRows),
  params: over(project, first, last),
});

/** Selects the same without hashes, and without what the tables were made from. */
export const publishEvents = (project: string, first: string, last: string): Statement => ({
  ...plainSelect(READS.publishEvents),
  params: over(project, first, last),
});

/** Selects all records of builds that gave the rows of a publish again. */
export const reproducedRows = (project: string, first: string, last: string): Statement => ({
  ...plainSelect(READS.reproducedRows),
  params: over(project, first, last),
});

/** Selects all records of builds of a day. */
export const buildRows = (project: string, day: string): Statement => ({
  ...plainSelect(READS.buildRows),
  params: { project, day },
});

/** Selects all records that hold days, or release them. */
export const holdRows = (project: string, first: string, last: string): Statement => ({
  ...plainSelect(READS.holdRows),
  params: over(project, first, last),
});

/** Selects the tests that builds of a day have passed. */
export const passedRows = (project: string, day: string): Statement => ({
  ...plainSelect(READS.passedRows),
  params: { project, day },
});

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

/** Selects every publish of a day, oldest first, each with its latest event and the moment since which readers had it. */
export const publishHistory = (project: string, day: string): Statement => ({
  sql: READS.publishHistory,
  params: over(project, day, day),
});

/** Selects the last event of the newest build of each day. */
export const latestBuilds = (project: string, first: string, last: string): Statement => ({
  sql: READS.latestBuilds,
  params: over(project, first, last),
});

const ofWindow = (n: number) =>
  `(source = {source_${n}:String} AND folder BETWEEN {first_${n}:Date} AND {last_${n}:Date})`;

/** Selects all records of chunks of folders of some sources; without objects, of which there may be many, if only rows matter. */
export const chunkRows = (
  project: string,
  windows: readonly { source: string; first: string; last: string }[],
  { objects = true }: { objects?: boolean } = {},
): Statement => ({
  ...selectOf(
    `source, folder, chunk, normalizer, ${objects ? 'objects' : '[] AS objects'}, rows_by_day, at`,
    `FROM daybook.chunks WHERE project = {project:String} AND (${['false', ...windows.map((_, n) => ofWindow(n))].join(' OR ')})`,
  ),
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

/** Selects the projects that a name has belonged to. */
export const ownerRows = (project: string): Statement => ({
  ...plainSelect(READS.ownerRows),
  params: { project },
});

/** Selects the bucket that builds from before such records used. */
export const builtBefore = (project: string): Statement => ({ sql: READS.builtBefore, params: { project } });

/** Selects the highest format of any record. Fails if the tables do not exist yet. */
export const ledgerFormat = (): Statement => plainSelect(READS.ledgerFormat);

/** Selects the plan of one build. */
export const planOfBuild = (project: string, day: string, generation: number): Statement => ({
  sql: READS.planOfBuild,
  params: { project, day, generation },
});
