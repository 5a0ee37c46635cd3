import { expect, test } from 'vitest';
import type { ClickHouse } from '../../src/clickhouse/client.js';
import { askTogether, question, together } from '../../src/clickhouse/question.js';

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
