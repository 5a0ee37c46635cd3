import type { Column } from '../clickhouse/column.js';
import { name } from '../clickhouse/text.js';
import { parseType } from './column-types.js';
import { holding } from './conversions.js';

/** Columns of a normalized chunk in addition to those of its table: the fate of each raw line, and where it came from. */
const FATE_COLUMNS = [
  "`_fate` Enum8('row' = 1, 'rejected' = 2, 'skipped' = 3, 'blank' = 4)",
  '`_object` String',
  '`_line` UInt64',
  '`_reason` String',
  '`_text` String',
  '`_text_bytes` UInt64',
];

/** Returns the columns of the table that the normalizing SELECT fills; `_object` and `_line` are filled by the load. */
export const filledColumns = (columns: readonly Column[], selected: readonly Column[]): Column[] =>
  columns.filter(
    ({ name: column }) => column !== '_object' && column !== '_line' && selected.some((given) => given.name === column),
  );

/** Writes the structure of a normalized chunk. Always given explicitly, because Parquet keeps neither enums nor time zones. */
export const chunkStructure = (filled: readonly Column[]): string =>
  [...FATE_COLUMNS, ...filled.map((column) => `${name(column.name)} ${holding(parseType(column.type))}`)].join(', ');
