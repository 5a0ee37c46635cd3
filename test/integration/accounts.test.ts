import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { load } from '../../activities/load/index.js';
import type { Statement } from '../../src/clickhouse/statement.js';
import type { Dependencies } from '../../src/step/dependencies.js';
import { localStep } from '../../src/step/step.js';
import { openDays, type DayProject } from '../support/day.js';
import { keyOf, lines, payment, PAYMENTS, PAYMENTS_CONFIG } from '../support/payments.js';

let project: DayProject;

beforeAll(async () => {
  project = await openDays(inject('stack'), PAYMENTS, PAYMENTS_CONFIG, { worker: false });
});
afterAll(() => project.close());

/** A world in which the engine answers one number more in this field, where `beside` is in the row too, of statements that match. */
function miscounting(matching: RegExp, field: string, beside = field): Partial<Dependencies> {
  const { clickhouse } = project.app;
  const bent = (row: unknown): Record<string, unknown> => {
    const given = row as Record<string, unknown>;
    // Statements that are asked together answer each row as a text.
    if (typeof given['row'] === 'string') return { ...given, row: JSON.stringify(bent(JSON.parse(given['row']))) };
    return field in given && beside in given ? { ...given, [field]: String(Number(given[field]) + 1) } : given;
  };
  return {
    clickhouse: {
      ...clickhouse,
      rows: async <Row>(statement: Statement, options?: Parameters<typeof clickhouse.rows>[1]) => {
        const rows = await clickhouse.rows<Row>(statement, options);
        return matching.test(statement.sql) ? rows.map((row) => bent(row) as Row) : rows;
      },
    },
  };
}

test('an object whose lines do not add up fails its chunk by name and records nothing', async () => {
  const day = '2026-05-01';
  await project.put(keyOf(day, 'a'), lines(payment(day, 'a'), payment(day, 'b')));
  const { build } = await project.attempt().list({ day, force: false });
  const world = miscounting(/_fate/, 'lines', 'fate');
  await expect(project.attempt({ world }).normalize({ build, chunk: 0 })).rejects.toMatchObject({
    type: 'AccountsDiffer',
    nonRetryable: true,
    message: expect.stringContaining(
      `events: lines were lost or counted twice. Nothing is published. ${keyOf(day, 'a')}: 2 lines, but 3 rows + 0 rejected + 0 skipped + 0 blank = 3. The SELECT of `,
    ) as string,
  });
  expect(await project.manifests(day)).toEqual(new Map());
});

test.each([
  ['2026-05-02', 'a row that is loaded twice', / AS strays,/, 'rows', '3 loaded + 1 duplicates = 4'],
  ['2026-05-03', 'a duplicate that is none', / AS duplicates/, 'duplicates', '2 loaded + 2 duplicates = 4'],
])('%s: %s fails the load by name, before anything is published', async (day, _, matching, field, sum) => {
  await project.put(keyOf(day, 'a'), lines(payment(day, 'a'), payment(day, 'b'), payment(day, 'b')));
  const act = project.attempt();
  const { build } = await act.list({ day, force: false });
  await act.normalize({ build, chunk: 0 });
  const world = miscounting(matching, field);
  await expect(project.attempt({ world }).load({ build, table: 'events' })).rejects.toMatchObject({
    type: 'AccountsDiffer',
    nonRetryable: true,
    message: expect.stringMatching(
      new RegExp(
        `^events: the manifests contain 3 rows, but ${sum.replaceAll('+', String.raw`\+`)}\\. Nothing is published\\. Each row of a chunk must be loaded once .* below s3://${project.bucket}/daybook/, please report`,
      ),
    ) as string,
  });
  expect(await project.app.ledger.dayAccounts(day)).toEqual([]);
});

test('de-duplication in parts keeps the first row of a key by object and line and counts each other row once', async () => {
  const day = '2026-05-04';
  const ids = Array.from({ length: 40 }, (_, index) => `id${index}`);
  const of = (amount: number) => ids.map((id) => payment(day, id, { amount }));
  await project.put(keyOf(day, 'b'), lines(...of(3), ...of(4)));
  await project.put(keyOf(day, 'a'), lines(...of(1).slice(0, 30), ...of(2)));
  const act = project.attempt();
  const { build, todo } = await act.list({ day, force: false });
  for (let chunk = 0; chunk < todo; chunk++) await act.normalize({ build, chunk });

  const { clickhouse } = project.app;
  const parts: number[] = [];
  const counting: Dependencies['clickhouse'] = {
    ...clickhouse,
    run: async (statement, options) => {
      if (options?.what === 'load events') parts.push(1);
      return await clickhouse.run(statement, options);
    },
  };
  const world = { ...project.app.dependencies, clickhouse: counting };
  const loaded = await load(world, { build, table: 'events' }, localStep(world), { rowsPerBucket: 20 });
  expect(parts).toHaveLength(8);
  expect(loaded).toMatchObject({ rows: 40, duplicates: 110 });
  const found = await project.rows<{ id: string; amount: number; object: string }>(
    `SELECT id, toInt32(amount) AS amount, _object AS object FROM daybook_${project.name}_20260504_1.events
     WHERE day = {day:Date} ORDER BY toInt32(substring(id, 3))`,
    { day },
  );
  expect(found).toEqual(ids.map((id, index) => ({ id, amount: index < 30 ? 1 : 2, object: keyOf(day, 'a') })));
});
