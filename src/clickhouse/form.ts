import { randomUUID } from 'node:crypto';
import type { Statement } from './statement.js';

/** A statement as the body of one HTTP request. */
export interface Form {
  body: string;
  contentType: string;
}

/**
 * UTF-16 units in one field of a form. The server's limit is 131,072 bytes (`http_max_field_value_size`, set only in the server's
 * configuration), and no unit takes more than three bytes, escaped or not.
 */
const FIELD_UNITS = 40_000;

/** Fields of one form; the server's limit is 1,000 (`http_max_fields`), and settings in the URL count too. */
const MOST_FIELDS = 900;

/**
 * Writes a statement and its parameters as `multipart/form-data`. In the URL, the server refuses parameters above 128 KiB and proxies
 * refuse more than a few KB in all, and credentials would be logged. What is too long for one field is sent in several: the server
 * joins fields named `query` in order (`HTTPHandler::getQuery`), and the statement itself joins the parts of a parameter.
 *
 * @throws RangeError if an element of an array, or the whole statement, is still too long
 */
export function formOf({ sql, params = {} }: Statement): Form {
  let text = sql;
  const fields: [name: string, value: string][] = [];
  for (const [name, value] of Object.entries(params)) {
    const pieces = piecesOf(name, value);
    if (pieces.length === 1) fields.push([`param_${name}`, pieces[0] ?? '']);
    else {
      text = text.replaceAll(new RegExp(String.raw`\{${name}:([^{}]+)\}`, 'g'), (_, type: string) => {
        const parts = pieces.map((_piece, index) => `{${name}__${index}:${type}}`);
        return `${type.startsWith('Array') ? 'arrayConcat' : 'concat'}(${parts.join(', ')})`;
      });
      for (const [index, piece] of pieces.entries()) fields.push([`param_${name}__${index}`, piece]);
    }
  }
  for (const piece of formPieces(text)) fields.push(['query', piece]);
  if (fields.length > MOST_FIELDS)
    throw new RangeError(
      `a statement of ${text.length} characters needs ${fields.length} fields, more than ${MOST_FIELDS}`,
    );
  const boundary = `daybook-${randomUUID()}`;
  const parts = fields.map(
    ([name, value]) => `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  );
  return { body: `${parts.join('')}--${boundary}--\r\n`, contentType: `multipart/form-data; boundary=${boundary}` };
}

/** Writes a parameter as the server reads it, in pieces that each fit one field. */
function piecesOf(name: string, value: unknown): string[] {
  if (typeof value === 'string') return formPieces(value).map(escaped);
  if (!Array.isArray(value)) return [String(value)];
  const pieces: string[][] = [[]];
  let units = 0;
  for (const element of value.map(arrayElement)) {
    if (element.length > FIELD_UNITS)
      throw new RangeError(
        `an element of the parameter ${name} has ${element.length} characters, more than ${FIELD_UNITS}`,
      );
    units += element.length + 1;
    if (units > FIELD_UNITS) {
      pieces.push([]);
      units = element.length + 1;
    }
    pieces.at(-1)?.push(element);
  }
  return pieces.map((elements) => `[${elements.join(',')}]`);
}

const arrayElement = (value: unknown): string => (typeof value === 'string' ? `'${escaped(value)}'` : String(value));

const ESCAPES: Readonly<Record<string, string>> = { '\t': '\\t', '\n': '\\n', '\r': '\\r', "'": "\\'", '\\': '\\\\' };

/** Escapes a text for the format TabSeparated, in which the server reads parameters. */
const escaped = (text: string): string => text.replaceAll(/[\t\n\r'\\]/g, (character) => ESCAPES[character] ?? '');

/** Cuts a text into pieces of at most {@link FIELD_UNITS}, at least one, without splitting a surrogate pair. */
function formPieces(text: string): string[] {
  const pieces: string[] = [];
  let from = 0;
  do {
    let to = Math.min(from + FIELD_UNITS, text.length);
    if (to < text.length && isHighSurrogate(text.charCodeAt(to - 1))) to--;
    pieces.push(text.slice(from, to));
    from = to;
  } while (from < text.length);
  return pieces;
}

const isHighSurrogate = (unit: number) => unit >= 0xd800 && unit < 0xdc00;
