import type { Column } from '../../clickhouse/column.js';
import { readLines } from '../../raw/lines.js';
import { normalizeStatement } from '../../raw/normalize.js';
import { warning } from '../problems.js';
import type { Problem, TableSchema } from '../project.js';

/** Largest statement that, with the keys of a chunk's objects, stays below the 1 MB that proxies accept. */
const STATEMENT_BYTES = 700 * 1024;

/**
 * Warns if the normalizing statement of a contract is so long that planning it takes minutes and proxies may reject it. Its
 * length depends on the number of columns and even more on their types: 300 columns of mixed types take 570 KB, 600 twice that.
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
        'ClickHouse takes minutes to plan it for each chunk, and a proxy rejects bodies over 1 MB by default',
      'Remove columns that no table needs from the contract, or let proxies accept bodies of 16 MB (nginx: client_max_body_size 16m).',
    ),
  ];
}

/** Builds the normalizing statement for JSON lines, without names of the store and of objects, which are short. */
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
