import { expect, test } from 'vitest';
import type { ClickHouse } from '../../src/clickhouse/client.js';
import { allOf, askTogether, derived, question, together } from '../../src/clickhouse/question.js';
import { plainSelect, selectOf } from '../../src/clickhouse/statement.js';

test('statements that travel together keep their own parameters, also under equal names', () => {
  const one = { sql: 'SELECT count() AS rows FROM a WHERE day = {day:Date}', params: { day: '2026-01-01' } };
  const other = {
    sql: 'SELECT {day:Date} AS day, {list:Array(String)} AS list',
    params: { day: '2026-01-02', list: ['x'] },
  };
  const { sql, params } = together([one, { ...other, settings: { max_threads: 1 } }]);
  expect(sql).toContain('FROM (SELECT count() AS rows FROM a WHERE day = {q0_day:Date})');
  expect(sql).toContain('FROM (SELECT {q1_day:Date} AS day, {q1_list:Array(String)} AS list)');
  expect(params).toEqual({ q0_day: '2026-01-01', q1_day: '2026-01-02', q1_list: ['x'] });
  expect(together([one, { ...other, settings: { max_threads: 1 } }]).settings).toMatchObject({ max_threads: 1 });
});

test('a plain SELECT travels without a subquery, whatever the names of its columns', () => {
  const columns = 'count() AS rows, sum(`a\nFROM b {day:Date}`) AS hash';
  const plain = { ...selectOf(columns, 'FROM a WHERE day = {day:Date}'), params: { day: '2026-01-01' } };
  const { sql } = together([{ sql: 'SELECT 1' }, plain]);
  expect(plain.sql).toBe(`SELECT ${columns}\nFROM a WHERE day = {day:Date}`);
  expect(sql).toBe(
    "SELECT 0 AS part, formatRowNoNewline('JSONEachRow', *) AS row FROM (SELECT 1) UNION ALL " +
      `SELECT 1 AS part, formatRowNoNewline('JSONEachRow', ${columns}) AS row FROM a WHERE day = {q1_day:Date}`,
  );
});

test('a text without FROM on a line of its own is no plain SELECT', () => {
  expect(plainSelect('SELECT a, b\nFROM c\nWHERE d')).toEqual({ sql: 'SELECT a, b\nFROM c\nWHERE d', columns: 'a, b' });
  expect(() => plainSelect('SELECT a FROM b')).toThrow(RangeError);
});

test('each question gets its own rows, in their order, and a question without rows gets none', async () => {
  const answers = [
    { part: 1, row: '{"n":"3"}' },
    { part: 0, row: '{"name":"a"}' },
    { part: 1, row: '{"n":"1"}' },
  ];
  const clickhouse = { rows: () => Promise.resolve(answers) } as unknown as Pick<ClickHouse, 'rows'>;
  const found = await askTogether(clickhouse, {
    names: question({ sql: 'SELECT 1' }, (rows: readonly { name: string }[]) => rows.map(({ name }) => name)),
    numbers: question({ sql: 'SELECT 2' }, (rows: readonly { n: string }[]) => rows.map(({ n }) => Number(n))),
    none: question({ sql: 'SELECT 3' }, (rows) => rows.length),
  });
  expect(found).toEqual({ names: ['a'], numbers: [3, 1], none: 0 });
});

test('what several questions read is read once, also where one is made of others', async () => {
  const sent: string[] = [];
  const clickhouse = {
    rows: ({ sql }: { sql: string }) => {
      sent.push(sql);
      return Promise.resolve([
        { part: 0, row: '{"n":2}' },
        { part: 1, row: '{"n":5}' },
        { part: 0, row: '{"n":3}' },
      ]);
    },
  } as unknown as Pick<ClickHouse, 'rows'>;
  const numbers = (table: string, day: string) =>
    question(
      { sql: `SELECT n FROM ${table} WHERE day = {day:Date}`, params: { day } },
      (rows: readonly { n: number }[]) => rows.map(({ n }) => n),
    );
  const sum = (found: readonly number[]) => found.reduce((all, n) => all + n, 0);
  const both = allOf({ one: numbers('a', '2026-01-01'), other: numbers('b', '2026-01-01') });
  const found = await askTogether(clickhouse, {
    list: numbers('a', '2026-01-01'),
    sum: derived(numbers('a', '2026-01-01'), sum),
    both: derived(both, ({ one, other }) => sum(one) * sum(other)),
  });
  expect(found).toEqual({ list: [2, 3], sum: 5, both: 25 });
  expect(sent.join().match(/FROM a/g)).toHaveLength(1);
  expect(sent.join().match(/FROM b/g)).toHaveLength(1);
  // The same statement of another day is another question.
  expect(allOf({ one: numbers('a', '2026-01-01'), other: numbers('a', '2026-01-02') }).statements).toHaveLength(2);
});

test('a question of one statement is that statement, and one of none asks nothing', async () => {
  const sent: string[] = [];
  const clickhouse = {
    rows: ({ sql }: { sql: string }) => {
      sent.push(sql);
      return Promise.resolve([{ n: 1 }]);
    },
  } as unknown as Pick<ClickHouse, 'rows'>;
  const one = question({ sql: 'SELECT 1 AS n' }, (rows) => rows.length);
  const known = { statements: [], answer: () => 'known' };
  expect(await askTogether(clickhouse, { one, known })).toEqual({ one: 1, known: 'known' });
  expect(await askTogether(clickhouse, { known })).toEqual({ known: 'known' });
  expect(sent).toEqual(['SELECT 1 AS n']);
});
