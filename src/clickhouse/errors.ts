import type * as Client from '@clickhouse/client';
import { final, isFinal, messageOf, type FinalType } from '../errors.js';
import { required } from '../required.js';
import { saysArchived, typeOfS3Error } from './s3-errors.js';
import { LEAST_CLICKHOUSE } from './versions.js';

const { ClickHouseError } = required('@clickhouse/client') as typeof Client;

/**
 * ClickHouse error codes that no retry can fix, by what they mean for a build; a code that is not listed is retried. The list is
 * short on purpose: a wrong entry makes a transient error fail a day. The names are those of `errorCodeToName`, 26.7.
 */
const FINAL_CODES = {
  // compressed or columnar bytes that cannot be read to their end
  BadObject: {
    CANNOT_READ_ALL_DATA: 33,
    INCORRECT_DATA: 117,
    ZLIB_INFLATE_FAILED: 354,
    BROTLI_READ_FAILED: 448,
    LZMA_STREAM_DECODER_FAILED: 554,
    ZSTD_DECODER_FAILED: 561,
    SNAPPY_UNCOMPRESS_FAILED: 638,
  },
  // a value that its column cannot hold, or a throwIf
  ContractBroken: {
    CANNOT_PARSE_TEXT: 6,
    CANNOT_PARSE_QUOTED_STRING: 26,
    CANNOT_PARSE_INPUT_ASSERTION_FAILED: 27,
    CANNOT_CONVERT_TYPE: 70,
    CANNOT_PARSE_NUMBER: 72,
    TOO_MANY_PARTS: 252,
    VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE: 321,
    CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN: 349,
    FUNCTION_THROW_IF_VALUE_IS_NON_ZERO: 395,
    DECIMAL_OVERFLOW: 407,
    VIOLATED_CONSTRAINT: 469,
  },
  // names, types and functions that ClickHouse does not accept; some of them also refuse an ALTER
  BadSql: {
    THERE_IS_NO_COLUMN: 8,
    NOT_FOUND_COLUMN_IN_BLOCK: 10,
    NO_SUCH_COLUMN_IN_TABLE: 16,
    BAD_ARGUMENTS: 36,
    NUMBER_OF_ARGUMENTS_DOESNT_MATCH: 42,
    ILLEGAL_TYPE_OF_ARGUMENT: 43,
    ILLEGAL_COLUMN: 44,
    UNKNOWN_FUNCTION: 46,
    UNKNOWN_IDENTIFIER: 47,
    NOT_IMPLEMENTED: 48,
    TYPE_MISMATCH: 53,
    TABLE_ALREADY_EXISTS: 57,
    UNKNOWN_TABLE: 60,
    SYNTAX_ERROR: 62,
    ARGUMENT_OUT_OF_BOUND: 69,
    INCORRECT_QUERY: 80,
    UNKNOWN_DATABASE: 81,
    DATABASE_ALREADY_EXISTS: 82,
    UNKNOWN_SETTING: 115,
    INCOMPATIBLE_COLUMNS: 122,
    MULTIPLE_EXPRESSIONS_FOR_ALIAS: 179,
    ILLEGAL_AGGREGATION: 184,
    NOT_AN_AGGREGATE: 215,
    AMBIGUOUS_COLUMN_NAME: 352,
    TABLE_SIZE_EXCEEDS_MAX_DROP_SIZE_LIMIT: 359,
    NO_COMMON_TYPE: 386,
    INVALID_JOIN_ON_EXPRESSION: 403,
    UNKNOWN_QUERY_PARAMETER: 456,
    BAD_QUERY_PARAMETER: 457,
    READONLY_SETTING: 472,
    CLUSTER_DOESNT_EXIST: 701,
    DEDUPLICATION_IS_NOT_POSSIBLE: 764,
  },
  AccessDenied: {
    UNKNOWN_USER: 192,
    WRONG_PASSWORD: 193,
    REQUIRED_PASSWORD: 194,
    IP_ADDRESS_NOT_ALLOWED: 195,
    ACCESS_DENIED: 497,
    AUTHENTICATION_FAILED: 516,
  },
  ObjectChanged: {
    S3_OBJECT_CHANGED_DURING_READ: 1009,
  },
} as const satisfies Partial<Record<FinalType, Record<string, number>>>;

