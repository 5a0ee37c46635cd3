import type { Column } from '../../src/clickhouse/column.js';
import { objectTable, type EngineBucket } from '../../src/clickhouse/object-table.js';
import { question, type Question } from '../../src/clickhouse/question.js';
import type { Statement } from '../../src/clickhouse/statement.js';
import { chunkStructure } from '../../src/conversions/chunk-columns.js';

/** Reasons of lines whose only fault is that their day is none that the folder may hold. */
const OUTSIDE = '^day [0-9-]+ is outside of what folder ';

/** Count of an object's lines with one fate; rows are counted by day. */
export interface FateCount {
  object: string;
  fate: 'row' | 'rejected' | 'outside' | 'skipped' | 'blank';
  day: string;
  lines: number;
  /** The highest number of these lines in their object, and the sum of their numbers. */
  last: number;
  numbers: bigint;
}

/** Counts the lines of a normalized chunk by object, fate and day; only rows have a day. */
export function countFates(bucket: EngineBucket, parquetKey: string, filled: readonly Column[]): Question<FateCount[]> {
  const input = objectTable(bucket, [parquetKey], 'Parquet', chunkStructure(filled), 'chunk');
  const statement = {
    sql: `SELECT _object AS object, if(_fate = 'rejected' AND match(_reason, '${OUTSIDE}'), 'outside', toString(_fate)) AS fate, ifNull(toString(\`day\`), '') AS day, count() AS lines, max(_line) AS last, sum(_line) AS numbers FROM ${input.sql} GROUP BY object, fate, day`,
    params: input.params,
  };
  type Row = Omit<FateCount, 'lines' | 'last' | 'numbers'> & { lines: string; last: string; numbers: string };
  return question(statement, (rows: readonly Row[]) =>
    rows.map((row) => ({ ...row, lines: Number(row.lines), last: Number(row.last), numbers: BigInt(row.numbers) })),
  );
}

/** Copies a chunk's rejects into the ledger. Idempotent: reads take one record for each line. */
export function recordRejects(
  bucket: EngineBucket,
  parquetKey: string,
  filled: readonly Column[],
  of: { project: string; source: string; folder: string; chunk: string; normalizer: string },
): Statement {
  const input = objectTable(bucket, [parquetKey], 'Parquet', chunkStructure(filled), 'chunk');
  return {
    sql: `
INSERT INTO daybook.rejected_rows (project, source, day, chunk, normalizer, object, line, reason, text, text_bytes)
SELECT {project:String}, {source:String}, {folder:Date}, {chunk_id:String}, {normalizer:String}, _object, _line, _reason, _text, _text_bytes
FROM ${input.sql}
WHERE _fate = 'rejected'`,
    params: {
      ...input.params,
      project: of.project,
      source: of.source,
      folder: of.folder,
      chunk_id: of.chunk,
      normalizer: of.normalizer,
    },
  };
}
