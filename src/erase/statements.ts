import type { Column } from '../clickhouse/column.js';
import { objectTable, type EngineBucket } from '../clickhouse/object-table.js';
import type { Statement } from '../clickhouse/statement.js';
import type { Place } from '../clickhouse/tables.js';
import { names, table } from '../clickhouse/text.js';
import { chunkStructure, filledColumns } from '../conversions/chunk-columns.js';
import type { PlannedSource } from '../plan/plan.js';
import { readRejects } from '../raw/lines.js';
import { fittedSteps } from '../raw/normalize.js';

/** The condition names a person, and must not stay in the server's log. */
const UNLOGGED = { log_queries: 0 };

/**
 * True where the condition holds; a NULL is not a match. Always inside a subquery without aliases: an alias of the same name would hide
 * a column of the condition.
 */
const selectsRows = (where: string) => `ifNull((${where}\n), 0)`;

/** Selects what an erasure had found when it began; no row if it begins now. */
export const begunErasure = (project: string, id: string): Statement => ({
  sql: `
SELECT arraySort(groupUniqArrayArray(days)) AS days, max(rows) AS rows
FROM daybook.erasures WHERE project = {project:String} AND id = {id:String} AND event = 'begun'
HAVING count() > 0`,
  params: { project, id },
});

/** Selects the time as the ledger prints it. */
export const timeNow: Statement = { sql: "SELECT toString(now64(3, 'UTC')) AS at" };

/** Counts the rows that match, by day; of one day if it is given. */
export const matchingDays = ({ database, table: of }: Place, where: string, day?: string): Statement => ({
  sql: `SELECT toString(\`day\`) AS day, count() AS rows FROM (SELECT \`day\` FROM ${table(database, of)} WHERE ${selectsRows(where)}${day === undefined ? '' : ' AND `day` = {day:Date}'}) GROUP BY day ORDER BY day`,
  ...(day === undefined ? {} : { params: { day } }),
  settings: UNLOGGED,
});

/** Selects the raw objects that rows come from, of a table that stores them. */
export const matchingObjects = ({ database, table: of }: Place, where: string): Statement => ({
  sql: `SELECT DISTINCT \`_object\` AS object FROM (SELECT \`_object\` FROM ${table(database, of)} WHERE ${selectsRows(where)}) ORDER BY object`,
  settings: UNLOGGED,
});

/** Copies the rows of a day that do not match. */
export const copyOthers = (
  target: Place,
  live: Place,
  columns: readonly string[],
  day: string,
  where: string,
): Statement => ({
  sql: `
INSERT INTO ${table(target.database, target.table)} (${names(columns)})
SELECT ${names(columns)} FROM ${table(live.database, live.table)} WHERE \`day\` = {day:Date} AND NOT ${selectsRows(where)}`,
  params: { day },
  settings: UNLOGGED,
});

/** Selects the normalized objects that hold matching rows, with the raw object of each. */
export function matchingChunks(
  bucket: EngineBucket,
  parquetKeys: readonly string[],
  { source, columns }: Normalized,
  where: string,
): Statement {
  const structure = chunkStructure(filledColumns(columns, source.selected));
  const input = objectTable(bucket, parquetKeys, 'Parquet', structure, 'chunk');
  return {
    sql: `SELECT DISTINCT substring(__path, {bucket_chars:UInt64} + 2) AS parquet, _object AS object FROM (SELECT _path AS __path, _object FROM ${input.sql} WHERE _fate = 'row' AND ${selectsRows(where)})`,
    params: { ...input.params, bucket_chars: bucket.name.length },
    settings: UNLOGGED,
  };
}

/** A normalized table: how its source is read, and its columns. */
export interface Normalized {
  source: Pick<PlannedSource, 'name' | 'contract' | 'select' | 'selected' | 'constraints'>;
  columns: readonly Column[];
}

/** Rejects found or removed by one statement. */
export const REJECTS_AT_ONCE = 10_000;

/**
 * Selects the first rejected lines that match: as the normalizing SELECT reads them now, or because they contain a text. A line that
 * cannot be read at all matches no condition.
 */
export function matchingRejects(
  project: string,
  { source, columns }: Normalized,
  { where, text }: { where: string; text: string | undefined },
): Statement {
  const input = readRejects(project, source.name, source.contract);
  const contains = text === undefined ? '' : ' OR position(__source.text, {contains:String}) > 0';
  return {
    sql: `
WITH${fittedSteps({ source, columns, input })}
SELECT DISTINCT _object AS object, _line AS line
FROM (
  SELECT _object, _line
  FROM (SELECT *, __source.object AS _object, __source.line AS _line FROM __fitted)
  WHERE ${selectsRows(where)}${contains}
)
ORDER BY object, line
LIMIT ${REJECTS_AT_ONCE}`,
    params: { ...input.params, ...(text === undefined ? {} : { contains: text }) },
    settings: { ...input.settings, ...UNLOGGED },
  };
}

/** A rejected line. */
export interface RejectedLine {
  object: string;
  line: number;
}

const THESE = 'has(arrayZip({objects:Array(String)}, {lines:Array(UInt64)}), (object, line))';

const these = (project: string, source: string, lines: readonly RejectedLine[]) => ({
  project,
  source,
  objects: lines.map(({ object }) => object),
  lines: lines.map(({ line }) => line),
});

/** Selects the chunks of rejected lines: their normalized objects hold the lines, too. */
export const chunksOfRejects = (project: string, source: string, lines: readonly RejectedLine[]): Statement => ({
  sql: `
SELECT DISTINCT toString(day) AS folder, toString(chunk) AS chunk
FROM daybook.rejected_rows
WHERE project = {project:String} AND source = {source:String} AND ${THESE}`,
  params: these(project, source, lines),
});

/** Counts the rejected lines of a source, each once. */
export const countRejects = (project: string, source: string): Statement => ({
  sql: `
SELECT uniqExact(object, line) AS lines FROM daybook.rejected_rows
WHERE project = {project:String} AND source = {source:String}`,
  params: { project, source },
});

/** Removes rejected lines from the ledger, and waits until they are gone. */
export const eraseRejects = (project: string, source: string, lines: readonly RejectedLine[]): Statement => ({
  sql: `
ALTER TABLE daybook.rejected_rows DELETE
WHERE project = {project:String} AND source = {source:String} AND ${THESE}
SETTINGS mutations_sync = 1`,
  params: these(project, source, lines),
});
