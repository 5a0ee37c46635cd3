import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { workflowId } from '../../src/shared/names.js';
import { daybook, environment } from '../support/command.js';
import { diesAfterRecord } from '../support/crash.js';
import { openDays, type DayProject } from '../support/day.js';
import { SPARSE } from '../support/lookback.js';
import type { Dependencies } from '../../src/step/dependencies.js';
import { keyOf, lines, payment, paymentIds, PAYMENTS, PAYMENTS_CONFIG } from '../support/payments.js';

/*
 * Erasures beside what else happens to the days: builds that are not published yet, rollbacks, and writes that are not Daybook's. Each
 * test has a person and days of its own.
 */

let project: DayProject;
let person = '';
let persons = 0;

beforeAll(async () => {
  const { 'sql/aggregates/sparse.sql': sparse = '' } = SPARSE;
  project = await openDays(inject('stack'), { ...PAYMENTS, 'sql/aggregates/sparse.sql': sparse }, PAYMENTS_CONFIG);
  await project.configure({}, { maxRejects: 100_000 });
});
beforeEach(() => {
  person = `person-${++persons}.`;
});
afterAll(() => project.close());

const command = (...args: string[]) =>
  daybook([...args, '--project', project.app.project.dir], environment(inject('stack')));

const erase = (...more: string[]) => command('erase', '--table', 'events', '--where', `note = '${person}'`, ...more);

/** Keeps the condition as the command does, for a test that calls the activities by hand. */
const keep = async (id: string) => {
  const kept = JSON.stringify({ id, table: 'events', where: `note = '${person}'` });
  await project.app.store.write(project.bucket, `daybook/${project.name}/_erasures/${id}.json`, kept);
};

/** Stores an object with a row of the person and one of another. */
const put = (day: string, ...more: string[]) =>
  project.put(keyOf(day, 'a'), lines(payment(day, 'p', { note: person }), payment(day, 'x'), ...more));

const stages = async (day: string) =>
  (
    await project.rows<{ name: string }>('SELECT name FROM system.databases WHERE startsWith(name, {prefix:String})', {
      prefix: `daybook_${project.name}_${day.replaceAll('-', '')}_`,
    })
  ).map(({ name }) => name);

const doubled = (day: string) =>
  project.admin.run({
    sql: `INSERT INTO ${project.database}.events SELECT * FROM ${project.database}.events WHERE day = '${day}'`,
  });

test('a day that something else wrote to is not erased: it fails, and stays as it is until it is published again', async () => {
  const day = '2026-03-01';
  await put(day);
  await project.run(day);
  await doubled(day);
  const before = await project.state(day);
  const refused = await erase();
  expect(refused).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(
      /_live\.events holds 4 rows of 2026-03-01, but 2 were published: something else wrote to it.*run --day 2026-03-01 --force/s,
    ) as string,
  });
  expect(await project.state(day)).toEqual(before);
  await project.run(day, true);
  expect(await erase()).toMatchObject({ code: 0 });
  expect(await paymentIds(project, day)).toEqual(['x']);
});
