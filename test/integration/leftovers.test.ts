import { afterAll, afterEach, beforeAll, expect, inject, test } from 'vitest';
import { openDays, type DayProject } from '../support/day.js';
import { lines, payment, paymentIds, PAYMENTS, PAYMENTS_CONFIG } from '../support/payments.js';

let project: DayProject;

beforeAll(async () => {
  project = await openDays(inject('stack'), PAYMENTS, PAYMENTS_CONFIG, { worker: false });
});
afterAll(() => project.close());
afterEach(() => project.configure({}));

const idsOf = (day: string) => paymentIds(project, day);

test('folders below the day are read; what tools leave behind or have not finished is no data', async () => {
  const day = '2026-05-01';
  for (const name of ['hour=00/a', 'hour=23/part/b', 'c'])
    await project.put(`raw/${day}/${name}.json`, lines(payment(day, name.slice(-1))));
  const leftovers = ['_temporary/0/part.json', '.c.json.crc', 'c.json.crc', 'd.json.tmp', 'hour=00/e.json._COPYING_'];
  for (const name of [...leftovers, '_SUCCESS', '_delta_log/00000000000000000000.json'])
    await project.put(`raw/${day}/${name}`, lines(payment(day, 'left')));
  const { objects, notes } = await project.attempt().list({ day, force: false });
  expect(objects).toBe(3);
  expect(notes).toEqual([
    `events: raw/${day}/_delta_log/ is the log of a table, which Daybook does not read: files that the log has removed or replaced are loaded, too`,
  ]);
  await project.publish(day);
  expect(await idsOf(day)).toEqual(['a', 'b', 'c']);
});

test('an object that a new pattern leaves out goes with its rows, and is no question', async () => {
  const day = '2026-05-02';
  for (const name of ['a.json', 'b.json', 'copy of a.json'])
    await project.put(`raw/${day}/${name}`, lines(payment(day, name)));
  await project.publish(day);
  await project.put(`raw/${day}/c.json`, lines(payment(day, 'c.json')));
  await project.configure({}, { exclude: ['copy of *'] });
  await project.publish(day);
  expect(await idsOf(day)).toEqual(['a.json', 'b.json', 'c.json']);
  expect(await project.attempt().list({ day, force: false })).toMatchObject({ outcome: 'unchanged', notes: [] });
  await project.configure({}, { include: ['c.*', 'a.*'] });
  await project.publish(day);
  expect(await idsOf(day)).toEqual(['a.json', 'c.json']);
});

test('folders named by months and days without leading zeros are those of their day', async () => {
  const day = '2026-01-05';
  await project.configure({}, { prefix: 'plain/month={M}/day={D}/of={YYYY}/' });
  await project.put('plain/month=1/day=5/of=2026/a.json', lines(payment(day, 'a')));
  await project.put('plain/month=1/day=15/of=2026/b.json', lines(payment('2026-01-15', 'b')));
  await project.publish(day);
  expect(await idsOf(day)).toEqual(['a']);
});
