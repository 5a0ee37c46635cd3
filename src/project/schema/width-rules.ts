import type { Column } from '../../clickhouse/column.js';
import { readLines } from '../../raw/lines.js';
import { normalizeStatement } from '../../raw/normalize.js';
import { warning } from '../problems.js';
import type { Problem, TableSchema } from '../project.js';

/** Bytes of a statement, beside which the keys of a chunk's objects still fit into the 1 MB that proxies let through. */
const STATEMENT_BYTES = 700 * 1024;

/**
 * Warns of a contract whose normalizing statement is so long that planning it takes minutes, and that proxies may refuse it. Its
 * length depends on the types more than on their number: 300 columns of mixed types take 570 KB, and 600 twice that.
 */
export function widthProblems(
  raw: TableSchema,
  normalized: Pick<TableSchema, 'name' | 'file' | 'columns' | 'selected' | 'constraints'>,
): Problem[] {
  const contract = raw.columns.filter(({ name }) => name !== '_source');
  const bytes = Buffer.byteLength(statementOf(contract, normalized));
  if (bytes <= STATEMENT_BYTES) return [];
  return [
    warning(
      raw.file.path,
      `found ${contract.length} columns, whose normalizing statement has ${Math.round(bytes / 1024)} KB: ` +
        'ClickHouse plans it for minutes, once for each chunk, and a proxy in front of it refuses 1 MB and more by default',
      'Keep columns that no table needs out of the contract, or let proxies pass bodies of 16 MB (nginx: client_max_body_size 16m).',
    ),
  ];
}

/** The normalizing statement of JSON lines; names of the store and of objects count for little. */
function statementOf(
  contract: Column[],
  { name, file, columns, selected, constraints }: Parameters<typeof widthProblems>[1],
): string {
  const bucket = { name: '', url: '', collection: '', credentials: { key: '', secret: '', token: '' } };
  const source = { name, contract, select: file.select, selected, constraints };
  const window = { first: '', last: '', folder: '' };
  const input = readLines(bucket, '', [''], contract);
  return normalizeStatement({ source, columns, window, input, normalized: bucket, parquetKey: '' }).sql;
}
