import { compactDay, type Day } from './day.js';

/** Names of everything that Daybook makes in ClickHouse and in the store. Each is found again from the project, day and generation. */

/** Scratch database of one build of one day. */
export const stageDatabase = (project: string, day: Day, generation: number): string =>
  `${stagePrefix(project, day)}${generation}`;

/** What the names of all stages of a day start with. */
export const stagePrefix = (project: string, day: Day): string => `daybook_${project}_${compactDay(day)}_`;

/** Database of the project's archives. */
export const archiveDatabase = (project: string): string => `daybook_${project}_archive`;

/** A table's day as it stood before a generation was published. */
export const archiveTable = (table: string, day: Day, generation: number): string =>
  `${table}__${compactDay(day)}__before_${generation}`;

/** Name of a table in a stage while an attempt fills it; the finished table is exchanged into its own name. */
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

/** Named by its own content, so that writing it twice is writing it once. */
export const planKey = (prefix: string, project: string, day: Day, generation: number, hash: string): string =>
  `${prefix}${project}/_plans/${day}/${generation}-${hash}.json`;

export const workflowId = {
  day: (project: string, day: Day): string => `daybook/${project}/day/${day}`,
  nightly: (project: string): string => `daybook/${project}/nightly`,
};

export const taskQueue = {
  light: (project: string): string => `daybook-${project}`,
  heavy: (project: string): string => `daybook-${project}-heavy`,
};

export const scheduleId = (project: string): string => `daybook-${project}-nightly`;
