import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { addDays } from '../../src/shared/day.js';
import { plain } from '../../src/shared/sentence.js';
import { openDays, type DayProject } from '../support/day.js';
import { keyOf, lines, payment, PAYMENTS, PAYMENTS_CONFIG } from '../support/payments.js';

const SUNDAY = '2026-05-31';
const DAY = addDays(SUNDAY, -20);

let project: DayProject;

beforeAll(async () => {
  project = await openDays(inject('stack'), PAYMENTS, { ...PAYMENTS_CONFIG, lateDays: 2 }, { worker: false });
});
afterAll(() => project.close());

const put = (day: string, name: string) => project.put(keyOf(day, name), lines(payment(day, `${name} of ${day}`)));
const audit = async (day = SUNDAY) => (await project.attempt().audit({ day, failed: [] })).notes.map(plain);

test('objects that come after lateDays are reported once a week, and loaded by the command that is shown alone', async () => {
  for (const day of [DAY, addDays(DAY, 1), addDays(SUNDAY, -1)]) {
    await put(day, 'first');
    await project.publish(day);
  }
  expect(await audit()).toEqual([]);
  await put(DAY, 'late');
  await put(addDays(SUNDAY, -1), 'not late, because it is listed each night');
  expect(await audit(addDays(SUNDAY, -1))).toEqual([]);
  expect(await audit()).toEqual([
    `${DAY}: objects arrived after lateDays, and are not loaded: npx daybook backfill --start ${DAY} --end ${DAY}`,
  ]);
  await project.publish(DAY);
  expect(await audit()).toEqual([]);
});
