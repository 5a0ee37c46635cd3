import { Readable } from 'node:stream';
import { EngineError } from './errors.js';
import type { QueryRequest } from './request.js';
import type { Spool, Spooled } from './spool.js';
import { tokens } from './tokens.js';

/** A table that comes with a request and lasts as long: rows in a file, in a format. */
export interface ExternalTable extends Spooled {
  name: string;
  /** Columns as in CREATE TABLE. */
  structure: string;
  format: string;
}

/**
 * Keeps a file of a form for the statement, as the table of the file's field: `<name>_format` and `<name>_structure` or
 * `<name>_types` among the request's parameters say how to read it.
 * @throws EngineError 36 when the columns are not said.
 */
export async function externalTable(
  asked: QueryRequest,
  spool: Spool,
  name: string,
  file: Blob,
): Promise<ExternalTable> {
  const take = (kind: string): string | undefined => {
    const { [`${name}_${kind}`]: value, ...others } = asked.settings;
    asked.settings = others;
    return value;
  };
  const format = take('format') ?? 'TabSeparated';
  const types = take('types');
  const structure = take('structure') ?? (types && named(types));
  if (!structure || !/^\w+$/.test(format)) {
    const expected = `the parameter ${name}_structure or ${name}_types, and a format's name as ${name}_format`;
    throw new EngineError(36, 'BAD_ARGUMENTS', `The file '${name}' in the form needs ${expected}`);
  }
  const spooled = await spool.write(new Uint8Array(await file.arrayBuffer()), Readable.from([]));
  return { ...spooled, name, structure, format };
}

/** Columns without names are called _1, _2 and so on. */
function named(types: string): string {
  const commas = [...tokens(types)].filter(({ text, depth }) => text === ',' && depth === 0).map(({ start }) => start);
  const starts = [0, ...commas.map((at) => at + 1)];
  return starts.map((start, at) => `_${at + 1} ${types.slice(start, commas[at])}`).join(', ');
}
