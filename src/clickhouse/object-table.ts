import { name } from './text.js';

/** How ClickHouse reaches a bucket: with a named collection, or with credentials that are bound as parameters. */
export interface EngineBucket {
  /** The bucket's name, with which ClickHouse's `_path` begins. */
  name: string;
  /** URL of the bucket's root as ClickHouse sees it, ending in `/`. */
  url: string;
  collection: string | undefined;
  credentials: { key: string; secret: string; token: string };
}

/** A table function over objects, with the parameters that it binds. */
export interface ObjectTable {
  sql: string;
  params: Record<string, string | string[]>;
}

/** ClickHouse's names of the formats that Daybook reads and writes. `One` returns one row for each object without reading it. */
export type ObjectFormat = 'LineAsString' | 'One' | 'Parquet' | 'ParquetMetadata';

/**
 * Characters that ClickHouse reads as a pattern or a list even when percent-encoded, and control characters, which its URL parser
 * does not accept (tested on 26.7).
 */
// eslint-disable-next-line no-control-regex
const PATTERN = /[{},*?\u0000-\u001f\u007f]/;

/** True for a key that cannot be written in a URL for ClickHouse. */
export const isPattern = (key: string): boolean => PATTERN.test(key);

/**
 * Returns a table over exactly these keys. Keys go into one brace list, which ClickHouse reads key by key without listing. Keys that
 * it would read as patterns are selected by `_path` from a pattern over their folder; ClickHouse then opens only those. `label`
 * distinguishes the parameters of two such tables in one statement. Only a single key without pattern characters can be written to.
 */
export function objectTable(
  bucket: EngineBucket,
  keys: readonly string[],
  format: ObjectFormat,
  structure: string,
  label: string,
  // Parquet is compressed inside; an ending such as `.parquet.gz` only names the method.
  compression: 'auto' | 'none' = format === 'LineAsString' ? 'auto' : 'none',
): ObjectTable {
  const tableFunction = (address: string, name: string) =>
    s3Function(bucket, address, format, structure, name, compression);
  const plain = keys.filter((key) => !isPattern(key));
  const patterns = keys.filter(isPattern);
  const listed = plain.length > 0 ? tableFunction(keyList(plain), label) : undefined;
  if (listed && patterns.length === 0) return listed;
  const folder = tableFunction(`${encoded(commonFolder(patterns))}**`, `${label}_patterns`);
  const read = (from: string) => `SELECT *, _path, _row_number, _etag FROM ${from}`;
  const named = `${read(folder.sql)} WHERE _path IN {${label}_paths:Array(String)}`;
  return {
    sql: `(${listed ? `${read(listed.sql)} UNION ALL ` : ''}${named})`,
    params: {
      ...listed?.params,
      ...folder.params,
      [`${label}_paths`]: patterns.map((key) => `${bucket.name}/${key}`),
    },
  };
}

/** `s3(…)` over an address below the bucket. */
function s3Function(
  bucket: EngineBucket,
  address: string,
  format: ObjectFormat,
  structure: string,
  label: string,
  compression: 'auto' | 'none',
): ObjectTable {
  const param = (field: string) => `{${label}_${field}:String}`;
  const shape = { [`${label}_url`]: bucket.url + address, [`${label}_structure`]: structure };
  if (bucket.collection !== undefined)
    return {
      sql: `s3(${name(bucket.collection)}, url = ${param('url')}, format = '${format}', structure = ${param('structure')}, compression_method = '${compression}')`,
      params: shape,
    };
  const { key, secret, token } = bucket.credentials;
  const login = token === '' ? [param('key'), param('secret')] : [param('key'), param('secret'), param('token')];
  return {
    sql: `s3(${[param('url'), ...login, `'${format}'`, param('structure'), `'${compression}'`].join(', ')})`,
    params: {
      ...shape,
      [`${label}_key`]: key,
      [`${label}_secret`]: secret,
      ...(token === '' ? {} : { [`${label}_token`]: token }),
    },
  };
}

/** Writes one key, or a list in braces after the folder that all keys share. */
function keyList(keys: readonly string[]): string {
  const [only = ''] = keys;
  if (keys.length === 1) return encoded(only);
  const shared = commonFolder(keys);
  const folder = keys.includes(shared) ? '' : shared;
  return `${encoded(folder)}{${keys.map((key) => encoded(key.slice(folder.length))).join(',')}}`;
}

/** Percent-encodes a key for ClickHouse's URL parser. */
const encoded = (key: string): string => key.split('/').map(encodeURIComponent).join('/');

/** Returns the longest prefix without pattern characters that all keys share, up to a `/`. */
function commonFolder(keys: readonly string[]): string {
  const [first = '', ...others] = keys;
  const pattern = first.search(PATTERN);
  let length = pattern < 0 ? first.length : pattern;
  for (const key of others) while (!key.startsWith(first.slice(0, length))) length--;
  return first.slice(0, first.lastIndexOf('/', length - 1) + 1);
}
