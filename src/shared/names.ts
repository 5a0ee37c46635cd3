import { compactDay, type Day } from './day.js';

/** Names of everything that Daybook makes in ClickHouse and in the store. Each is found again from the project, day and generation. */

/** Scratch database of one build of one day. */
export const stageDatabase = (project: string, day: Day, generation: number): string =>
  `${stagePrefix(project, day)}${generation}`;

/** What the names of all stages of a day start with. */
export const stagePrefix = (project: string, day: Day): string => `${stagesPrefix(project)}${compactDay(day)}_`;

/** What the names of all stages of a project start with; so do the databases of a project whose name begins with this one's. */
export const stagesPrefix = (project: string): string => `daybook_${project}_`;

/** The day that a database is a stage of; undefined for any other database. */
export function dayOfStage(project: string, database: string): Day | undefined {
  const rest = database.startsWith(stagesPrefix(project)) ? database.slice(stagesPrefix(project).length) : '';
  const { year, month, date } = STAGE.exec(rest)?.groups ?? {};
  return year === undefined ? undefined : `${year}-${month}-${date}`;
}

const STAGE = /^(?<year>\d{4})(?<month>\d\d)(?<date>\d\d)_\d+$/;

/** Database of the project's archives. */
export const archiveDatabase = (project: string): string => `daybook_${project}_archive`;

/** A table's day as it stood before a generation was published, as one attempt archived it. The ledger says which one counts. */
export const archiveTable = (table: string, day: Day, generation: number, attempt: string): string =>
  attemptTable(`${table}__${compactDay(day)}__before_${generation}`, attempt);

const ARCHIVE = /^(?<table>.+)__(?<year>\d{4})(?<month>\d\d)(?<date>\d\d)__before_(?<generation>\d+)__/;

/** What the name of an archive says; undefined for any other table. */
export function readArchiveName(archive: string): { table: string; day: Day; generation: number } | undefined {
  const { table, year, month, date, generation } = ARCHIVE.exec(archive)?.groups ?? {};
  return table === undefined ? undefined : { table, day: `${year}-${month}-${date}`, generation: Number(generation) };
}

/**
 * Marks everything that one attempt at one activity of one run writes. Of the run's id its end is taken: such ids begin with a
 * time (UUID version 7), so that two runs of one minute begin alike.
 */
export const attemptName = (runId: string, activityId: string, attempt: number): string =>
  `${runId.slice(-12)}-${activityId}-${attempt}`;

/** Name of a table in a stage while an attempt fills it; its partition then goes under the table's own name. */
export const attemptTable = (table: string, attempt: string): string =>
  `${table}__${attempt.replaceAll(/[^A-Za-z0-9]/g, '_')}`;

/** Folder of a source's normalized chunks of one folder day, below the normalized prefix. */
export const normalizedFolder = (prefix: string, project: string, source: string, folder: Day): string =>
  `${prefix}${project}/${source}/${folder}/`;

export const manifestKey = (
  prefix: string,
  project: string,
  source: string,
  folder: Day,
  chunk: string,
  normalizer: string,
): string => `${normalizedFolder(prefix, project, source, folder)}${chunk}/${normalizer}.json`;

/** Named by attempt, so that a zombie can only leave an orphan. */
export const parquetKey = (
  prefix: string,
  project: string,
  source: string,
  folder: Day,
  chunk: string,
  normalizer: string,
  attempt: string,
): string => `${normalizedFolder(prefix, project, source, folder)}${chunk}/${normalizer}-${attempt}.parquet`;

/** The manifest of the chunk and normalizer that a Parquet object was written for; undefined for any other object. */
export function manifestOfParquet(key: string): string | undefined {
  const [, chunk] = /^(.*\/[0-9a-f]{32}\/[0-9a-f]{32})-[^/]*\.parquet$/s.exec(key) ?? [];
  return chunk === undefined ? undefined : `${chunk}.json`;
}

/** Where a raw object lies for a moment under a name that the engine can be asked about. */
export const describedKey = (prefix: string, project: string, source: string, attempt: string): string =>
  `${normalizedFolder(prefix, project, source, 'described')}${attempt}.parquet`;

/** Folder of all plans of a project, below the normalized prefix. */
export const plansFolder = (prefix: string, project: string): string => `${prefix}${project}/_plans/`;

/** Named by its own content, so that writing it twice is writing it once. */
export const planKey = (prefix: string, project: string, day: Day, generation: number, hash: string): string =>
  `${plansFolder(prefix, project)}${day}/${generation}-${hash}.json`;

/** What the engine says of a project's SQL, named by a hash of what that depends on. */
export const schemaKey = (prefix: string, project: string, hash: string): string =>
  `${schemasFolder(prefix, project)}${hash}.json`;

/** Folder of all kept schemas of a project, below the normalized prefix. */
export const schemasFolder = (prefix: string, project: string): string => `${prefix}${project}/_schemas/`;

/** The day of a plan; undefined for any other object. */
export const dayOfPlan = (key: string): Day | undefined =>
  /\/_plans\/(\d{4}-\d\d-\d\d)\/\d+-[0-9a-f]+\.json$/.exec(key)?.[1];

/** An object of the store, `s3://<bucket>/<key>`. */
export const objectUrl = (bucket: string, key: string): string => `s3://${bucket}/${key}`;

/** The two parts of what {@link objectUrl} gave. Throws `RangeError` for anything else. */
export function bucketAndKey(url: string): [bucket: string, key: string] {
  const [, bucket, key] = /^s3:\/\/([^/]+)\/(.+)$/s.exec(url) ?? [];
  if (bucket === undefined || key === undefined) throw new RangeError(`'${url}' is no s3://<bucket>/<key>`);
  return [bucket, key];
}

/** What the ids of all backfills of a project start with. */
export const backfillPrefix = (project: string): string => `daybook/${project}/backfill/`;

export const workflowId = {
  day: (project: string, day: Day): string => `daybook/${project}/day/${day}`,
  nightly: (project: string): string => `daybook/${project}/nightly`,
  backfill: (project: string, start: Day, end: Day): string => `${backfillPrefix(project)}${start}_${end}`,
};

export const taskQueue = {
  light: (project: string): string => `daybook-${project}`,
  heavy: (project: string): string => `daybook-${project}-heavy`,
};

export const scheduleId = (project: string): string => `daybook-${project}-nightly`;