/** Transient errors, which say nothing about the statement: time, memory, connections, read-only replicas. */
const TRANSIENT = {
  UNEXPECTED_END_OF_FILE: 3,
  TIMEOUT_EXCEEDED: 159,
  TOO_SLOW: 160,
  READONLY: 164,
  TOO_MANY_SIMULTANEOUS_QUERIES: 202,
  NO_FREE_CONNECTION: 203,
  SOCKET_TIMEOUT: 209,
  NETWORK_ERROR: 210,
  ABORTED: 236,
  MEMORY_LIMIT_EXCEEDED: 241,
  TABLE_IS_READ_ONLY: 242,
  NOT_ENOUGH_SPACE: 243,
  ALL_CONNECTION_TRIES_FAILED: 279,
  TOO_FEW_LIVE_REPLICAS: 285,
  UNSATISFIED_QUORUM_FOR_PREVIOUS_WRITE: 286,
  REPLICA_IS_NOT_IN_QUORUM: 289,
  UNKNOWN_STATUS_OF_INSERT: 319,
  UNFINISHED: 341,
  QUERY_WAS_CANCELLED: 394,
  SYSTEM_ERROR: 425,
  NO_REMOTE_SHARD_AVAILABLE: 519,
  KEEPER_EXCEPTION: 999,
  POCO_EXCEPTION: 1000,
} as const;

/** True where the store refuses an object because it is archived. */
export const isArchived = (error: unknown): boolean => saysArchived(messageOf(error));

/** Errors of the store; the message says which. */
const S3_ERROR = 499;

const { UNKNOWN_SETTING, NOT_IMPLEMENTED, UNKNOWN_TABLE, UNKNOWN_DATABASE } = FINAL_CODES.BadSql;

const TYPE_OF_CODE = new Map(
  Object.entries(FINAL_CODES).flatMap(([type, codes]) =>
    Object.values(codes).map((code: number) => [code, type as FinalType] as const),
  ),
);

/** True for a transient error, which says nothing about the statement. */
export const isTransient = (code: number): boolean => Object.values<number>(TRANSIENT).includes(code);

/** A failure that ClickHouse reported and that a retry may fix. */
class EngineError extends Error {
  /** ClickHouse's own number of the error. */
  readonly code: number;

