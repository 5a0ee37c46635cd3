import { final } from '../errors.js';
import { name } from './text.js';

/** How the engine reaches a bucket: by a named collection of its own, or with credentials that are bound as parameters. */
export interface EngineBucket {
  /** URL of the bucket's root as the engine sees it, ending in `/`. */
  url: string;
  collection: string | undefined;
  credentials: { key: string; secret: string; token: string };
}

/** A table function over objects, with the parameters that it binds. */
export interface ObjectTable {
  sql: string;
  params: Record<string, string>;
}

/** The engine's names of formats that Daybook reads and writes. */
export type ObjectFormat = 'LineAsString' | 'Parquet' | 'ParquetMetadata';

/**
 * `s3(…)` over exactly these keys. Keys go into one brace list, which the engine turns into one read per key without listing;
 * `label` keeps the parameters of two such tables in one statement apart.
 */
export function objectTable(
  bucket: EngineBucket,
  keys: readonly string[],
  format: ObjectFormat,
  structure: string,
  label: string,
): ObjectTable {
  const encoded = keys.map(encodeKey);
  const url = bucket.url + (encoded.length === 1 ? (encoded[0] ?? '') : `{${encoded.join(',')}}`);
  const param = (field: string) => `{${label}_${field}:String}`;
  // Parquet compresses inside; an ending such as `.parquet.gz` only tells how.
  const compression = format === 'LineAsString' ? 'auto' : 'none';
  const shape = { [`${label}_url`]: url, [`${label}_structure`]: structure };
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

/** Characters that the engine takes for a pattern or a list even when they are percent-encoded (tried on 26.7). */
const PATTERN = /[{},*?]/;

/** Percent-encodes a key as the engine's URL parser wants it. Throws where no spelling of the key means the key itself. */
function encodeKey(key: string): string {
  if (PATTERN.test(key))
    throw final(
      'BadObject',
      `object ${key}: its key has one of { } , * ?, which ClickHouse reads as a pattern. Store it under a key without them.`,
      { details: { object: key } },
    );
  return key.split('/').map(encodeURIComponent).join('/');
}
