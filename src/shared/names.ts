import { compactDay, type Day } from './day.js';

/* Names of everything that Daybook creates in ClickHouse, S3 and Temporal. All derive from the project, the day and the generation. */

/** Names the stage, the scratch database of one build of one day. */
export const stageDatabase = (project: string, day: Day, generation: number): string =>
  `${stagePrefix(project, day)}${generation}`;

/** Returns the prefix of all stages of a day. */
export const stagePrefix = (project: string, day: Day): string => `${stagesPrefix(project)}${compactDay(day)}_`;

/** Returns the prefix of all stages of a project; databases of a project whose name begins with this one's have it too. */
export const stagesPrefix = (project: string): string => `daybook_${project}_`;

/** Returns the day of a stage; undefined for any other database. */
export function dayOfStage(project: string, database: string): Day | undefined {
  const rest = database.startsWith(stagesPrefix(project)) ? database.slice(stagesPrefix(project).length) : '';
  const { year, month, date } = STAGE.exec(rest)?.groups ?? {};
  return year === undefined ? undefined : `${year}-${month}-${date}`;
}

const STAGE = /^(?<year>\d{4})(?<month>\d\d)(?<date>\d\d)_\d+$/;

/** Names the database of the project's archives. */
export const archiveDatabase = (project: string): string => `daybook_${project}_archive`;

/** Names the archive of a table's day from before a generation was published, made by one attempt. The ledger says which one counts. */
export const archiveTable = (table: string, day: Day, generation: number, attempt: string): string =>
  attemptTable(`${table}__${compactDay(day)}__before_${generation}`, attempt);

/** Returns what the names of all archives of a day contain. */
export const archivePart = (day: Day): string => `__${compactDay(day)}__before_`;

const ARCHIVE = /^(?<table>.+)__(?<year>\d{4})(?<month>\d\d)(?<date>\d\d)__before_(?<generation>\d+)__/;

/** Parses the name of an archive; undefined for any other table. */
export function readArchiveName(archive: string): { table: string; day: Day; generation: number } | undefined {
  const { table, year, month, date, generation } = ARCHIVE.exec(archive)?.groups ?? {};
  return table === undefined ? undefined : { table, day: `${year}-${month}-${date}`, generation: Number(generation) };
}

/**
 * Names one attempt of one activity of one run; part of the names of everything that it writes. Uses the end of the run id: the
 * beginning is a time (UUID version 7), which is the same for runs of the same minute.
 */
export const attemptName = (runId: string, activityId: string, attempt: number): string =>
  `${runId.slice(-12)}-${activityId}-${attempt}`;

/** Names a table in a stage while an attempt fills it; its partition is then moved to the table's own name. */
export const attemptTable = (table: string, attempt: string): string =>
  `${table}__${attempt.replaceAll(/[^A-Za-z0-9]/g, '_')}`;

/** Returns the folder of a source's normalized chunks of one folder day, below the normalized prefix. */
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

/** Names a chunk's Parquet object by attempt, so that a zombie attempt can only leave an orphan. */
export const parquetKey = (
  prefix: string,
  project: string,
  source: string,
  folder: Day,
  chunk: string,
  normalizer: string,
  attempt: string,
): string => `${normalizedFolder(prefix, project, source, folder)}${chunk}/${normalizer}-${attempt}.parquet`;

/** Returns the manifest key that belongs to a chunk's Parquet object; undefined for any other object. */
export function manifestOfParquet(key: string): string | undefined {
  const [, chunk] = /^(.*\/[0-9a-f]{32}\/[0-9a-f]{32})-[^/]*\.parquet$/s.exec(key) ?? [];
  return chunk === undefined ? undefined : `${chunk}.json`;
}

/** Names the temporary copy of a raw object whose own key ClickHouse cannot describe. */
export const describedKey = (prefix: string, project: string, source: string, attempt: string): string =>
  `${normalizedFolder(prefix, project, source, 'described')}${attempt}.parquet`;

