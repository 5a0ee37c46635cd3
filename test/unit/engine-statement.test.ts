import { describe, expect, test } from 'vitest';
import { readStatement } from '../../src/local/engine/statement.js';
import { tokens } from '../../src/local/engine/tokens.js';

const read = (sql: string) => readStatement(Buffer.from(sql));

describe('tokens', () => {
  test('leave out comments and keep quotes whole', () => {
    const sql = "SELECT 'a;''b\\'c' -- ; x\n, `d;` /* ; */ # ;\n, $x$;'$x$ FROM t";
    expect([...tokens(sql)].map(({ text }) => text)).toEqual([
      ...['SELECT', "'a;''b\\'c'", ',', '`d;`', ',', "$x$;'$x$", 'FROM', 't'],
    ]);
  });

  test('know how deep they stand', () => {
    expect([...tokens('f(a, [b])')].map(({ text, depth }) => `${text}${depth}`).join(' ')).toBe(
      'f0 (0 a1 ,1 [1 b2 ]1 )0',
    );
  });

  test('end with the text when a quote is not closed', () => {
    expect([...tokens("SELECT 'a")].map(({ text }) => text)).toEqual(['SELECT', "'a"]);
  });
});

describe('a statement', () => {
  test.each([
    ['SHOW TABLES', undefined],
    ['SHOW TABLES FORMAT JSON;', 'JSON'],
    ['EXPLAIN SELECT 1 FORMAT CSV', 'CSV'],
  ])('names its own format: %s', (sql, format) => {
    expect(read(sql)).toEqual({ kind: 'query', sql, format });
  });

  test.each([
    ['SELECT 1', 'SELECT 1', '', undefined],
    ['SELECT 1 FORMAT JSON', 'SELECT 1 ', 'FORMAT JSON', 'JSON'],
    ['SELECT 1 -- ; x\n;', 'SELECT 1', '', undefined],
    [
      'WITH 1 AS x SELECT x SETTINGS a = 1 format CSV SETTINGS b = 1; -- end',
      'WITH 1 AS x SELECT x SETTINGS a = 1 ',
      'format CSV SETTINGS b = 1',
      'CSV',
    ],
    ["SELECT 'FORMAT CSV'", "SELECT 'FORMAT CSV'", '', undefined],
    ['SELECT format FROM t', 'SELECT format FROM t', '', undefined],
    ['(SELECT ü FORMAT CSV)', '(SELECT ü FORMAT CSV)', '', undefined],
    ['(SELECT ü) UNION ALL (SELECT 2) FORMAT TSV', '(SELECT ü) UNION ALL (SELECT 2) ', 'FORMAT TSV', 'TSV'],
  ])('that selects is cut where its result may be sent elsewhere: %s', (sql, head, tail, format) => {
    expect(read(sql)).toEqual({ kind: 'select', sql, head, tail, format });
  });

  test('writes no files', () => {
    expect(() => read("SELECT 1 INTO OUTFILE 'x' FORMAT CSV")).toThrow('INTO OUTFILE is not allowed');
    expect(read('SELECT outfile AS into FROM t').kind).toBe('select');
  });

  test('stands alone', () => {
    expect(() => read('SELECT 1; SELECT 2')).toThrow('Multi-statements are not allowed');
    expect(() => read("INSERT INTO t VALUES (1, ';'); DROP TABLE t")).toThrow('Multi-statements');
    expect(() => read('INSERT INTO t SELECT 1; DROP TABLE t')).toThrow('Multi-statements');
    expect(() => read(' -- nothing')).toThrow('Empty query');
    expect(read('SELECT 1; -- the end').kind).toBe('select');
  });

  test('that kills does not wait, and its text is otherwise untouched', () => {
    const sql = "KILL QUERY WHERE query = 'ü SYNC' SYNC FORMAT JSON";
    expect(read(sql)).toMatchObject({ sql: "KILL QUERY WHERE query = 'ü SYNC' ASYNC FORMAT JSON" });
    expect(read('SYSTEM SYNC REPLICA t')).toMatchObject({ sql: 'SYSTEM SYNC REPLICA t' });
  });
});

describe('an INSERT', () => {
  test.each([
    ['INSERT INTO t FORMAT CSV', 'INSERT INTO t ', '', 'CSV', ''],
    [
      'insert into d.`t;` (a, `b`) format JSONEachRow\n{"a":1}',
      'insert into d.`t;` (a, `b`) ',
      '',
      'JSONEachRow',
      '{"a":1}',
    ],
    ['INSERT INTO t SETTINGS x = 1, y = 2 FORMAT TSV \n\t1', 'INSERT INTO t ', 'SETTINGS x = 1, y = 2 ', 'TSV', '\t1'],
    ['INSERT INTO t (* EXCEPT(a)) VALUES', 'INSERT INTO t (* EXCEPT(a)) ', '', 'Values', ''],
    ['INSERT INTO {t:Identifier}.values FORMAT CSV', 'INSERT INTO {t:Identifier}.values ', '', 'CSV', ''],
    ['INSERT INTO format FORMAT CSV', 'INSERT INTO format ', '', 'CSV', ''],
    [
      "INSERT INTO FUNCTION file('a', 'CSV') PARTITION BY x FORMAT CSV",
      "INSERT INTO FUNCTION file('a', 'CSV') PARTITION BY x ",
      '',
      'CSV',
      '',
    ],
    ['INSERT INTO tä (ö)', 'INSERT INTO tä (ö)', '', 'Values', ''],
  ])('whose rows follow is split: %s', (sql, into, options, format, data) => {
    const statement = read(sql);
    expect(statement).toMatchObject({ kind: 'load', into, options, format });
    expect(statement.kind === 'load' && statement.data.toString()).toBe(data);
  });

  test.each([
    "INSERT INTO t VALUES (1, now(), {x:String}, ';')",
    'INSERT INTO t (a) SELECT 1',
    'INSERT INTO t (SELECT 1)',
    'INSERT INTO t (a) WITH 1 AS x SELECT x',
    "INSERT INTO t FROM INFILE 'x' FORMAT CSV",
  ])('that holds or names its rows stays whole: %s', (sql) => {
    expect(read(sql)).toEqual({ kind: 'insert', sql });
  });

  test('keeps binary rows byte for byte', () => {
    const rows = Buffer.from([10, 32, 0, 255, 59, 39]);
    const statement = readStatement(Buffer.concat([Buffer.from('INSERT INTO t FORMAT RowBinary\n'), rows]));
    expect(statement.kind === 'load' && statement.data.equals(rows)).toBe(true);
  });

  test('whose format ends with a semicolon is refused, for the rows would begin with it', () => {
    expect(() => read('INSERT INTO t FORMAT CSV;\n1')).toThrow("found ';'");
  });
});
