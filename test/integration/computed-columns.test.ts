import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { apply } from '../../src/cli/apply/index.js';
import { openDays, type DayProject } from '../support/day.js';
import { keyOf, lines, payment, PAYMENTS, PAYMENTS_CONFIG } from '../support/payments.js';

const DAY = '2026-06-01';
const NORMALIZED = 'sql/normalized/events.sql';

const withNet = (expression: string) =>
  (PAYMENTS[NORMALIZED] ?? '').replace(
    'note Nullable(String),',
    `note Nullable(String), net Decimal(12, 2) MATERIALIZED ${expression},`,
  );

let project: DayProject;

beforeAll(async () => {
  const files = { ...PAYMENTS, [NORMALIZED]: withNet('amount * 2') };
  project = await openDays(inject('stack'), files, PAYMENTS_CONFIG, { worker: false });
  await project.put(keyOf(DAY, 'a'), lines(payment(DAY, 'a')));
  await project.publish(DAY);
});
afterAll(() => project.close());

test('a rebuild after a MATERIALIZED column was changed gives readers its new values, and only once', async () => {
  const net = () => project.rows('SELECT net FROM events');
  expect(await net()).toEqual([{ net: 2 }]);
  await project.write(NORMALIZED, withNet('amount * 3'));
  await apply(project.app, () => undefined, ['events']);
  expect(await net()).toEqual([{ net: 2 }]);

  const { build } = await project.build(DAY, { force: true });
  const compared = (await project.attempt().compare({ build })).tables;
  expect(compared.map(({ table, equal }) => [table, equal])).toContainEqual(['events', false]);
  await project.publish(DAY, { force: true });
  expect(await net()).toEqual([{ net: 3 }]);

  const published = (await project.state(DAY)).publishes;
  await project.publish(DAY, { force: true });
  expect((await project.state(DAY)).publishes).toEqual(published);
});