/** Returns the folder of all plans of a project, below the normalized prefix. */
export const plansFolder = (prefix: string, project: string): string => `${prefix}${project}/_plans/`;

/** Names a plan by its content, so that writing it is idempotent. */
export const planKey = (prefix: string, project: string, day: Day, generation: number, hash: string): string =>
  `${plansFolder(prefix, project)}${day}/${generation}-${hash}.json`;

/** Names the objects of one of the chunks that a plan of many objects is to normalize. */
export const planPartKey = (plan: string, position: number): string => plan.replace(/\.json$/, `-${position}.json`);

/** Returns the key of a cached schema, named by a hash of everything that it depends on. */
export const schemaKey = (prefix: string, project: string, hash: string): string =>
  `${schemasFolder(prefix, project)}${hash}.json`;

/** Returns the folder of all cached schemas of a project, below the normalized prefix. */
export const schemasFolder = (prefix: string, project: string): string => `${prefix}${project}/_schemas/`;

/** Returns the day of a plan, or of a part of one; undefined for any other object. */
export const dayOfPlan = (key: string): Day | undefined =>
  /\/_plans\/(\d{4}-\d\d-\d\d)\/\d+-[0-9a-f]+(?:-\d+)?\.json$/.exec(key)?.[1];

/** Writes the URL of an object, `s3://<bucket>/<key>`. */
export const objectUrl = (bucket: string, key: string): string => `s3://${bucket}/${key}`;

/** Splits a URL of {@link objectUrl} into its two parts. Throws `RangeError` for anything else. */
export function bucketAndKey(url: string): [bucket: string, key: string] {
  const [, bucket, key] = /^s3:\/\/([^/]+)\/(.+)$/s.exec(url) ?? [];
  if (bucket === undefined || key === undefined) throw new RangeError(`'${url}' is not s3://<bucket>/<key>`);
  return [bucket, key];
}

/** Returns the prefix of the ids of all backfills of a project. */
export const backfillPrefix = (project: string): string => `daybook/${project}/backfill/`;

/** True for the id of a backfill, of any project. */
export const isBackfill = (id: string): boolean => /^daybook\/[^/]+\/backfill\//.test(id);

export const workflowId = {
  day: (project: string, day: Day): string => `daybook/${project}/day/${day}`,
  nightly: (project: string): string => `daybook/${project}/nightly`,
  backfill: (project: string, start: Day, end: Day): string => `${backfillPrefix(project)}${start}_${end}`,
  erase: (project: string, id: string): string => `daybook/${project}/erase/${id}`,
};

export const taskQueue = {
  light: (project: string): string => `daybook-${project}`,
  heavy: (project: string): string => `daybook-${project}-heavy`,
};

/**
 * What a worker can continue that others have begun, as a number that grows. Workers name it to Temporal, which lists it with them but
 * routes nothing by it; those of before name none, which counts as 1. Since 2 they read plans in parts, and replay backfills that leave
 * out days which are up to date. Since 3 they replay days whose steps share activities. Since 4 they read plans with the history of a day,
 * and erase days that an erasure finds at its end.
 */
export const WORKER_BUILD = 4;

/** Names a build to Temporal. */
export const buildName = (build: number): string => `daybook-${build}`;

/** Returns the build that a worker has named. */
export const buildOfName = (name: string): number => Number(/^daybook-(\d+)$/.exec(name)?.[1] ?? 1);

/** Search attributes of every workflow; all are Keywords. */
export const SEARCH_ATTRIBUTE = {
  project: 'DaybookProject',
  day: 'DaybookDay',
  outcome: 'DaybookOutcome',
  kind: 'DaybookKind',
} as const;

export const SEARCH_ATTRIBUTES = Object.values(SEARCH_ATTRIBUTE);

/** Names a table's day, in maps and in the inputs that the ledger records. */
export const tableDay = (table: string, day: Day): string => `${table}@${day}`;

export const scheduleId = (project: string): string => `daybook-${project}-nightly`;
