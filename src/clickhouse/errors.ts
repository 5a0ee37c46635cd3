import type * as Client from '@clickhouse/client';
import { final, type FinalType } from '../errors.js';
import { required } from '../required.js';
import { LEAST_CLICKHOUSE } from './versions.js';

const { ClickHouseError } = required('@clickhouse/client') as typeof Client;

/**
 * ClickHouse error codes that no retry can mend, by what they mean for a build. Codes seen on 26.7; a code that is not listed
 * is retried. The list is short on purpose: a wrong entry turns a passing fault into a failed night.
 */
const FINAL_CODES: Partial<Record<FinalType, readonly number[]>> = {
  // compressed or columnar bytes that cannot be read to their end
  BadObject: [33, 117, 354, 448, 554, 561, 638],
  // a value that its column cannot hold; 395 is a throwIf
  ContractBroken: [6, 26, 27, 70, 72, 252, 321, 349, 395, 407, 469],
  // names, types and functions that the engine does not accept; 36 and 48 also cover refused ALTERs
  BadSql: [
    8, 10, 16, 36, 42, 43, 44, 46, 47, 48, 53, 57, 60, 62, 69, 80, 81, 82, 115, 122, 179, 184, 215, 352, 359, 386, 403,
    456, 457, 472, 701, 764,
  ],
  AccessDenied: [192, 193, 194, 195, 497, 516],
  ObjectChanged: [1009],
};

const TYPE_OF_CODE = new Map(
  Object.entries(FINAL_CODES).flatMap(([type, codes]) => codes.map((code) => [code, type as FinalType] as const)),
);

const S3_ERROR = 499;
const UNKNOWN_SETTING = 115;
const NOT_IMPLEMENTED = 48;

/** Server code of an error that came from ClickHouse, `undefined` for any other (a broken connection, say). */
export const codeOf = (error: unknown): number | undefined =>
  error instanceof ClickHouseError ? Number(error.code) : undefined;

/**
 * Turns an error of the client into what the caller should see: a final failure where the code is listed, the error itself
 * where a retry may help. `what` names the statement for people, for example `normalize chunk 3 of events`.
 */
export function explain(error: unknown, what: string): unknown {
  const code = codeOf(error);
  if (code === undefined || !(error instanceof ClickHouseError))
    return tooLarge(error, what) ?? ofLibrary(error, what) ?? error;
  const type = code === S3_ERROR ? typeOfS3Error(error.message) : typeOf(code, error.message);
  const older = code === UNKNOWN_SETTING ? `. Daybook needs ClickHouse ${LEAST_CLICKHOUSE} or newer` : '';
  const message = `${what}: ClickHouse says ${code} (${error.type ?? 'unnamed'}): ${withoutNoise(error.message)}${older}`;
  return type ? final(type, message, { details: { code } }) : new Error(message);
}

/** What a proxy between Daybook and the server answers to a request that is too large for it; the server has no such limit. */
function tooLarge(error: unknown, what: string): Error | undefined {
  const [answer] = /\b4(?:13|14|31) [A-Z][A-Za-z -]+/.exec(error instanceof Error ? error.message : '') ?? [];
  return answer === undefined
    ? undefined
    : final(
        'AccessDenied',
        `${what}: a proxy in front of ClickHouse refuses the request as too large (${answer.trim()}). ` +
          'Let it pass bodies of 16 MB; for nginx: client_max_body_size 16m.',
        { cause: error },
      );
}

/**
 * The server reports an exception of a library that it uses in a form of its own, which the client does not parse:
 * `std::exception. Code: 1001, type: parquet::ParquetException, e.what() = …`. The Parquet library raises them for damaged files.
 */
const OF_LIBRARY = /std::exception\. Code: (\d+), type: ([\w:]+), e\.what\(\) = ([\s\S]*)/;

function ofLibrary(error: unknown, what: string): Error | undefined {
  const [, code, type = '', text = ''] = (error instanceof Error ? OF_LIBRARY.exec(error.message) : null) ?? [];
  if (code === undefined) return undefined;
  const message = `${what}: ClickHouse says ${code} (${type}): ${withoutNoise(text)}`;
  return type.startsWith('parquet::')
    ? final('BadObject', message, { details: { code: Number(code) } })
    : new Error(message, { cause: error });
}

/** Not every build of the engine can read every compression; its complaint then does not name the object. */
const typeOf = (code: number, message: string): FinalType | undefined =>
  code === NOT_IMPLEMENTED && message.includes('compression method') ? 'BadObject' : TYPE_OF_CODE.get(code);

function typeOfS3Error(message: string): FinalType | undefined {
  if (/\b403\b|AccessDenied|Forbidden|InvalidAccessKeyId|SignatureDoesNotMatch/i.test(message)) return 'AccessDenied';
  if (/\b404\b|NoSuchKey|NoSuchBucket|does not exist/i.test(message)) return 'ObjectVanished';
  return undefined;
}

/** Stack traces and version banners help nobody who reads a history. */
const withoutNoise = (message: string) =>
  message
    .replace(/\s*\(version [^)]*\)/g, '')
    .replace(/Stack trace:[\s\S]*/g, '')
    .trim()
    .slice(0, 2000);