  constructor(message: string, code: number, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** ClickHouse's code of a failure that it reported, `undefined` for any other (a broken connection, say). */
function codeOf(error: unknown): number | undefined {
  if (error instanceof ClickHouseError) return Number(error.code);
  if (error instanceof EngineError) return error.code;
  const [details] = (isFinal(error) ? error.details : undefined) ?? [];
  const { code } = (details ?? {}) as { code?: unknown };
  return typeof code === 'number' ? code : undefined;
}

/** True where a table, or the database it would be in, does not exist. */
export const isMissingTable = (error: unknown): boolean => {
  const code = codeOf(error);
  return code === UNKNOWN_TABLE || code === UNKNOWN_DATABASE;
};

/** Waits for an answer; returns `instead` if the table that it is about does not exist. */
export async function unlessMissing<Answer, Instead>(
  answer: Promise<Answer>,
  instead: Instead,
): Promise<Answer | Instead> {
  try {
    return await answer;
  } catch (error) {
    if (isMissingTable(error)) return instead;
    throw error;
  }
}

/** Returns true if a database does not exist. */
export const isMissingDatabase = (error: unknown): boolean => codeOf(error) === UNKNOWN_DATABASE;

/** Returns true if the name of a table is already taken. */
export const isNameTaken = (error: unknown): boolean => codeOf(error) === FINAL_CODES.BadSql.TABLE_ALREADY_EXISTS;

/** Beside {@link TRANSIENT}, what is about a service and not about what is read from it. */
const OF_A_SERVICE = {
  ...FINAL_CODES.AccessDenied,
  ...FINAL_CODES.ObjectChanged,
  CANNOT_READ_FROM_FILE_DESCRIPTOR: 74,
  CANNOT_WRITE_TO_FILE_DESCRIPTOR: 75,
  CANNOT_OPEN_FILE: 76,
  RECEIVED_ERROR_FROM_REMOTE_IO_SERVER: 86,
  CANNOT_ALLOCATE_MEMORY: 173,
  DNS_ERROR: 198,
  CANNOT_SCHEDULE_TASK: 439,
  S3_ERROR,
} as const;

const { MEMORY_LIMIT_EXCEEDED, UNEXPECTED_END_OF_FILE } = TRANSIENT;

/** True where one statement needs more memory than its own limit; the server as a whole may have plenty. */
export const exceedsItsMemory = (error: unknown): boolean =>
  codeOf(error) === MEMORY_LIMIT_EXCEEDED && /Query memory limit exceeded|\(for query\)/i.test(messageOf(error));

/** True where the server, or its user, has no memory for a statement that is within its own limit. */
export const exceedsServerMemory = (error: unknown): boolean =>
  codeOf(error) === MEMORY_LIMIT_EXCEEDED && !exceedsItsMemory(error);

/**
 * Returns true if ClickHouse failed because of its input, judging by the code, and not because of the server or a service behind
 * it. Includes every code that is not known to be of the latter kind, because each reader library has its own.
 */
export function failedAtItsInput(error: unknown): boolean {
  const code = codeOf(error);
  if (code === undefined) return false;
  if (code === MEMORY_LIMIT_EXCEEDED) return exceedsItsMemory(error);
  return code === UNEXPECTED_END_OF_FILE || (!isTransient(code) && !Object.values<number>(OF_A_SERVICE).includes(code));
}

/**
 * Translates an error of the client: into a final failure if its code is listed, otherwise into a retryable error. `what` names the
 * statement for people, for example `normalize chunk 3 of events`.
 */
export function explain(error: unknown, what: string): unknown {
  const code = codeOf(error);
  if (code === undefined || !(error instanceof ClickHouseError))
    return ofLibrary(error, what) ?? tooLarge(error, what) ?? error;
  const type = code === S3_ERROR ? typeOfS3Error(error.message) : finalTypeOf(code, error.message);
  const older = code === UNKNOWN_SETTING ? `. Daybook needs ClickHouse ${LEAST_CLICKHOUSE} or newer` : '';
  const message = `${what}: ClickHouse says ${code} (${error.type ?? 'unnamed'}): ${withoutNoise(error.message)}${older}`;
  const [, called] = /while executing '?FUNCTION (\w+)/i.exec(error.message) ?? [];
  const details = { code, ...(called === undefined ? {} : { called }) };
  return type ? final(type, message, { details }) : new EngineError(message, code);
}

/** Translates the answer of a proxy in front of the server that refuses a request as too large; the server has no such limit. */
function tooLarge(error: unknown, what: string): Error | undefined {
  const [answer] = /\b4(?:13|14|31) [A-Z][A-Za-z -]+/.exec(error instanceof Error ? error.message : '') ?? [];
  return answer === undefined
    ? undefined
    : final(
        'AccessDenied',
        `${what}: a proxy in front of ClickHouse refuses the request as too large (${answer.trim()}). ` +
          'Allow bodies of 16 MB in the proxy; for nginx: client_max_body_size 16m.',
        { cause: error },
      );
}

/**
 * The server reports exceptions of its libraries in a form that the client does not parse:
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

/** Returns the final type of a code. Some builds of ClickHouse lack some compressions; their error does not name the object. */
const finalTypeOf = (code: number, message: string): FinalType | undefined =>
  code === NOT_IMPLEMENTED && message.includes('compression method') ? 'BadObject' : TYPE_OF_CODE.get(code);

/** Characters of one stretch of SQL that the engine repeats. */
const SQL_SHOWN = 120;
/** Characters of a value that the engine quotes. */
const VALUE_SHOWN = 200;

/**
 * Removes stack traces, version banners and the statement that the engine repeats in its sentence: the reader of a failure wants the
 * engine's own words and its suggestion. The statement itself is in `system.query_log`, under the step's `log_comment`.
 */
export const withoutNoise = (message: string): string =>
  message
    .replace(/\s*\(version [^()]*(?:\([^)]*\)[^()]*)?\)/g, '')
    .replace(/Stack trace:[\s\S]*/g, '')
    .replace(/\.? in scope (?:WITH|SELECT|\()[\s\S]*?(?=\. Maybe you meant|\.?$)/i, '')
    .replace(/:? ?(?:While processing|In query|while executing) [\s\S]*?(?=\. Maybe you meant|\.?$)/i, (found) =>
      found.length > SQL_SHOWN ? '' : found,
    )
    .replace(
      /\(line (\d+), col (\d+)\): ([\s\S]*?)\. Expected one of:[\s\S]*/,
      (_, line: string, column: string, sql: string) => {
        const shown = sql.trim();
        return `(line ${line}, column ${column}): ${shown.length > SQL_SHOWN ? `${shown.slice(0, SQL_SHOWN)}…` : shown}`;
      },
    )
    .replace(/'((?:[^'\\]|\\.)*)'/g, (whole, value: string) =>
      value.length > VALUE_SHOWN ? `'${value.slice(0, VALUE_SHOWN)}…'` : whole,
    )
    .trim()
    .slice(0, 2000);
