import { describe, expect, test } from 'vitest';
import { contentType } from '../../src/local/engine/content-type.js';
import { engineError, errorText, httpStatus } from '../../src/local/engine/errors.js';
import { addField, readRequest } from '../../src/local/engine/request.js';
import { restore, setUp } from '../../src/local/engine/scope.js';

const read = (search: string, headers: Record<string, string> = {}, method = 'POST') =>
  readRequest(method, new URL(`http://engine/?${search}`), headers);

describe('a request', () => {
  test('is cut into query, database, settings and parameters', () => {
    const request = read(
      'query=SELECT+1&database=d&max_threads=2&param_x=a%5Ctb&query_id=q&wait_end_of_query=1&role=r',
    );
    expect(request).toMatchObject({
      query: 'SELECT 1',
      database: 'd',
      settings: { max_threads: '2' },
      params: { x: 'a\\tb' },
      queryId: 'q',
      format: 'TabSeparated',
      session: undefined,
      encodings: [],
      wait: true,
    });
  });

  test('takes database, format and user from headers, the address first', () => {
    const headers = { 'x-clickhouse-database': 'h', 'x-clickhouse-format': 'JSON', 'x-clickhouse-user': 'u' };
    expect(read('', headers)).toMatchObject({ database: 'h', format: 'JSON', user: 'u', password: '' });
    expect(read('database=a&default_format=CSV&user=v', headers)).toMatchObject({
      database: 'a',
      format: 'CSV',
      user: 'v',
    });
    const authorization = `Basic ${Buffer.from('day:b:ook').toString('base64')}`;
    expect(read('', { authorization })).toMatchObject({ user: 'day', password: 'b:ook' });
  });

  test('by GET only reads, unless it says otherwise', () => {
    expect(read('', {}, 'GET').settings).toEqual({ readonly: '2' });
    expect(read('readonly=1', {}, 'GET').settings).toEqual({ readonly: '1' });
    expect(read('').settings).toEqual({});
  });

  test('as a form adds its fields', () => {
    const request = read('max_threads=2');
    addField(request, 'query', 'SELECT {x:String}');
    addField(request, 'param_x', 'long');
    expect(request).toMatchObject({
      query: 'SELECT {x:String}',
      params: { x: 'long' },
      settings: { max_threads: '2' },
    });
  });

  test('says which encodings its answer may have, when it asks for one at all', () => {
    const headers = { 'accept-encoding': 'lz4, gzip;q=0.5, br;q=0, deflate ; q=1' };
    expect(read('enable_http_compression=1', headers).encodings).toEqual(['lz4', 'gzip', 'deflate']);
    expect(read('', headers).encodings).toEqual([]);
  });

  test('with a format that is no name is refused', () => {
    expect(() => read('default_format=CSV%20x')).toThrow('Unknown format CSV x');
  });

  test('with a name that could break out of SET is refused', () => {
    expect(() => read('a%3D1%2Cb=2')).toThrow("Unknown setting 'a=1,b'");
    expect(() => read('param_x%60=2')).toThrow('Unknown setting');
    expect(() => read('compress=1')).toThrow('enable_http_compression');
  });
});

describe('the set-up of a connection', () => {
  test('quotes every value and forbids changes last', () => {
    const scope = { database: 'a`b\\', settings: { readonly: '2', log_comment: "it's" }, params: { x: '\\N' } };
    expect(setUp(scope)).toEqual([
      'USE `a\\`b\\\\`',
      "SET log_comment = 'it\\'s', param_x = '\\\\N'",
      "SET readonly = '2'",
    ]);
    expect(setUp({ database: undefined, settings: {}, params: {} })).toEqual([]);
  });

  test('lifts the limit of a statement for long parameters and puts it back', () => {
    const [lift, , back] = setUp({ database: undefined, settings: {}, params: { x: 'y'.repeat(300_000) } });
    expect([lift, back]).toEqual(['SET max_query_size = 0', "SET max_query_size = '262144'"]);
  });
});

describe('a named session after a request', () => {
  const scope = { database: 'd', settings: { a: '1', b: '2', readonly: '2' }, params: {}, session: undefined };

  test('is what it was before', () => {
    expect(restore(scope, 'SELECT 1', { database: 'was', settings: { b: "it's" } })).toEqual([
      'SET readonly = DEFAULT',
      'USE `was`',
      "SET a = DEFAULT, b = 'it\\'s'",
    ]);
  });

  test('keeps what the statement itself has set, and only that', () => {
    const before = { database: 'was', settings: { readonly: '1' } };
    expect(restore(scope, ' use other', before)).toEqual([
      'SET readonly = DEFAULT',
      'SET a = DEFAULT, b = DEFAULT',
      "SET readonly = '1'",
    ]);
    expect(restore(scope, '/* a */ SET a = 3, readonly = 2', before)).toEqual(['USE `was`', 'SET b = DEFAULT']);
  });
});

describe('errors', () => {
  test('are read through the layers that wrap them', () => {
    const nested =
      'Code: 73. DB::Exception: Code: 73. DB::Exception: Unknown format Foo. (UNKNOWN_FORMAT) (version 26.7.2.1). (UNKNOWN_FORMAT)';
    const error = engineError(new Error(nested));
    expect(error).toMatchObject({ code: 73, type: 'UNKNOWN_FORMAT', message: 'Unknown format Foo' });
    expect(errorText(error, '26.7.2.1')).toBe(
      'Code: 73. DB::Exception: Unknown format Foo. (UNKNOWN_FORMAT) (version 26.7.2.1)\n',
    );
  });

  test('keep parentheses of their own text', () => {
    const text = 'Code: 60. DB::Exception: Unknown table (NOT_THIS) x. Maybe you meant (a)?. (UNKNOWN_TABLE)';
    expect(engineError(new Error(text))).toMatchObject({ code: 60, type: 'UNKNOWN_TABLE' });
    expect(engineError(new Error(text)).message).toBe('Unknown table (NOT_THIS) x. Maybe you meant (a)?');
  });

  test('of another kind keep their text', () => {
    expect(engineError(new Error('disk on fire'))).toMatchObject({ code: 1002, message: 'disk on fire' });
  });

  test.each([
    [60, 404],
    [62, 400],
    [516, 403],
    [159, 408],
    [48, 501],
    [241, 500],
  ])('code %i has status %i', (code, status) => {
    expect(httpStatus(code)).toBe(status);
  });
});

test.each([
  ['JSON', 'application/json; charset=UTF-8'],
  ['JSONCompactEachRow', 'application/x-ndjson; charset=UTF-8'],
  ['TSVWithNames', 'text/tab-separated-values; charset=UTF-8'],
  ['CSV', 'text/csv; charset=UTF-8; header=absent'],
  ['PrettyCompact', 'text/plain; charset=UTF-8'],
  ['Native', 'application/octet-stream'],
])('%s is sent as %s', (format, type) => {
  expect(contentType(format)).toBe(type);
});
