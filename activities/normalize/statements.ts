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
  /** How many have the number 0, because the SELECT changed their object or number. */
  strays: number;
  /** The highest number of these lines in their object, and the sums of their numbers and of the squares. */
  last: number;
  numbers: bigint;
  squares: bigint;
}

/** Counts the lines of a normalized chunk by object, fate and day; only rows have a day. */
export function countFates(bucket: EngineBucket, parquetKey: string, filled: readonly Column[]): Question<FateCount[]> {
  const input = objectTable(bucket, [parquetKey], 'Parquet', chunkStructure(filled), 'chunk');
  const statement = {
    sql: `SELECT _object AS object, if(_fate = 'rejected' AND match(_reason, '${OUTSIDE}'), 'outside', toString(_fate)) AS fate, ifNull(toString(\`day\`), '') AS day, count() AS lines, max(_line) AS last, countIf(_line = 0) AS strays, sum(_line) AS numbers, toString(sum(toUInt128(_line) * _line)) AS squares FROM ${input.sql} GROUP BY object, fate, day`,
    params: input.params,
  };
  type Sum = 'lines' | 'strays' | 'last' | 'numbers' | 'squares';
  return question(statement, (rows: readonly (Omit<FateCount, Sum> & Record<Sum, string>)[]) =>
    rows.map(({ lines, strays, last, numbers, squares, ...of }) => ({
      ...of,
      lines: Number(lines),
      strays: Number(strays),
      last: Number(last),
      numbers: BigInt(numbers),
      squares: BigInt(squares),
    })),
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
