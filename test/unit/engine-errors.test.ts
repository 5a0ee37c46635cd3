import { describe, expect, test } from 'vitest';
import { withoutNoise } from '../../src/clickhouse/errors.js';
import { saysArchived, typeOfS3Error } from '../../src/clickhouse/s3-errors.js';
import { final } from '../../src/errors.js';
import { engineProblem } from '../../src/project/schema/engine-problem.js';

const LONG = `SELECT day, ${Array.from({ length: 200 }, (_, index) => `column_${index}`).join(', ')} FROM events`;

describe("an engine's error begins with its own sentence and keeps its suggestion", () => {
  test.each([
    [
      `Unknown expression identifier \`amuont\` in scope ${LONG}. Maybe you meant: ['amount']. (version 26.7.2.1 (official build))`,
      "Unknown expression identifier `amuont`. Maybe you meant: ['amount'].",
    ],
    [`Division by zero: while executing ${LONG}`, 'Division by zero'],
    [
      "Cannot parse string 'x' as UInt8: while executing FUNCTION toUInt8",
      "Cannot parse string 'x' as UInt8: while executing FUNCTION toUInt8",
    ],
    [
      `Syntax error: failed at position 12 (FORM) (line 2, col 5): FORM events ${LONG}. Expected one of: token, Comma, FROM`,
      `Syntax error: failed at position 12 (FORM) (line 2, column 5): ${`FORM events ${LONG}`.slice(0, 120)}…`,
    ],
    [
      `Cannot parse string '${'x'.repeat(5000)}' as Date: syntax error at position 1`,
      `Cannot parse string '${'x'.repeat(200)}…' as Date: syntax error at position 1`,
    ],
    ['Memory limit exceeded: would use 5 GiB', 'Memory limit exceeded: would use 5 GiB'],
  ])('%#', (said, shown) => {
    expect(withoutNoise(said)).toBe(shown);
  });
});

describe('a problem that the engine reports names the line of the file', () => {
  const statement = 'SELECT day,\n  amuont\nFORM events';
  const file = { path: 'sql/tests/x.sql', text: `-- severity: warn\n\n${statement}\n`, statement, wrapped: 1 };

  test.each([
    // In parentheses, the statement begins on the second line.
    ['Syntax error: failed at position 40 (FORM) (line 4, column 1): FORM events', 'sql/tests/x.sql:5'],
    ['Unknown expression identifier `amuont`. Maybe you meant: [amount]', 'sql/tests/x.sql:4'],
    ['There is no supertype for types String, UInt8', 'sql/tests/x.sql'],
  ])('%s', (said, where) => {
    const thrown = final('BadSql', `x: ClickHouse says 62 (SYNTAX_ERROR): ${said}`);
    expect(engineProblem(thrown, file, 'scratch', []).where).toBe(where);
  });
});

describe("an error of the store is judged by the store's words, not by a key", () => {
  const reading = (key: string) =>
    `: while reading key: ${key}, from bucket: b: (in file/uri b/${key}): While executing X`;
  const asking = (status: number, key: string) =>
    `Failed to get object info: No response body.. HTTP response code: ${status}: while reading '${key}' in bucket 'b' on disk 'StorageS3'`;
  const writing = (said: string, key: string) => `Message: ${said}, bucket b, key ${key}, object size 427`;
  const keys = ['raw/a.json', 'raw/part-404.json.gz', 'raw/403 Forbidden/AccessDenied/NoSuchKey does not exist.json'];

  // As ClickHouse 26.7 passes on what a store answers.
  test.each([
    ['Please reduce your request rate', undefined],
    ['We encountered an internal error. Please try again.', undefined],
    ['Access Denied', 'AccessDenied'],
    ['The request signature we calculated does not match the signature you provided', 'AccessDenied'],
    ['The AWS Access Key Id you provided does not exist in our records', 'AccessDenied'],
    ['Unable to parse ExceptionName: Unauthorized Message: Unauthorized', 'AccessDenied'],
    // New credentials may be there for the next attempt.
    ['Unable to parse ExceptionName: ExpiredToken Message: The provided token has expired', undefined],
    ['The specified key does not exist', 'ObjectVanished'],
    ['The specified bucket does not exist', 'ObjectVanished'],
    [
      "Unable to parse ExceptionName: InvalidObjectState Message: The operation is not valid for the object's storage class",
      'BadObject',
    ],
    ['No response body', undefined],
  ])('%s', (said, type) => {
    for (const key of keys) {
      for (const message of [said + reading(key), `${said}: (in file/uri b/${key})`, writing(said, key)])
        expect(typeOfS3Error(message), message).toBe(type);
      expect(saysArchived(`read ${key}: ClickHouse says 499 (S3_ERROR): ${said}${reading(key)}`)).toBe(
        type === 'BadObject',
      );
    }
  });

  test.each([
    [401, 'AccessDenied'],
    [403, 'AccessDenied'],
    [404, 'ObjectVanished'],
    [500, undefined],
    [503, undefined],
  ])('status %d', (status, type) => {
    for (const key of keys) expect(typeOfS3Error(asking(status, key)), key).toBe(type);
  });
});
