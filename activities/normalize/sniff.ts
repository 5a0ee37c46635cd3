import { plural } from '../../src/shared/format.js';

/** The beginning of an object of which no line, or next to none, became something. */
export interface Beginning {
  key: string;
  /** Lines that became a row or were skipped. */
  good: number;
  /** Lines that are a JSON object. */
  objects: number;
  /** First bytes of the first line that is not blank. */
  bytes: Uint8Array;
  /** Whether that line alone is JSON of any kind. */
  json: boolean;
  /**
   * The first key of that line whose value is a list of objects, with their number, where the line is an object without any key
   * of the contract; an empty key where there is none.
   */
  list: readonly [key: string, length: number];
}

/** First bytes of other formats. */
const MAGIC: readonly (readonly [bytes: string, what: string])[] = [
  ['504b0304', 'a ZIP archive'],
  ['50415231', "Parquet, in a source whose format is 'ndjson'"],
  ['4f626a01', 'Avro'],
  ['4f5243', 'ORC'],
];

/** First bytes of compressed data, and the extension by which ClickHouse recognizes it. */
const COMPRESSED: readonly (readonly [bytes: string, what: string, ending: string])[] = [
  ['1f8b', 'gzip', '.gz'],
  ['28b52ffd', 'zstd', '.zst'],
  ['04224d18', 'LZ4', '.lz4'],
  ['fd377a585a00', 'xz', '.xz'],
  ['425a68', 'bzip2', '.bz2'],
];

/** Endings of names by which the engine unpacks an object before its lines are read. */
const UNPACKED = /[.](gz|gzip|zst|zstd|lz4|xz|lzma|br|bz2|snappy)$/i;

/**
 * Recognizes an object that should be JSON lines and is something else: then the whole object is bad, and rejecting each line would
 * be useless. Undefined if only its lines are bad; those become rejects.
 */
export function mistakenFor({ key, good, objects, bytes, json, list: [list, length] }: Beginning): string | undefined {
  const text = new TextDecoder().decode(bytes).trim();
  // In an array with one object on each line, the last line has no comma and is valid.
  if (objects <= 1 && text.startsWith('[') && (objects === 0 || !json))
    return 'a JSON array, expected one object on each line';
  if (good === 0 && list !== '')
    return `its events are in a list: its first line is one JSON object whose key ${JSON.stringify(list)} holds ${plural(length, 'object')}, expected one event on each line`;
  if (objects > 0) return undefined;
  const hex = Buffer.from(bytes).toString('hex');
  const [, packing, ending] = COMPRESSED.find(([begin]) => hex.startsWith(begin)) ?? [];
  if (packing !== undefined)
    return UNPACKED.test(key)
      ? `compressed twice: unpacked, it is ${packing}, expected JSON lines`
      : `${packing} under a name that does not end in ${ending ?? ''}, expected JSON lines`;
  const [, magic] = MAGIC.find(([begin]) => hex.startsWith(begin)) ?? [];
  if (magic !== undefined) return `${magic}, expected JSON lines`;
  const encoding = wideEncoding(bytes);
  if (encoding !== undefined) return `looks like ${encoding}, expected UTF-8`;
  if (text === '{') return 'JSON objects over several lines each, expected one object on each line';
  return undefined;
}

/** Recognizes UTF-16 and UTF-32 by the byte order mark, or by the zero bytes beside each ASCII character. */
function wideEncoding(bytes: Uint8Array): string | undefined {
  const [a, b, c, d] = bytes;
  if (a === 0xff && b === 0xfe) return c === 0 && d === 0 ? 'UTF-32' : 'UTF-16';
  if (a === 0xfe && b === 0xff) return 'UTF-16';
  const zeros = [0, 1].map((odd) => bytes.filter((byte, at) => at % 2 === odd && byte === 0).length);
  const half = Math.floor(bytes.length / 2);
  const [even = 0, odd = 0] = zeros;
  if (half < 2 || Math.max(even, odd) < half * MOSTLY) return undefined;
  return Math.min(even, odd) === 0 ? 'UTF-16' : even + odd < bytes.length ? 'UTF-32' : undefined;
}

/** Least share of ASCII characters in a text that is JSON. */
const MOSTLY = 0.8;
