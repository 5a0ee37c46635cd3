import { ClickHouseError } from '@clickhouse/client';
import { final, isFinal, messageOf, type FinalType } from '../errors.js';
import { LEAST_CLICKHOUSE } from './versions.js';

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

/** A failure that ClickHouse reported and that a retry may fix. */
export class EngineError extends Error {
  /** ClickHouse's own number of the error. */
  readonly code: number;

  constructor(message: string, code: number, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** ClickHouse's code of a failure that it reported, `undefined` for any other (a broken connection, say). */
export function codeOf(error: unknown): number | undefined {
  if (error instanceof ClickHouseError) return Number(error.code);
  if (error instanceof EngineError) return error.code;
  const [details] = (isFinal(error) ? error.details : undefined) ?? [];
  const { code } = (details ?? {}) as { code?: unknown };
  return typeof code === 'number' ? code : undefined;
}

/**
 * Codes of the server's own state and of its connections: time, memory, disk, threads, replicas, the network, the store. They say
 * nothing about the statement, nor about what it reads.
 */
const OF_THE_SERVER = new Set([
  74, 75, 76, 86, 159, 160, 164, 173, 192, 193, 194, 195, 198, 202, 203, 209, 210, 236, 242, 243, 279, 319, 394, 425,
  439, 497, 499, 516, 519, 999, 1000, 1009,
]);

const MEMORY_LIMIT = 241;

/** True where one statement needs more memory than its own limit; the server as a whole may have plenty. */
export const exceedsItsMemory = (error: unknown): boolean =>
  codeOf(error) === MEMORY_LIMIT && /Query memory limit exceeded|\(for query\)/i.test(messageOf(error));

/**
 * True where ClickHouse failed at what it was given, as far as its code tells, and neither itself nor a service behind it was in
 * trouble. Every code that is not known to be of the latter kind counts.
 */
export function failedAtItsInput(error: unknown): boolean {
  const code = codeOf(error);
  if (code === undefined) return false;
  return code === MEMORY_LIMIT ? exceedsItsMemory(error) : !OF_THE_SERVER.has(code);
}

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
  return type ? final(type, message, { details: { code } }) : new EngineError(message, code);
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
    : new EngineError(message, Number(code), { cause: error });
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
