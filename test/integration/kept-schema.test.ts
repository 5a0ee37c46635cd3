import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { z } from 'zod';
import type { ClickHouse } from '../../src/clickhouse/client.js';
import { schemaKeeper } from '../../src/project/schema/kept-schema.js';
import { exactly } from '../../src/shared/exactly.js';
import { openDays, type DayProject } from '../support/day.js';
import { PAYMENTS, PAYMENTS_CONFIG } from '../support/payments.js';

let project: DayProject;

beforeAll(async () => {
  const contract = 'sql/raw/events.sql';
  const files = {
    ...PAYMENTS,
    [contract]: (PAYMENTS[contract] ?? '').replace(', amount', " COMMENT 'unit: seconds', amount"),
  };
  project = await openDays(inject('stack'), files, PAYMENTS_CONFIG, { worker: false });
});
afterAll(() => project.close());

test('a schema that one worker has read is not read again by another one, also with units of time', async () => {
  const { clickhouse, store, project: own } = project.app;
  const scratch: string[] = [];
  const counting: ClickHouse = {
    ...clickhouse,
    run: (statement, options) => {
      if (statement.sql.startsWith('CREATE DATABASE')) scratch.push(statement.sql);
      return clickhouse.run(statement, options);
    },
  };
  const first = await schemaKeeper(counting, store)(own, undefined, { write: true });
  expect(scratch).toHaveLength(1);
  expect(first.tables.flatMap(({ columns }) => columns.flatMap(({ unit }) => unit ?? []))).toEqual(['seconds']);
  expect(await schemaKeeper(counting, store)(own, undefined, { write: true })).toEqual(first);
  expect(scratch).toHaveLength(1);
});

test('a stored form that lacks a field, or has one more, does not compile', () => {
  interface Kept {
    name: string;
    in?: { unit?: 'day' | undefined } | undefined;
  }
  const same = z.strictObject({
    name: z.string(),
    in: z.strictObject({ unit: z.enum(['day']).optional() }).optional(),
  });
  expect(exactly<Kept>()(same)).toBe(same);
  // @ts-expect-error the inner unit is missing
  exactly<Kept>()(z.strictObject({ name: z.string(), in: z.strictObject({}).optional() }));
  // @ts-expect-error an optional field is missing
  exactly<Kept>()(z.strictObject({ name: z.string() }));
  // @ts-expect-error a field is not of the type
  exactly<Kept>()(same.extend({ more: z.string().optional() }));
});
